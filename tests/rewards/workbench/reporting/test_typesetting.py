"""Formulas become trees of known elements; everything else stays text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("latex2mathml", reason="latex2mathml is not installed")

from rewards.workbench.reporting import typesetting
from rewards.workbench.reporting.typesetting import MAX_CHARACTERS, typeset


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\frac{1}{2}", ["mfrac", ["mn", "1"], ["mn", "2"]]),
        (r"$\frac12$", ["mfrac", ["mn", "1"], ["mn", "2"]]),
        ("x^2", ["msup", ["mi", "x"], ["mn", "2"]]),
        (r"\sqrt{3}", ["msqrt", ["mn", "3"]]),
    ],
)
def test_formulas(text, tree):
    assert typeset(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        *("42", "forty-two", "", "the value is x^2", "x^2\ny", "x" * MAX_CHARACTERS + "^2"),
        *(
            r"\href{javascript:alert(1)}{x^2}",
            "{" * 100 + "^",
            r"\frac{1}",
            "^",
            "\\",
            r"\madeup^2",
        ),
    ],
)
def test_what_stays_text(text):
    assert typeset(text) is None


def test_a_matrix_is_a_table():
    assert "mtable" in str(typeset(r"\begin{pmatrix}1\\2\end{pmatrix}"))


def elements(tree):
    if isinstance(tree, list):
        name, *rest = tree
        attributes = rest.pop(0) if rest and isinstance(rest[0], dict) else {}
        yield name, attributes
        for child in rest:
            yield from elements(child)
    else:
        assert isinstance(tree, str)


PIECES = st.sampled_from(
    [
        *r"\{}^_$&<>#%~[]()|'x1\"",
        *(r"\frac", r"\sqrt", r"\left(", r"\right)", r"\text{", r"\href{", r"\style{"),
        *(r"\begin{matrix}", r"\end{matrix}", r"\color{red}", "<script>", "&lt;"),
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_no_text_makes_another_element(text):
    tree = typeset(text)
    if tree is not None:
        for name, attributes in elements(tree):
            assert name in typesetting._ELEMENTS
            assert set(attributes) <= typesetting._ATTRIBUTES
            assert all(typesetting._VALUE.fullmatch(value) for value in attributes.values())


def test_without_the_package_everything_is_text(monkeypatch):
    monkeypatch.setattr(typesetting, "_can_typeset", lambda: False)
    assert typesetting.typeset.__wrapped__(r"\frac{1}{2}") is None
