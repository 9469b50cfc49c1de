"""Whether the answer is JSON that fits a schema."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from rewards.columns import Role
from rewards.errors import InputError
from rewards.extraction.code_blocks import TooManyFencesError, find_blocks
from rewards.extraction.stated import UNFINISHED
from rewards.extraction.tags import last_tagged
from rewards.extras import require_package
from rewards.limited import JudgedApart, Task
from rewards.sample import Sample
from rewards.text.shorten import shown
from rewards.text.strict_json import parse_strictly
from rewards.verdict import Status, Verdict

_RECURSION = 8_000


@dataclass(frozen=True, kw_only=True)
class JsonSchema(JudgedApart):
    r"""1.0 when the answer is JSON that is valid under a JSON Schema, else 0.0.

    The answer is the last closed code fence after the reasoning; without a fence, the last
    `<answer>`; else the text from the first bracket to the end. A fence tagged with another
    language than json is not JSON.

    JSON is taken strictly (RFC 8259): `NaN` and `Infinity`, a key that comes twice in one object,
    more than 100 levels of nesting, comments and trailing commas are no JSON. Parsing and checking
    happen in a process with CPU and memory limits: a schema's `pattern` or `uniqueItems` can take
    very long on a completion made for it. `$ref` never fetches anything: references stay inside the
    schema. `format` is an annotation, as the standard has it, and not checked.

    Needs the package jsonschema: `pip install 'rlvr[extra]'`.

    Attributes:
        schema: the schema as a mapping or as JSON text; `None` reads each row's own (columns
            `schema`, `json_schema`, `response_schema`). Draft 2020-12 unless it names another.
        cpu_s, memory_mb: limits for one completion, see `JudgedApart`.

    >>> person = JsonSchema(schema={"type": "object", "required": ["name"]})
    >>> person.verify('Here: {"name": "Ada"}').score
    1.0
    >>> person.verify('{"age": 36}').reason
    "at the top: 'name' is a required property"

    Raises:
        InputError: the schema is neither a mapping nor JSON text, or not a valid schema.
        MissingExtraError: jsonschema is not installed.
    """

    name: str = "json_schema"
    schema: Mapping[str, Any] | str | None = None

    role: ClassVar[Role | None] = Role.SCHEMA
    function: ClassVar[str] = "rewards.rules.json_schema:check_json"
    preload: ClassVar[tuple[str, ...]] = ("jsonschema",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.schema is None:
            return
        text, flaw = _schema_text(self.schema)
        require_package("jsonschema", needed_by=self.name)
        if flaw := flaw or _schema_flaw(text):
            raise InputError(flaw)
        object.__setattr__(self, "schema", text)  # hashable, as every reward

    def default_reference(self) -> object:
        """The schema given as an option."""
        return self.schema

    def warm_up(self) -> None:
        """Start the workers now; see `JudgedApart.warm_up`."""
        require_package("jsonschema", needed_by=self.name)
        super().warm_up()

    def judge_many(self, samples: Any) -> list[Verdict]:
        """Judge samples, in order; see `JudgedApart.judge_many`."""
        require_package("jsonschema", needed_by=self.name)
        return super().judge_many(samples)

    def prepare(self, sample: Sample) -> Task | Verdict:
        """The schema and the JSON text."""
        schema, flaw = _schema_text(sample.reference)
        if flaw:
            return Verdict(None, Status.BAD_REFERENCE, reason=flaw)
        part = sample.answer_part()
        if part is None:
            return Verdict(0.0, Status.NO_ANSWER, expected=shown(schema), reason=UNFINISHED)
        text, why = _json_text(part)
        if text is None:
            return Verdict(0.0, Status.NO_ANSWER, expected=shown(schema), reason=why)
        return Task([schema, text], shown(text), shown(schema))


def _json_text(part: str) -> tuple[str | None, str]:
    """The JSON of an answer, or why there is none."""
    try:
        blocks = find_blocks(part)
    except TooManyFencesError as flood:
        return None, str(flood)
    if blocks:
        if blocks[-1].tag not in {"", "json", "jsonc", "json5"}:
            return None, f"the last code fence holds {blocks[-1].tag}, not JSON"
        return blocks[-1].source, ""
    tagged = last_tagged(part)
    if tagged is not None:
        return tagged, ""
    start = min((at for mark in "{[" if (at := part.find(mark)) >= 0), default=-1)
    if start < 0:
        bare = part.strip()
        return (bare, "") if bare else (None, "no JSON after the reasoning")
    return part[start:], ""


def check_json(schema: str, text: str) -> list[str]:
    """Parse a text and check it against a schema; runs in a worker.

    >>> check_json('{"type": "integer"}', "3")
    ['correct', 'valid under the schema']
    """
    import jsonschema

    if flaw := _schema_flaw(schema):
        return ["bad_reference", flaw]
    try:
        value = parse_strictly(text)
    except ValueError as error:
        return ["bad_format", f"no JSON: {error}"]
    # Validating one level of nesting takes a dozen calls, and `MAX_DEPTH` levels are JSON.
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        worst = jsonschema.exceptions.best_match(_validator(schema).iter_errors(value))
    except RecursionError:
        return ["bad_reference", "the schema refers to itself without end"]
    except Exception as failure:  # noqa: BLE001 - a `$ref` that leads nowhere, by several names
        return ["bad_reference", f"the schema cannot be used: {failure}"]
    finally:
        sys.setrecursionlimit(limit)
    if worst is None:
        return ["correct", "valid under the schema"]
    where = "at the top" if not worst.absolute_path else f"at {worst.json_path}"
    return ["wrong", f"{where}: {shown(worst.message, 300)}"]


def _schema_text(schema: object) -> tuple[str, str]:
    """A schema as JSON text, and what is wrong with it, or ""."""
    import json

    if isinstance(schema, str):
        return schema, "" if schema.strip() else "the schema is empty"
    if not isinstance(schema, Mapping):
        return "", f"a schema is a mapping or JSON text, not {type(schema).__name__}"
    try:
        kept = _without_none(schema) if _is_filled(schema) else schema
        return json.dumps(kept, sort_keys=True, allow_nan=False), ""
    except (TypeError, ValueError, RecursionError) as error:
        return "", f"the schema is no JSON: {error}"


# Keywords that may have null for a value; `null` means nothing to any other.
_MAY_BE_NULL = frozenset({"const", "default", "examples"})
_ANNOTATIONS = frozenset({"title", "description", "$comment"})


def _is_filled(value: object) -> bool:
    """Whether a dataset has filled the keys that a row does not have with `None`."""
    if isinstance(value, Mapping):
        return any(
            (item is None and key not in _MAY_BE_NULL) or _is_filled(item)
            for key, item in value.items()
        )
    return isinstance(value, list | tuple) and any(map(_is_filled, value))


def _without_none(value: object) -> object:
    """A filled schema without what was filled in; a `const: null` that stands alone was meant."""
    if isinstance(value, Mapping):
        kept = {key: _without_none(item) for key, item in value.items() if item is not None}
        if "const" in value and value["const"] is None and not kept.keys() - _ANNOTATIONS:
            kept["const"] = None
        return kept
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _schema_flaw(schema: str) -> str:
    """Why a schema cannot be used, or ""."""
    import jsonschema

    try:
        value = parse_strictly(schema)
        if not isinstance(value, dict | bool):
            return f"a schema is a JSON object, not {shown(schema, 60)}"
        jsonschema.validators.validator_for(
            value, default=jsonschema.Draft202012Validator
        ).check_schema(value)
    except (ValueError, TypeError, RecursionError, jsonschema.SchemaError) as error:
        said = getattr(error, "message", None) or str(error)
        return f"the schema is not usable: {shown(said, 300)}"
    return ""


def _validator(schema: str) -> Any:
    import jsonschema
    import referencing  # comes with jsonschema

    value: Any = parse_strictly(schema)
    kind = jsonschema.validators.validator_for(value, default=jsonschema.Draft202012Validator)
    # With a registry of our own a `$ref` is never fetched from the network.
    return kind(value, registry=referencing.Registry())


json_schema = JsonSchema()
