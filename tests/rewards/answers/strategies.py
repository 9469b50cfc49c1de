# ruff: noqa: E501, RUF001
"""What hypothesis draws answers from."""

from __future__ import annotations

from hypothesis import strategies as st

PIECES = [
    *"0123456789", "12", "1,000", "0.5", "3.", ".", "-", "+", "=", "<", ">", "(", ")", "[", "]", "{", "}",
    "|", ",", ";", ":", "!", "%", "$", "^", "_", "/", "*", "&", "'", " ", "\n", "x", "y", "e", "i", "n", "A",
    "B", "\\frac", "\\sqrt", "\\pi", "\\infty", "\\pm", "\\cup", "\\cap", "\\in", "\\mathbb{Z}", "\\{", "\\}",
    "\\left", "\\right", "\\text{", "\\mathrm{", "\\boxed{", "\\begin{pmatrix}", "\\end{pmatrix}", "\\\\",
    "\\begin{cases}", "\\end{cases}", "\\sin", "\\log", "\\ln", "\\binom", "\\sum_{k=1}^{5}", "\\int", "\\lim",
    "\\overline", "\\vec", "^\\circ", "\\le", "\\neq", "\\approx", "\\mid", "\\quad", "\\cdot", "\\ldots",
    " and ", " or ", " cm", "½", "√", "π", "≤", "²", "−", "１", "，", "无解", "\\", "#### ", "or",
    "\\lfloor", "\\rfloor", "mod", "f(x)", "p.m.", "for all", "integer", "%", "10^{9}", "!!", "\\dots",
]  # fmt: skip

soup = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)

integers = st.integers(-(10**12), 10**12).map(str)
decimals = st.decimals(-1000, 1000, places=3).map(lambda value: f"{value:f}")
fractions = st.builds(
    lambda top, bottom: f"\\frac{{{top}}}{{{bottom}}}", st.integers(-99, 99), st.integers(1, 99)
)
mixed = st.builds(
    lambda whole, top, more: f"{whole}\\frac{{{top}}}{{{top + more}}}",
    st.integers(1, 99),
    st.integers(1, 20),
    st.integers(1, 20),
)
percents = st.integers(1, 200).map(lambda value: f"{value}\\%")
numbers = st.one_of(integers, decimals, fractions, mixed, percents)


def _combine(parts):
    return st.one_of(
        st.builds(lambda a, b: f"{a}+{b}", parts, parts),
        st.builds(lambda a, b: f"({a})({b})", parts, parts),
        st.builds(lambda a, b: f"\\frac{{{a}}}{{{b}}}", parts, parts),
        st.builds(lambda a, n: f"({a})^{{{n}}}", parts, st.integers(2, 5)),
        st.builds(lambda a: f"\\sqrt{{{a}}}", parts),
        st.builds(lambda f, a: f"\\{f}({a})", st.sampled_from(["sin", "cos", "ln"]), parts),
    )


expressions = st.recursive(
    st.one_of(st.integers(1, 30).map(str), st.sampled_from(["x", "y", "\\pi", "2x", "a_1"])),
    _combine,
    max_leaves=6,
)
tuples = st.lists(numbers, min_size=2, max_size=4).map(lambda items: f"({', '.join(items)})")
intervals = st.builds(
    lambda opening, low, size, closing: f"{opening}{low},{low + size}{closing}",
    st.sampled_from("(["),
    st.integers(-50, 50),
    st.integers(1, 50),
    st.sampled_from(")]"),
)
sets = st.lists(numbers, min_size=1, max_size=4).map(lambda items: "\\{" + ", ".join(items) + "\\}")
equations = st.builds(
    lambda a, b: f"{a}={b}", st.sampled_from(["x", "y", "x+y", "f(x)"]), expressions
)
inequalities = st.builds(
    lambda op, bound: f"x {op} {bound}",
    st.sampled_from(["<", "\\le", ">", "\\geq", "\\ne"]),
    st.integers(-99, 99),
)
answers = st.one_of(numbers, expressions, tuples, intervals, sets, equations, inequalities)
