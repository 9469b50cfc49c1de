# ruff: noqa: E501 - rows and pieces read better as tables
"""Typical rows for each reward, and the language in which keys to them are sought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.key_search import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A reward with rows for it.

    Attributes:
        reward: makes the reward.
        columns: names of the columns that the rows have.
        rows: the rows, each with those columns.
        fair: how many rows the best honest guess opens.
        language: what keys are made of.
        by_design: whether one completion may open all rows.
        threshold: the score from which on a row counts as opened.
        dearness: by how much fewer rounds are made, because a call is dear.
    """

    reward: Callable[[], Callable[..., list[float | None]]]
    columns: tuple[str, ...]
    rows: tuple[dict[str, object], ...]
    fair: int
    language: Language
    by_design: bool = False
    threshold: float = 0.999
    dearness: int = field(default=1)


def _answers(*texts: str) -> tuple[dict[str, object], ...]:
    return tuple({"solution": text} for text in texts)


_MATH = _answers(
    "7", "0", "1", "-3", "144", "1729", "0.25", r"\frac12", r"-\frac{7}{3}", r"\sqrt3", r"2\sqrt5",
    r"\pi", r"\frac{\pi}{4}", "e", r"\ln 2", r"3+\sqrt2", "2+3i", "i", "x+1", "x^2-4x+7", r"\frac{x}{x+1}",
    r"\sin x", "2n+1", r"\binom{n}{2}", "x=4", "y=2x+1", "(3,4)", r"(0,\frac12,-1)", r"\{1,2,3\}", "1,2",
    "[0,1)", r"(-\infty,5]", r"\emptyset", r"\mathbb{R}", r"x>3", "50\\%", r"90^\circ", r"5\text{ cm}", r"\$18",
    r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\infty", "3:4", "10:30", "(B)", r"\text{Yes}", r"\text{Monday}",
    "1010_2", "10^{100}", "2^{2005}+1", "100!",
)  # fmt: skip

_MATH_LANGUAGE = Language(
    seeds=(
        "0", "7", r"\ln\sin\pi", r"\log\cos\frac\pi2", r"\log(\log_2 8-3)", r"\frac00", r"\infty-\infty", "0^0",
        r"0\cdot\infty", r"\frac{1}{\sin\pi}", r"\emptyset", r"\text{any}", "x", "?", r"\ldots", r"\pm1", "",
        r"\cot\pi", r"\Gamma(0)", r"\arccos2", r"\lim_{x\to0}\frac1x", "x=x", r"\text{all real numbers}",
        r"\sqrt{\sin\pi-10^{-50}}", r"\tan\frac\pi2", r"(-\infty,\infty)", "A", "1 or 2", r"\{\}", r"\$", r"\%",
        r"\ln(\sqrt{5+2\sqrt6}-\sqrt2-\sqrt3)", r"\sum_{k=1}^{\infty}\frac1k", r"\int_0^0\frac1xdx", "[0,0)",
        r"0\cdot9^{9^{9^9}}", r"\tanh(10^{9})", r"10^{-10^{9}}", "#### 7", "the answer", r"C", r"\boxed{7}",
    ),
    pieces=(
        "0", "1", "x", "n", "i", r"\pi", "e", r"\infty", "+", "-", r"\cdot", "/", "^", "_", "=", "<", ",", ";", "|",
        "(", ")", "[", "]", "{", "}", "!", r"\%", r"\pm", r"\sin", r"\cos", r"\ln", r"\log", r"\sqrt", r"\frac",
        r"\text{ cm}", r"\text{ or }", r"\ldots", r"\sin\pi", r"\approx", r"\neq", r"\ne0", " ", "C", "k",
    ),
    wraps=(
        r"\ln(@)", r"\frac{1}{@}", r"\frac{@}{@}", "(@)^0", "0^{@}", "@-@", r"0\cdot(@)", r"\cot(@)", r"(@,@)",
        r"\{@\}", "[@,@]", r"\sqrt{@}", r"|@|", r"\text{@}", "x=@", r"\lim_{x\to0}@", r"\sum_{k=1}^{3}@",
        r"\Gamma(@)", r"\binom{@}{@}", r"\arccos(@)", r"@\pm(@)", r"\lfloor@\rfloor", r"10^{-10^{@}}",
    ),
    frame=r"\boxed{@}",
)  # fmt: skip


def _accuracy() -> Callable[..., list[float | None]]:
    from rewards import accuracy  # each kind needs its own reward only

    return accuracy


def _format() -> Callable[..., list[float | None]]:
    from rewards import format as think_format

    return think_format


def _choice() -> Callable[..., list[float | None]]:
    from rewards import choice

    return choice


def _quantity() -> Callable[..., list[float | None]]:
    from rewards import quantity

    return quantity


def _json_schema() -> Callable[..., list[float | None]]:
    from rewards import json_schema

    return json_schema


def _pattern_match() -> Callable[..., list[float | None]]:
    from rewards import pattern_match

    return pattern_match


def _code() -> Callable[..., list[float | None]]:
    from rewards import code

    return code


_LETTER_LANGUAGE = Language(
    seeds=("A", "B", "C", "D", "ABCD", "A, B, C, D", "(A)", "A or B", "all of the above", "any", "?", "E", ""),
    pieces=("A", "B", "C", "D", "(", ")", ",", " ", "and", "or", ".", "the answer is ", "*", "|", "\n"),
    wraps=("(@)", r"\text{@}", "**@**", "the answer is (@)", "@, @", "@ and @", "<answer>@</answer>", r"\boxed{@}"),
    frame=r"\boxed{@}",
)  # fmt: skip

_QUANTITY_LANGUAGE = Language(
    seeds=("0", "1", "nan", "inf", "1e999", "5 km", "0 m", "-0", "1/0", "5", "1e-300 m", "?", "", "m", r"\infty"),
    pieces=("0", "1", "5", "e", "-", "+", ".", "/", " ", "m", "km", "s", "kg", "%", "^", "*", "nan", "inf", "K"),
    wraps=("@ m", "@e999", "1/@", r"\frac{@}{@}", r"\text{@}", "@ m/m", "@%", "(@)", "10^{@}"),
    frame=r"\boxed{@}",
)  # fmt: skip

_SCHEMAS: tuple[dict[str, object], ...] = tuple(
    {"schema": schema}
    for schema in (
        {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}, "additionalProperties": False},
        {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}, "additionalProperties": False},
        {"type": "array", "items": {"type": "number"}, "minItems": 3},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"type": "string", "pattern": "^[A-Z]{3}$"},
        {"type": "integer", "minimum": 10},
        {"type": "boolean"},
        {"enum": ["red", "green"]},
        {"type": "null"},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "boolean"}},
    )
)  # fmt: skip

_JSON_LANGUAGE = Language(
    seeds=("{}", "[]", "null", "true", '""', "0", '{"name": "a"}', "[1, 2, 3]", '["a"]', '"ABC"', "NaN", "12", ""),
    pieces=("{", "}", "[", "]", '"', ":", ",", "0", "1", "true", "null", "name", "id", "red", " ", "\n", "$ref"),
    wraps=('{"name": @}', "[@]", "[@, @, @]", '"@"', '{"a": @, "b": @}', "```json\n@\n```", '{"$schema": @}'),
)  # fmt: skip

_PATTERNS = tuple(
    {"pattern": pattern}
    for pattern in (
        r"\d{4}-\d\d-\d\d", "[A-D]", r"\d+", r"-?\d+\.\d+", "(yes|no)", r"[a-z]+@[a-z]+\.com", r"#[0-9a-f]{6}",
        r"\([^)]+\)", r"[A-Z][a-z]+ [A-Z][a-z]+", r"(?s)Answer: .+",
    )
)  # fmt: skip

_PATTERN_LANGUAGE = Language(
    seeds=("", "A", "1", "yes", "2024-01-01", ".*", "(a)", "Answer: A", "1.0", "#ffffff", "a@b.com", "Ada Love"),
    pieces=("0", "1", "A", "a", "-", ".", "@", "#", "(", ")", " ", "\n", "yes", "no", "Answer: ", "\0", "*", "|"),
    wraps=("(@)", "Answer: @", "@\n@", "@@", "@|@", "^@$", "<think>@</think>@"),
)  # fmt: skip

_TESTS = tuple(
    {"tests": tests}
    for tests in (
        ["assert add(2, 3) == 5", "assert add(-1, 1) == 0"],
        ["assert is_prime(7)", "assert not is_prime(9)"],
        ["assert reverse('abc') == 'cba'"],
        ["assert fib(10) == 55"],
        ["assert sorted_words('b a') == ['a', 'b']"],
        {"inputs": ["3\n1 2 3\n", "1\n5\n"], "outputs": ["6\n", "5\n"]},
        {"inputs": ["hello\n"], "outputs": ["HELLO\n"]},
        {"inputs": ["4\n", "7\n"], "outputs": ["even\n", "odd\n"]},
    )
)

_EQUAL_TO_ALL = """
class A:
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __call__(self, *a): return self
    def __getattr__(self, n): return self
add = is_prime = reverse = fib = sorted_words = A()
"""

_CODE_LANGUAGE = Language(
    seeds=(
        "pass", "import sys\nsys.exit(0)", "import os\nos._exit(0)", "raise SystemExit", "",
        _EQUAL_TO_ALL,
        "import builtins\nbuiltins.__dict__.update(add=lambda *a: 5)",
        "def __getattr__(name): return lambda *a: True",
        "print(open(0).read())", "print('6')", "import unittest\nunittest.main = lambda: None",
        "import sys\nsys.modules['builtins'].AssertionError = Exception",
        "import sys\nsys.settrace(lambda *a: None)\nadd = lambda *a: a[0]",
    ),
    pieces=(
        "\n", "import sys", "sys.exit(0)", "print('5')", "True", "lambda *a: True", "exit()", "add", "is_prime",
        "__eq__", "try:\n    pass\nfinally:\n    pass\n", "return True", "assert True", "raise SystemExit(0)",
    ),
    wraps=("try:\n    @\nexcept BaseException:\n    pass\n", "if True:\n    @\n", "@\n@", "def main():\n    @\nmain()\n"),
    frame="```python\n@\n```",
)  # fmt: skip

KINDS: dict[str, Kind] = {
    "accuracy": Kind(
        reward=_accuracy, columns=("solution",), rows=_MATH, fair=1, language=_MATH_LANGUAGE
    ),
    "format": Kind(
        reward=_format,
        columns=(),
        rows=_MATH[:5],
        fair=0,
        language=Language(
            seeds=("a", "<think>", "<think>a</think>", "</think>"),
            pieces=("<think>", "</think>", "a", " "),
            wraps=("<think>@</think>", "<think>@</think>@", "@@"),
        ),
        by_design=True,
    ),
    "choice": Kind(
        reward=_choice,
        columns=("solution",),
        rows=_answers(*"ABCDABCDAC"),
        fair=3,
        language=_LETTER_LANGUAGE,
    ),
    "quantity": Kind(
        reward=_quantity,
        columns=("solution",),
        rows=_answers(
            "5 km", "9.8 m/s^2", "300 K", "20 N", "0.5 mol/L", "42", "3 h", "12 %", "7 kg"
        ),
        fair=1,
        language=_QUANTITY_LANGUAGE,
    ),
    "json_schema": Kind(
        reward=_json_schema,
        columns=("schema",),
        rows=_SCHEMAS,
        fair=1,
        language=_JSON_LANGUAGE,
        dearness=2,
    ),
    "pattern_match": Kind(
        reward=_pattern_match,
        columns=("pattern",),
        rows=_PATTERNS,
        fair=1,
        language=_PATTERN_LANGUAGE,
        dearness=2,
    ),
    "code": Kind(
        reward=_code,
        columns=("tests",),
        rows=_TESTS,
        fair=0,
        language=_CODE_LANGUAGE,
        dearness=4,
    ),
}
