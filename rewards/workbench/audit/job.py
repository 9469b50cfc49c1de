"""A file of rows audited: what was found, how often, where, and what becomes of each row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

from rewards.columns import CHOICE_COLUMNS, Role, columns_for, missing_column
from rewards.errors import DataFileError
from rewards.text.shorten import shorten
from rewards.workbench.audit.programs import audit_tests
from rewards.workbench.audit.references import (
    Audited,
    Fate,
    Finding,
    audit_choice,
    audit_reference,
    same_reference,
)
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import parse_row
from rewards.workbench.rows.whole_output import WholeOutput
from rewards.workbench.scoring.row_columns import paths_of, with_paths
from rewards.workbench.scoring.written_verdicts import dump_row

SHOWN_ROWS = 20
_SHOWN_CHARS = 160
_REMEMBERED_PROMPTS = 2_000_000
COLUMN = "audit"


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row in which something was found: its line, its reference, why, and how it was read."""

    line: int
    reference: str
    why: str
    reads_as: str


@dataclass
class Audit:
    """What an audit found.

    Attributes:
        input: the file.
        rows: how many rows could be read.
        broken: how many could not.
        empty: how many have no reference.
        fates: rows kept, mended, set aside.
        counts: by finding, in how many rows it came up.
        shown: by finding, the first rows.
        columns: the column that was read first for each role.
        notes: what a user should know.
    """

    input: Path
    rows: int = 0
    broken: int = 0
    empty: int = 0
    fates: Counter[Fate] = field(default_factory=Counter)
    counts: Counter[Finding] = field(default_factory=Counter)
    shown: dict[Finding, list[FoundRow]] = field(default_factory=dict)
    columns: dict[str, str | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def share_for_rules(self) -> float | None:
        """The share of rows that a rule can judge; `None` where there are none."""
        if not self.rows:
            return None
        return (self.fates[Fate.KEPT] + self.fates[Fate.MENDED]) / self.rows

    def read(self, columns: Mapping[Role, str | None]) -> None:
        """Note which columns a row was read from."""
        for role, name in columns.items():
            if name is not None:
                self.columns.setdefault(role.value, name)

    def add(self, line: int, reference: object, audited: Audited) -> None:
        """Count one row."""
        self.rows += 1
        self.fates[audited.fate] += 1
        for finding, why in audited.findings.items():
            self.counts[finding] += 1
            rows = self.shown.setdefault(finding, [])
            if len(rows) < SHOWN_ROWS:
                text = shorten(str(reference), _SHOWN_CHARS)
                rows.append(FoundRow(line, text, shorten(why, _SHOWN_CHARS), audited.reads_as))

    def to_dict(self) -> dict[str, object]:
        """The audit as plain JSON."""
        return {
            "input": str(self.input),
            "rows": self.rows,
            "broken": self.broken,
            "empty": self.empty,
            "share_for_rules": self.share_for_rules,
            "columns": dict(self.columns),
            "fates": {fate.value: self.fates[fate] for fate in Fate},
            "findings": {
                finding.value: {
                    "rows": self.counts[finding],
                    "first": [
                        {
                            "line": row.line,
                            "reference": row.reference,
                            "why": row.why,
                            "reads_as": row.reads_as,
                        }
                        for row in self.shown[finding]
                    ],
                }
                for finding in Finding
                if self.counts[finding]
            },
            "notes": list(self.notes),
        }


def audit_file(  # noqa: PLR0913 - one for each thing a user may say
    path: Path,
    *,
    reference_column: str | None = None,
    prompt_column: str | None = None,
    output: Path | None = None,
    set_aside: Path | None = None,
    overwrite: bool = False,
    run_tests: bool = False,
    on_row: Callable[[int], None] | None = None,
) -> Audit:
    """Look at every reference of a file.

    Args:
        path: anything that `rlvr score` reads; completions are not needed.
        reference_column: the column with the references, if not one of the usual names.
        prompt_column: the same for prompts.
        output: where every row goes with what was found (`audit`), references mended.
        set_aside: where the rows go that are set aside, instead of into the output.
        overwrite: replace the outputs if they are there.
        run_tests: run the tests of rows of programs in the sandbox, a dozen programs a row.
        on_row: called with the number of rows so far.

    Raises:
        InputError: two of the files are one.
        DataFileError: the file cannot be read, holds no row, or an output cannot be written.
        MissingColumnError: no column holds references.
    """
    audit = Audit(path)
    rows = _audited_rows(audit, reference_column, prompt_column, on_row, run_tests=run_tests)
    with ExitStack() as opened:
        written: dict[Path, WholeOutput] = {}
        for place in (output, set_aside):
            if place is not None:
                whole = WholeOutput(place, overwrite=overwrite, inputs=[path, *written])
                written[place] = opened.enter_context(whole)
        for row, fate in rows:
            place = output if fate is not Fate.SET_ASIDE or set_aside is None else set_aside
            if place is not None:
                written[place].write(dump_row(row))
    audit.notes = (*audit.notes, *(note for whole in written.values() for note in whole.notes))
    return audit


def _audited_rows(
    audit: Audit,
    reference_column: str | None,
    prompt_column: str | None,
    on_row: Callable[[int], None] | None,
    *,
    run_tests: bool,
) -> Iterator[tuple[dict[str, object], Fate]]:
    """Every row that could be read, with what was found about it, and what becomes of it."""
    prompts: dict[bytes, tuple[int, object]] = {}
    paths = paths_of([reference_column, prompt_column])
    with open_rows(audit.input) as reader:
        if reader.recognised:
            audit.notes = (*audit.notes, f"{audit.input} is read as {reader.recognised}")
        for number, raw in enumerate(reader, 1):
            if on_row is not None:
                on_row(number)
            row = parse_row(raw)
            if isinstance(row, str):
                audit.broken += 1
                continue
            row = with_paths(row, paths)
            if COLUMN in row:
                raise DataFileError(f"{audit.input}: has a column {COLUMN!r}; rename it first")
            prompt = _filled(row, Role.PROMPT, prompt_column)
            asked = None if prompt is None else row[prompt]
            tests = None if reference_column else _filled(row, Role.TESTS, None)
            column = tests or _filled(row, Role.REFERENCE, reference_column)
            audit.read(
                {Role.REFERENCE: None if tests else column, Role.TESTS: tests, Role.PROMPT: prompt}
            )
            if column is None:
                audit.empty += 1
                audited = Audited({Finding.UNUSABLE: "no reference"})
                yield {**row, COLUMN: _written(audited)}, audited.fate
                continue
            if tests is not None:
                audited = audit_tests(row[tests], row, prompt=asked, run=run_tests)
            else:
                audited = _audited(row, row[column])
                if asked is not None:
                    audited = _compared(audited, prompts, raw.line, asked, row[column])
            audit.add(raw.line, row[column], audited)
            changed = {column: audited.mended} if audited.fate is Fate.MENDED else {}
            yield {**row, **changed, COLUMN: _written(audited)}, audited.fate
    if not audit.rows:
        raise missing_column(
            Role.REFERENCE, [], needed_by=str(audit.input), column=reference_column
        )


def _audited(row: Mapping[str, object], reference: object) -> Audited:
    """What is to be said about a reference, and about the choices that it is to name."""
    audited = audit_reference(reference)
    choices = next((row[name] for name in CHOICE_COLUMNS if row.get(name)), None)
    if why := audit_choice(reference, choices):
        return replace(audited, findings={**audited.findings, Finding.NO_SUCH_CHOICE: why})
    return audited


def _filled(row: Mapping[str, object], role: Role, named: str | None) -> str | None:
    """The first column that may fill a role and is not empty."""
    columns = columns_for(role, row, column=named)
    return next((name for name in columns if row[name] is not None and row[name] != ""), None)


def _compared(
    audited: Audited,
    prompts: dict[bytes, tuple[int, object]],
    line: int,
    prompt: object,
    reference: object,
) -> Audited:
    """With what an earlier row of the same prompt says."""
    text = prompt if isinstance(prompt, str) else json.dumps(prompt, sort_keys=True)
    key = blake2b(" ".join(text.split()).encode("utf-8", "replace"), digest_size=16).digest()
    before = prompts.get(key)
    if before is None:
        if len(prompts) < _REMEMBERED_PROMPTS:
            prompts[key] = line, reference
        return audited
    where, other = before
    if reference == other or same_reference(other, reference):
        more = {Finding.REPEATED: f"line {where} has the same prompt and reference"}
    else:
        more = {Finding.CONTRADICTED: f"line {where} says {str(other)[:80]!r}"}
    return replace(audited, findings={**audited.findings, **more})


def _written(audited: Audited) -> dict[str, object]:
    return {
        "fate": audited.fate.value,
        "findings": {finding.value: why for finding, why in audited.findings.items()},
        "reads_as": audited.reads_as,
    }
