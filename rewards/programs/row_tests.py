"""Reading a row's tests: the shapes that datasets of programming problems use, as one.

Not covered: what the tests mean to a sandbox; this module knows shapes only.

Shapes: assert statements (a list, or one source); source with `check(candidate)` and an entry
point (HumanEval, LeetCode); stdin and stdout pairs; function cases with arguments and an expected
value; `inputs` / `outputs` with or without `fn_name` (APPS, TACO, code contests); any of these as
JSON or Python-literal text, or as a mapping that holds them beside `entry_point`. Cases with a
`checker` (source that defines `check(given, expected, answer)`) need nothing expected.

What stands outside of the tests (a column, an option) wins over the same thing within.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rewards.errors import InputError

_LITERAL_MAX = 20_000_000
_ENTRY_NAMES = ("entry_point", "fn_name", "func_name", "function_name", "entry", "method_name")
_TEST_NAMES = (
    "tests", "test_cases", "test", "input_output", "public_tests", "test_list", "testcases",
    "cases", "assert_case", "asserts", "private_tests", "unit_tests",
)  # fmt: skip
_SETUP_NAMES = ("test_setup_code", "test_setup", "prelude")
_INPUT_NAMES = ("input", "inputs", "stdin", "args", "arguments")
_OUTPUT_NAMES = ("output", "outputs", "expected", "expected_output", "stdout", "result", "answer")


@dataclass(frozen=True, kw_only=True)
class FunctionCase:
    """Arguments, and what the function must return."""

    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)
    expected: object = None


@dataclass(frozen=True, kw_only=True)
class StdinCase:
    """What a program reads, and what it must print."""

    stdin: str
    expected: str


@dataclass(frozen=True, kw_only=True)
class ProgramTests:
    """A row's tests in one shape: exactly one of the three lists is filled.

    Attributes:
        functions, prints, asserts: the tests.
        entry: what is called, where the row says so.
        prelude: trusted source that goes before the program.
        stub: the Python prompt that a program may continue instead of standing alone.
        checker: trusted source that judges the answers of functions and prints.
    """

    functions: tuple[FunctionCase, ...] = ()
    prints: tuple[StdinCase, ...] = ()
    asserts: tuple[str, ...] = ()
    entry: str | None = None
    prelude: str = ""
    stub: str = ""
    checker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a row says about its tests beside the tests themselves."""

    entry: str | None = None
    prompt: object = None
    setup: str | None = None
    language: str | None = None
    checker: str | None = None


def read_tests(value: object, row: Row) -> ProgramTests:
    """The tests in a cell.

    >>> read_tests('["assert f(1) == 2"]', Row()).asserts
    ('assert f(1) == 2',)
    >>> read_tests({"inputs": ["1"], "outputs": ["2"]}, Row()).prints[0].expected
    '2'

    Raises:
        InputError: no shape fits; the message says what was seen.
    """
    parsed = _parsed(value)
    within = parsed if isinstance(parsed, Mapping) else {}
    prompt = row.prompt if row.prompt is not None else within.get("prompt")
    setup = row.setup or _text_of(within, _SETUP_NAMES)
    checker = row.checker or _text_of(within, ("checker",))
    tests = _read(parsed, row.entry, has_checker=bool(checker))
    if checker and tests.asserts:
        raise InputError("a checker judges answers; assert statements judge themselves")
    helpers, stub = _split_prompt(prompt, tests.entry)
    asserts, prelude = tests.asserts, helpers
    if setup and asserts and not _only_defines(setup):
        # It makes objects of the program's own classes (MBPP): it can only run with the tests.
        asserts = tuple(f"{setup}\n{test}" for test in asserts)
    elif setup:
        prelude = f"{helpers}\n{setup}" if helpers else setup
    return replace(tests, asserts=asserts, prelude=prelude, stub=stub, checker=checker)


def _parsed(value: object) -> object:
    """Text that holds JSON or a Python literal, as the value it stands for."""
    if not isinstance(value, str):
        return value.tolist() if hasattr(value, "tolist") else value  # an array of a data frame
    text = value.strip()
    if not text:
        raise InputError("the tests are empty")
    if text[0] not in '[{"' or len(text) > _LITERAL_MAX:
        return value
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        return _literal_or_source(value, text, error)
    return _parsed(found)


def _literal_or_source(value: str, text: str, error: Exception) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        if text[0] == '"':  # assert source may open with a string
            return value
    where, said = "", "it nests too deep"
    if isinstance(error, json.JSONDecodeError):
        where, said = f"line {error.lineno} column {error.colno}: ", error.msg
    raise InputError(
        f"the tests open like JSON and are not ({where}{said}), nor are they a Python literal"
    )


def _read(value: object, entry: str | None, *, has_checker: bool = False) -> ProgramTests:
    if isinstance(value, str):
        return ProgramTests(asserts=(value,), entry=entry)
    if isinstance(value, Mapping):
        return _read_mapping(value, entry, has_checker=has_checker)
    if isinstance(value, Sequence) and value:
        return _read_list(list(value), entry)
    raise InputError(f"cannot read tests out of {_seen(value)}")


def _read_mapping(
    value: Mapping[str, object], entry: str | None, *, has_checker: bool
) -> ProgramTests:
    entry = entry or _text_of(value, _ENTRY_NAMES)
    for name in _TEST_NAMES:
        if value.get(name):
            inner = _read(_parsed(value[name]), entry, has_checker=has_checker)
            return replace(inner, entry=inner.entry or entry)
    inputs, outputs = _first(value, _INPUT_NAMES), _first(value, _OUTPUT_NAMES)
    if has_checker and outputs is None and isinstance(inputs, list):
        outputs = [None] * len(inputs)
    if inputs is None and outputs is None:
        raise InputError(f"cannot read tests out of a mapping with the keys {sorted(value)}")
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
    return ProgramTests(
        prints=tuple(StdinCase(stdin=_lines(i), expected=_lines(o)) for i, o in printed)
    )


def _apps_case(arguments: object, expected: object) -> FunctionCase:
    # APPS wraps every answer of a function in a list of one.
    if isinstance(expected, list) and len(expected) == 1:
        expected = expected[0]
    if not isinstance(arguments, list):
        arguments = [_json_value(line) for line in str(arguments).splitlines()]
    if isinstance(expected, str):
        expected = _json_value(expected)
    return FunctionCase(args=tuple(arguments), expected=expected)


def _json_value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read_list(items: list[object], entry: str | None) -> ProgramTests:
    if all(isinstance(item, str) for item in items):
        texts = tuple(str(item) for item in items if str(item).strip())
        if not texts:
            raise InputError("the tests are empty")
        if all(text.lstrip()[:1] in "[{" for text in texts):
            return _read_list([_parsed(text) for text in texts], entry)
        return ProgramTests(asserts=texts, entry=entry)
    if all(isinstance(item, list | tuple) and len(item) == 2 for item in items):
        items = [{"input": item[0], "output": item[1]} for item in items]  # type: ignore[index]
    if not all(isinstance(item, Mapping) for item in items):
        raise InputError(f"cannot read tests out of a list of {_seen(items[0])}")
    cases = [_case(item, entry) for item in items if isinstance(item, Mapping)]
    for item in items:
        named = _first(item, _ENTRY_NAMES) if isinstance(item, Mapping) else None
        entry = entry or (named if isinstance(named, str) and named else None)
    functions = tuple(case for case in cases if isinstance(case, FunctionCase))
    prints = tuple(case for case in cases if isinstance(case, StdinCase))
    if functions and prints:
        raise InputError("some cases call a function and some read stdin")
    return ProgramTests(functions=functions, prints=prints, entry=entry)


def _case(item: Mapping[str, object], entry: str | None) -> FunctionCase | StdinCase:
    given, expected = _first(item, _INPUT_NAMES), _first(item, _OUTPUT_NAMES)
    if isinstance(given, Mapping) and "stdin" in given:
        given = given["stdin"]
    if isinstance(expected, Mapping) and "stdout" in expected:
        expected = expected["stdout"]
    kind = str(item.get("type") or item.get("testtype") or "").lower()
    calls = "args" in item or "kwargs" in item or "func" in kind or bool(_first(item, _ENTRY_NAMES))
    if calls or (entry and "std" not in kind and "stdin" not in item):
        return _function_case(item, given, expected)
    if given is None and expected is None:
        raise InputError(f"a case with the keys {sorted(item)} has no input and no output")
    return StdinCase(stdin=_lines(given), expected=_lines(expected))


def _function_case(item: Mapping[str, object], given: object, expected: object) -> FunctionCase:
    kwargs = item.get("kwargs")
    named = dict(kwargs) if isinstance(kwargs, Mapping) else {}
    if isinstance(given, str):
        assigned = _assignments(given)  # LeetCode's `nums = [1, 2], k = 3`
        if assigned is not None:
            named |= assigned
            given = []
        else:  # LiveCodeBench: one JSON value a line
            given = [_json_value(line) for line in given.splitlines() if line.strip()]
    if isinstance(expected, str):
        expected = _literal(expected)
    if isinstance(given, Mapping):
        named |= dict(given)
        given = []
    args = tuple(given) if isinstance(given, list | tuple) else () if given is None else (given,)
    return FunctionCase(args=args, kwargs=named, expected=expected)


def _literal(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _assignments(text: str) -> dict[str, object] | None:
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    if not isinstance(call, ast.Call) or call.args or not call.keywords:
        return None
    try:
        return {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    except (ValueError, TypeError):
        return None


def _lines(value: object) -> str:
    if isinstance(value, list | tuple):
        return "\n".join(str(line) for line in value)
    return "" if value is None else str(value)


def _first(mapping: Mapping[str, object], names: Sequence[str]) -> object:
    return next((mapping[name] for name in names if mapping.get(name) is not None), None)


def lacks_entry(source: str) -> bool:
    """Whether test source defines `check(candidate)` and nothing says what the candidate is."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    checks = [n for n in body if isinstance(n, ast.FunctionDef) and n.name == "check"]
    used = {node.id for n in body if n not in checks for node in ast.walk(n)
            if isinstance(node, ast.Name)}  # fmt: skip
    return bool(checks and checks[-1].args.args) and "check" not in used


def _split_prompt(prompt: object, entry: str | None) -> tuple[str, str]:
    """Of a Python prompt: what helps the program, and the whole of it where it ends in a stub.

    A stub is a function whose body the program is to write (it has imports, a docstring, `pass` or
    `...` at most): no help, and in the way where a program forgets to.
    """
    if not isinstance(prompt, str) or len(prompt) > 200_000:
        return "", ""
    try:
        body = ast.parse(prompt).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return "", ""
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    if not any(isinstance(node, kinds) for node in body):
        return "", ""
    last: ast.stmt = body[-1]
    inner = last.body[-1] if isinstance(last, ast.ClassDef) else last
    if not isinstance(inner, ast.FunctionDef) or not _is_stub(inner):
        return prompt, ""
    if entry is not None and re.split(r"\W+", entry.strip())[-1] != inner.name:
        return prompt, ""
    first = min((last.lineno, *(mark.lineno for mark in _decorators(last))))
    helpers = "\n".join(prompt.split("\n")[: first - 1])
    return helpers.strip("\n") and helpers, prompt if prompt.endswith("\n") else prompt + "\n"


def _is_stub(function: ast.FunctionDef) -> bool:
    return all(
        isinstance(node, ast.Pass | ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []


def _only_defines(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return True  # where it runs, it will say so
    defining = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return all(isinstance(node, defining) for node in body)


def _text_of(mapping: Mapping[str, object], names: Sequence[str]) -> str | None:
    values = (mapping.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value.strip()), None)


def _seen(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text[:80]}"
