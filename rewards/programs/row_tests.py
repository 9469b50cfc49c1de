"""Reading a row's tests: the shapes that datasets of programming problems use, as one.

Not covered: what the tests mean to a sandbox; this module knows shapes only.

Shapes: assert statements (a list, or one source); source with `check(candidate)` and an entry
point (HumanEval, LeetCode), test functions (pytest) or classes (unittest); stdin and stdout pairs;
function cases with arguments and an expected value; `inputs` / `outputs` with or without `fn_name`
(APPS, TACO, code contests); public, private and generated tests together; any of these as JSON or
Python-literal text, packed (LiveCodeBench), or as a mapping that holds them beside `entry_point`.
Cases with a `checker` (source that defines `check(given, expected, answer)`) need nothing expected.

Values keep their type. Only where a case's arguments are text (one JSON value a line, or
`nums = [1, 2], k = 3`) is its expected text decoded too; where every answer of a row of `inputs` /
`outputs` is a list of one, the row wraps its answers (APPS) and they are taken out.

What stands outside of the tests (a column, an option) wins over the same thing within.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rewards.errors import InputError
from rewards.programs.facts import ENTRY_NAMES, Facts, read_facts, records_of
from rewards.programs.given_source import only_defines, split_prompt
from rewards.programs.literals import assignments, json_or_text, parsed, value_or_text
from rewards.programs.program_tests import FunctionCase, ProgramTests, StdinCase

FAMILY_NAMES = (
    "public_tests", "private_tests", "generated_tests", "public_test_cases", "private_test_cases",
    "generated_test_cases", "hidden_tests", "hidden_test_cases",
)  # fmt: skip
_PUBLIC = frozenset({"public_tests", "public_test_cases"})
_TEST_NAMES = (
    "tests", "test_cases", "test", "input_output", "test_list", "testcases", "cases",
    "assert_case", "asserts", "unit_tests", "official_tests", "ground_truth", "verification_info",
)  # fmt: skip
_INPUT_NAMES = ("input", "inputs", "stdin", "args", "arguments")
_OUTPUT_NAMES = ("output", "outputs", "expected", "expected_output", "stdout", "result", "answer")
_TYPED_NAMES = frozenset({"args", "arguments", "kwargs", "expected"})


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a row says about its tests beside the tests themselves.

    `cells` holds further columns by name; the named fields win over them.
    """

    entry: str | None = None
    prompt: object = None
    setup: str | None = None
    language: str | None = None
    checker: str | None = None
    cells: Mapping[str, object] = field(default_factory=dict)


def read_tests(value: object, row: Row) -> ProgramTests:
    """The tests in a cell.

    >>> read_tests('["assert f(1) == 2"]', Row()).asserts
    ('assert f(1) == 2',)
    >>> read_tests({"inputs": ["1"], "outputs": ["2"]}, Row()).prints[0].expected
    '2'

    Raises:
        InputError: no shape fits, or nothing is expected; the message says what was seen.
    """
    whole = _with_its_family(value, row.cells)
    content = parsed(whole)
    within = content if isinstance(content, Mapping) else {}
    named = {"entry_point": row.entry, "test_setup_code": row.setup, "checker": row.checker}
    facts = read_facts(named, row.cells, within)
    prompt = row.prompt if row.prompt is not None else within.get("prompt")
    tests = _read(content, facts.entry)
    tests = _settled(tests, has_checker=bool(facts.checker))
    if facts.checker and tests.asserts:
        raise InputError("a checker judges answers; assert statements judge themselves")
    helpers, stub = split_prompt(prompt, tests.entry)
    prelude = "\n".join(filter(None, (facts.imports, helpers)))
    setup = facts.setup or ""
    asserts, trusted = tests.asserts, setup
    if setup and asserts and not only_defines(setup):
        # It makes objects of the program's own classes (MBPP): it can only run with the tests.
        asserts = (f"{setup}\n{asserts[0]}", *asserts[1:])
        trusted = ""
    shown = records_of(setup) if setup else ""
    return replace(
        tests,
        asserts=asserts,
        prelude="\n".join(filter(None, (prelude, shown))),
        setup=trusted if asserts else "",
        stub=stub,
        checker=facts.checker,
        in_place=_in_place(facts, prompt),
        facts=facts,
    )


def _with_its_family(value: object, cells: Mapping[str, object]) -> object:
    """The tests together with those in columns beside them: private and generated ones."""
    names = [name for name in FAMILY_NAMES if cells.get(name) is not None]
    if not any(_same_cell(cells[name], value) for name in names):
        return value
    return {name: cells[name] for name in names}


def _same_cell(cell: object, value: object) -> bool:
    """Whether two cells are one: rows that were copied hold equal cells, not the same."""
    if cell is value:
        return True
    try:
        return type(cell) is type(value) and bool(cell == value)
    except (ValueError, RecursionError):  # arrays of a data frame
        return False


def _in_place(facts: Facts, prompt: object) -> bool:
    if facts.in_place is not None:
        return facts.in_place
    if prompt is None:
        return True
    text = prompt if isinstance(prompt, str) else str(prompt)[:200_000]
    return re.search(r"in[- ]?place|-> None|return nothing|modif(?:y|ies)", text) is not None


def _settled(tests: ProgramTests, *, has_checker: bool) -> ProgramTests:
    """Answers taken out of their wrapping, and each case seen to expect something."""
    cases = tests.functions
    wrapped = bool(cases) and all(
        case.wraps and isinstance(case.expected, list) and len(case.expected) == 1
        for case in cases
    )  # fmt: skip
    if wrapped:
        cases = tuple(replace(case, expected=case.expected[0]) for case in cases)  # type: ignore[index]
    every: tuple[FunctionCase | StdinCase, ...] = (*cases, *tests.prints)
    for number, case in enumerate(every, 1):
        if not case.has_expected and not has_checker:
            raise InputError(f"test {number} expects nothing: anything, or silence, would pass it")
    typed = any(case.typed for case in cases)
    loose = not any(case.kwargs and not case.from_text for case in cases)
    return replace(tests, functions=cases, json_keys=not typed, loose=loose)


def _read(value: object, entry: str | None) -> ProgramTests:
    if isinstance(value, str):
        return ProgramTests(asserts=(value,), entry=entry)
    if isinstance(value, Mapping):
        return _read_mapping(value, entry)
    if isinstance(value, Sequence) and value:
        return _read_list(list(value), entry)
    raise InputError(f"cannot read tests out of {_seen(value)}")


def _read_mapping(value: Mapping[str, object], entry: str | None) -> ProgramTests:
    entry = entry or read_facts(value).entry
    family = [name for name in FAMILY_NAMES if _is_filled(value.get(name))]
    if family:
        contents = {name: parsed(value[name]) for name in family}
        filled = {name: content for name, content in contents.items() if not _is_empty(content)}
        if not filled:
            raise InputError("there are no tests")
        parts = [_read(content, entry) for content in filled.values()]
        return replace(_together(parts, entry), public_only=_PUBLIC.issuperset(filled))
    for name in _TEST_NAMES:
        if _is_filled(value.get(name)):
            inner = _read(parsed(value[name]), entry)
            return replace(inner, entry=inner.entry or entry)
    return _read_columns(value, entry)


def _read_columns(value: Mapping[str, object], entry: str | None) -> ProgramTests:
    """Tests that a mapping holds as a list of inputs and a list of outputs, or as one case."""
    if not _names_in(value, (*_INPUT_NAMES, *_OUTPUT_NAMES)):
        raise InputError(f"cannot read tests out of a mapping with the keys {sorted(value)}")
    inputs, outputs = _first(value, _INPUT_NAMES), _first(value, _OUTPUT_NAMES)
    inputs, outputs = (v.tolist() if hasattr(v, "tolist") else v for v in (inputs, outputs))
    if isinstance(inputs, list) and outputs is None:
        if not inputs:
            raise InputError("there are no tests")
        outputs = [_NOTHING] * len(inputs)
    if not isinstance(inputs, list) or not isinstance(outputs, list):
        return _read_list([value], entry)
    if len(inputs) != len(outputs):
        raise InputError(f"{len(inputs)} inputs for {len(outputs)} outputs")
    if not inputs:
        raise InputError("there are no tests")
    if entry:
        pairs = zip(inputs, outputs, strict=True)
        cases = tuple(_apps_case(arguments, expected) for arguments, expected in pairs)
        return ProgramTests(functions=cases, entry=entry)
    printed = zip(inputs, outputs, strict=True)
    return ProgramTests(prints=tuple(_stdin_case(given, wanted) for given, wanted in printed))


_NOTHING = object()  # nothing is expected, which a checker may make up for


def _together(parts: Sequence[ProgramTests], entry: str | None) -> ProgramTests:
    whole = ProgramTests(
        functions=tuple(case for part in parts for case in part.functions),
        prints=tuple(case for part in parts for case in part.prints),
        asserts=tuple(test for part in parts for test in part.asserts),
        entry=entry or next((part.entry for part in parts if part.entry), None),
    )
    if sum(map(bool, (whole.functions, whole.prints, whole.asserts))) != 1:
        raise InputError("some of the tests call a function and some read stdin")
    return whole


def _apps_case(arguments: object, expected: object) -> FunctionCase:
    from_text = isinstance(arguments, str)
    if isinstance(arguments, str):
        return _text_case(arguments, expected)
    given = tuple(arguments) if isinstance(arguments, list | tuple) else (arguments,)
    return FunctionCase(
        args=given,
        expected=None if expected is _NOTHING else expected,
        has_expected=expected is not _NOTHING,
        from_text=from_text,
        wraps=True,
    )


def _text_case(given: str, expected: object) -> FunctionCase:
    """A case whose arguments are text: assignments, or one JSON value a line."""
    named = assignments(given)
    lines = [] if named is not None else [line for line in given.splitlines() if line.strip()]
    return FunctionCase(
        args=tuple(json_or_text(line) for line in lines),
        kwargs=named or {},
        expected=None if expected is _NOTHING else _decoded(expected),
        has_expected=expected is not _NOTHING,
        from_text=True,
    )


def _decoded(expected: object) -> object:
    return value_or_text(expected) if isinstance(expected, str) else expected


def _read_list(items: list[object], entry: str | None) -> ProgramTests:
    # Texts are asserts (MBPP), unless each is JSON for a case (TACO, some parquet copies).
    if all(isinstance(item, str) for item in items):
        texts = tuple(str(item) for item in items if str(item).strip())
        if not texts:
            raise InputError("the tests are empty")
        if all(text.lstrip()[:1] in "[{" for text in texts):
            return _read_list([parsed(text) for text in texts], entry)
        return ProgramTests(asserts=texts, entry=entry)
    # Pairs are input and output.
    if all(isinstance(item, list | tuple) and len(item) == 2 for item in items):
        items = [{"input": item[0], "output": item[1]} for item in items]  # type: ignore[index]
    if not all(isinstance(item, Mapping) for item in items):
        raise InputError(f"cannot read tests out of a list of {_seen(items[0])}")
    cases = [_case(item, entry) for item in items if isinstance(item, Mapping)]
    for item in items:
        named = read_facts(item).entry if isinstance(item, Mapping) else None
        entry = entry or named
    functions = tuple(case for case in cases if isinstance(case, FunctionCase))
    prints = tuple(case for case in cases if isinstance(case, StdinCase))
    if functions and prints:
        raise InputError("some cases call a function and some read stdin")
    return ProgramTests(functions=functions, prints=prints, entry=entry)


def _case(item: Mapping[str, object], entry: str | None) -> FunctionCase | StdinCase:
    given = _first(item, _INPUT_NAMES)
    expected: object = _NOTHING
    if _names_in(item, _OUTPUT_NAMES):
        expected = _first(item, _OUTPUT_NAMES)
    if isinstance(given, Mapping) and "stdin" in given:
        given = given["stdin"]
    if isinstance(expected, Mapping) and "stdout" in expected:
        expected = expected["stdout"]
    kind = str(item.get("type") or item.get("testtype") or "").lower()
    named = any(isinstance(item.get(name), str) and item.get(name) for name in ENTRY_NAMES)
    calls = "args" in item or "kwargs" in item or "func" in kind or named
    if calls or (entry and "std" not in kind and "stdin" not in item):
        return _function_case(item, given, expected)
    if given is None and expected in {None, _NOTHING}:
        raise InputError(f"a case with the keys {sorted(item)} has no input and no output")
    return _stdin_case(given, expected)


def _function_case(item: Mapping[str, object], given: object, expected: object) -> FunctionCase:
    kwargs = item.get("kwargs")
    named = dict(kwargs) if isinstance(kwargs, Mapping) else {}
    if isinstance(given, str) and not named:
        return _text_case(given, expected)
    typed = not _TYPED_NAMES.isdisjoint(item)
    if isinstance(given, Mapping):
        named |= dict(given)
        given = []
    args = tuple(given) if isinstance(given, list | tuple) else () if given is None else (given,)
    return FunctionCase(
        args=args,
        kwargs=named,
        expected=None if expected is _NOTHING else expected,
        has_expected=expected is not _NOTHING,
        wraps=not typed,
        typed=typed,
    )


def _stdin_case(given: object, expected: object) -> StdinCase:
    has_expected = expected is not _NOTHING and expected is not None
    wanted = _lines(expected) if has_expected else ""
    return StdinCase(stdin=_lines(given), expected=wanted, has_expected=has_expected)


def _lines(value: object) -> str:
    """Text as a file holds it: lines of a list each end in a newline, as a file's last does too."""
    if isinstance(value, list | tuple):
        lines = [str(line).replace("\r\n", "\n") for line in value]
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    return "" if value is None else str(value).replace("\r\n", "\n")


def _first(mapping: Mapping[str, object], names: Sequence[str]) -> object:
    return next((mapping[name] for name in names if mapping.get(name) is not None), None)


def _names_in(mapping: Mapping[str, object], names: Sequence[str]) -> bool:
    return any(name in mapping for name in names)


def _is_filled(value: object) -> bool:
    if value is None:
        return False
    return len(value) > 0 if hasattr(value, "__len__") else bool(value)


def _is_empty(content: object) -> bool:
    """Whether a group of tests has none: CodeContests has such beside others that have."""
    if isinstance(content, Mapping):
        return all(not _is_filled(part) for part in content.values())
    return not _is_filled(content)


def _seen(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text[:80]}"
