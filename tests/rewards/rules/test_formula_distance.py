"""Partial credit for formulas: the published score, its limits, and the distance beneath."""

from functools import cache
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards import Accuracy, FormulaDistance, Status, accuracy, format, formula_distance
from rewards.answers import read_answer
from rewards.answers.formula_tree import FormulaTree, NoFormulaError, formula_tree
from rewards.answers.tree_distance import tree_distance
from rewards.errors import InputError


def judged(reference, answer):
    return formula_distance.verify(f"\\boxed{{{answer}}}", reference)


def tree(text):
    return formula_tree(read_answer(text).tree)


# github.com/phybench-official/phybench, the README of EED: scores of 100 and 47.
PUBLISHED = r"2 m g + 4\frac{mv_0^2}{l}"


def test_published_scores():
    assert judged(PUBLISHED, r"2 m g+4\frac{mv_0^2}{l}").score == 1.0
    wrong = judged(PUBLISHED, r"2 m g+2\frac{mv_0^2}{l}")
    assert round(100 * wrong.score) == 47
    assert wrong.status is Status.WRONG
    assert tree(PUBLISHED).size == 15


@pytest.mark.parametrize(
    ("reference", "answer", "score"),
    [
        (r"\frac12 mv^2", r"\frac13 mv^2", 0.6 - 1 / 6),
        (r"\frac12 mv^2", r"mv^2", 0.6 - 1 / 6),
        ("E=mc^2", "E=mc^3", 0.4),
        ("mc^2", "E=mc^3", 0.4),
        (r"\sin x + 1", r"\cos x + 1", 0.35),
        ("x", "y", 0.0),
        ("7", "8", 0.0),
        ("a+b", "a-b", 0.0),
    ],
)
def test_wrong_formulas(reference, answer, score):
    assert judged(reference, answer).score == pytest.approx(score)


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("(a+b)^2", "a^2+2ab+b^2"),
        (r"\frac{a}{b}+\frac{c}{d}", r"\frac{ad+bc}{bd}"),
        ("x=5", "5"),
        (r"\{1,2\}", "2, 1"),
        (r"5\text{ cm}", r"50\text{ mm}"),
    ],
)
def test_what_the_exact_verdict_accepts_is_full(reference, answer):
    assert judged(reference, answer).score == 1.0


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("x>1", "x>2"),
        (r"\{1,2\}", r"\{1,3\}"),
        ("(1,2)", "(1,3)"),
        ("B", "C"),
        ("the river", "the other river"),
        ("x+1", "x+1 or x+2"),
        ("x+1", "???"),
        ("x+1", "x" * 3000),
        ("x^2+1", "+".join(f"x_{{{i}}}" for i in range(200))),
    ],
)
def test_no_credit_for_what_is_no_formula(reference, answer):
    assert judged(reference, answer).score == 0.0


def test_other_verdicts_stay_as_they_are():
    assert formula_distance.verify("I do not know.", "x").status is Status.NO_ANSWER
    assert formula_distance.verify(r"\boxed{x}", "").score is None
    assert formula_distance.verify(r"<think>\boxed{x+y}", "x+z").score == 0.0


def test_options():
    boxes = FormulaDistance(Accuracy(name="boxes", answer_in=("box",)))
    assert boxes.name == "boxes_formula_distance"
    assert boxes.verify("The answer is 2x.", "3x").score == 0.0
    with pytest.raises(InputError, match="Accuracy"):
        FormulaDistance(format)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a+b", "b+a"),
        ("2x+4xy", "2x(1+2y)"),
        (r"\frac{a}{b}", "a b^{-1}"),
        (r"\sqrt{x}", "x^{1/2}"),
        ("a-b+c", "c+a-b"),
        ("x+x", "2x"),
        ("x-x", "0"),
        (r"\frac{1}{2}x+\frac{1}{3}x", r"\frac56x"),
    ],
)
def test_one_tree_for_one_formula(one, other):
    assert tree(one) == tree(other)


def test_signs_and_scales_do_not_merge():
    assert tree("a-b") != tree("b-a")
    assert tree("2a+2b") != tree("a+b")
    assert tree("a+b") != tree("a-b")


names = st.sampled_from("abc")
trees = st.recursive(
    st.builds(FormulaTree, names),
    lambda below: st.builds(FormulaTree, names, st.lists(below, max_size=3).map(tuple)),
    max_leaves=6,
)


def by_definition(one, other):
    """The distance of two trees by trying everything, forest by forest."""

    def price(node):
        return min(node.size, 5 + 0.6 * (node.size - 5))

    @cache
    def least(left, right):
        if not left and not right:
            return 0.0
        ways = []
        if left:
            *rest, last = left
            ways.append(least((*rest, *last.children), right) + 1)
            ways.append(least(tuple(rest), right) + price(last))
        if right:
            *rest, last = right
            ways.append(least(left, (*rest, *last.children)) + 1)
            ways.append(least(left, tuple(rest)) + price(last))
        if left and right:
            change = left[-1].label != right[-1].label
            below = least(left[-1].children, right[-1].children)
            ways.append(least(left[:-1], right[:-1]) + below + change)
        return min(ways)

    return least((one,), (other,))


@settings(max_examples=60, deadline=None)
@given(trees, trees)
def test_the_distance_is_the_least_cost(one, other):
    assert tree_distance(one, other) == pytest.approx(by_definition(one, other))
    assert tree_distance(one, other) == pytest.approx(tree_distance(other, one))
    assert tree_distance(one, one) == 0


formulas = st.recursive(
    st.sampled_from(["x", "y", "2", "3", r"\pi"]),
    lambda below: st.one_of(
        st.tuples(below, below).map(lambda p: f"({p[0]}+{p[1]})"),
        st.tuples(below, below).map(lambda p: f"({p[0]} {p[1]})"),
        st.tuples(below, below).map(lambda p: rf"\frac{{{p[0]}}}{{{p[1]}}}"),
        below.map(lambda one: rf"\sqrt{{{one}}}"),
    ),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(formulas, formulas)
def test_never_more_than_the_exact_verdict_allows(reference, answer):
    exact, partial = accuracy.verify(f"\\boxed{{{answer}}}", reference), judged(reference, answer)
    assert partial.status is exact.status
    if exact.score == 1:
        assert partial.score == 1
    elif exact.score is not None:
        assert 0 <= partial.score <= 0.6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+".join(f"x_{{{i}}}" for i in range(110)), "+".join(f"z_{{{i}}}" for i in range(110))),
        (r"\sin(" * 60 + "x" + ")" * 60, r"\cos(" * 60 + "x" + ")" * 60),
        ("x^{9^{9^9}}", "x^{9^{9^8}}"),
        ("(2x)^{100000}", "(3x)^{100000}"),
    ],
)
def test_work_is_bounded(one, other):
    started = process_time()
    judged(one, other)
    assert process_time() - started < 3


def test_too_large_a_tree_is_refused():
    with pytest.raises(NoFormulaError):
        tree("+".join(f"x_{{{i}}}" for i in range(150)))


@pytest.mark.parametrize(
    "answer",
    [
        r"\sin(1e19999)",
        "x+1e19999",
        "x^{1e19999}",
        "(x^{10^{3000}})^{10^{3000}}",
        r"\cdot".join(["1e9999"] * 40) + "x",
        "+".join(rf"\frac{{x}}{{1e9999+{n}}}" for n in range(30)),
        r"1e19999\text{ cm}",
    ],
)
def test_numbers_that_nobody_writes_cost_the_credit_and_nothing_else(answer):
    verdict = formula_distance.verify(rf"\boxed{{{answer}}}", "x+y")
    assert verdict.score == 0.0
    assert verdict.status.value == "wrong"
