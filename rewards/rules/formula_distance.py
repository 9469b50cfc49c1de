"""Partial credit for a formula by how far it is from the reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from rewards.composite import Batch, Combination, check_rewards
from rewards.errors import InputError
from rewards.rules.accuracy import Accuracy, accuracy
from rewards.verdict import Status, Verdict

if TYPE_CHECKING:
    from rewards.answers.tree import Node

_BEST_WRONG = 0.6
_READABLE_CHARS = 900  # longer texts are shown cut short in a verdict


@dataclass(frozen=True)
class FormulaDistance(Combination):
    r"""1.0 for a right answer; a wrong formula gets up to 0.6 for how near it comes.

    The EED score of PHYBench (arXiv 2504.16074), divided by 100: with `r` the edit distance of the
    two formulas' trees over the size of the reference's, `max(0, 0.6 - r)`. The score lies in
    [0, 1]. Only the exact verdict gives more than 0.6: a formula that has the reference's tree and
    is not proven equal gets 0.6. What is no single formula (a set, an equation without a name on
    one side, words, more than 120 nodes) gets no partial credit. Trees are our own, in a normal
    form of their own, and so scores differ from PHYBench's by a few hundredths where computer
    algebra simplifies more.

    Partial credit can be had without understanding: any formula of the right letters gets some.
    Weigh it below `accuracy`, and look at what it pays.

    Attributes:
        correctness: the reward that gives the exact verdict.

    >>> verdict = formula_distance.verify(
    ...     r"\boxed{2 m g+2\frac{mv_0^2}{l}}", r"2 m g+4\frac{mv_0^2}{l}"
    ... )
    >>> round(verdict.score, 2), verdict.status.value
    (0.47, 'wrong')

    Raises:
        InputError: `correctness` is no `Accuracy`.
    """

    correctness: Accuracy = accuracy

    def __post_init__(self) -> None:
        check_rewards("FormulaDistance", [self.correctness])
        if not isinstance(self.correctness, Accuracy):
            raise InputError("FormulaDistance needs an Accuracy for the exact verdict")
        self._set_name(f"{self.correctness.name}_formula_distance")

    @property
    def parts(self) -> tuple[Accuracy, ...]:
        """The reward that gives the exact verdict."""
        return (self.correctness,)

    def combine(self, batch: Batch) -> list[Verdict]:
        """The exact verdicts, those of wrong formulas with partial credit."""
        return [self._credited_safely(verdict) for verdict in batch.ask_all(self.correctness)]

    def _credited_safely(self, verdict: Verdict) -> Verdict:
        try:
            return _credited(verdict)
        except Exception as error:  # noqa: BLE001 - one bad row must not end a training run
            return self._failed(error)


def _credited(verdict: Verdict) -> Verdict:
    texts = verdict.expected, verdict.extracted
    if verdict.status is not Status.WRONG or texts[0] is None or texts[1] is None:
        return verdict
    if max(len(texts[0]), len(texts[1])) > _READABLE_CHARS:
        return verdict
    relative = relative_distance(texts[0], texts[1])
    if relative is None:
        return verdict
    score = max(0.0, _BEST_WRONG - relative)
    reason = f"{verdict.reason}; edit distance {relative:.2f} of the reference's tree"
    return replace(verdict, score=score, reason=reason)


@lru_cache(maxsize=4_096)
def relative_distance(reference: str, answer: str) -> float | None:
    r"""The edit distance of two formulas' trees, relative to the size of the reference's.

    >>> relative_distance("a+b", "a-b"), relative_distance("x>1", "x")
    (0.6666666666666666, None)
    """
    from rewards.answers import read_answer, read_reference
    from rewards.answers.formula_tree import NoFormulaError, formula_tree
    from rewards.answers.tree_distance import tree_distance

    sides = read_reference(reference), read_answer(answer)
    try:
        trees = [formula_tree(_value(side.tree)) for side in sides if not side.unreadable]
    except (NoFormulaError, RecursionError, ArithmeticError):
        return None
    if len(trees) < len(sides):
        return None
    expected, given = trees
    return tree_distance(given, expected) / expected.size


def _value(node: Node | None) -> Node:
    """What a formula is said to equal: `E = mc^2` is mc^2."""
    from rewards.answers.formula_tree import NoFormulaError
    from rewards.answers.match.assignments import assigned
    from rewards.answers.tree import Relation

    if node is None:
        raise NoFormulaError
    found = assigned(node) if isinstance(node, Relation) else None
    return node if found is None else found.value


formula_distance = FormulaDistance(name="formula_distance")
