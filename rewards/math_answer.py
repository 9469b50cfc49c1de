"""Whether the boxed answer of a completion equals the reference."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from rewards.columns import Role
from rewards.completion import opens_think_block
from rewards.extraction import after_reasoning, last_boxed
from rewards.reward import Reward, Sample
from rewards.verdict import Stage, Status, Verdict


@dataclass(frozen=True, kw_only=True)
class Accuracy(Reward):
    r"""1.0 when the boxed answer equals the reference, else 0.0.

    >>> accuracy.verify(r"so \boxed{42}", "42").score
    1.0
    """

    name: str = "accuracy"
    role: ClassVar[Role | None] = Role.REFERENCE

    def judge(self, sample: Sample) -> Verdict:
        """Judge one completion."""
        expected = str(sample.reference).strip().strip("$")
        answer = after_reasoning(sample.completion, opened=opens_think_block(sample.prompt))
        boxed = last_boxed(answer) if answer is not None else None
        if boxed is None:
            return Verdict(0.0, Status.NO_ANSWER, expected=expected, reason="no box")
        try:
            same = boxed.strip() == expected or Fraction(boxed) == Fraction(expected)
        except (ValueError, ZeroDivisionError):
            same = False
        status = Status.CORRECT if same else Status.WRONG
        return Verdict(float(same), status, boxed, expected, "compared as numbers")

    def stages(self, sample: Sample) -> list[Stage]:
        """The answer part behind the reasoning, and the box in it."""
        answer = after_reasoning(sample.completion, opened=opens_think_block(sample.prompt))
        if answer is None:
            return [Stage("answer part", "none: the reasoning never ends")]
        boxed = last_boxed(answer)
        return [Stage("answer part", answer), Stage("box", "none" if boxed is None else boxed)]


accuracy = Accuracy()
