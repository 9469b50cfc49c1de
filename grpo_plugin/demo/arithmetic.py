"""The demo's task: two-digit sums, and a sloppy teacher whose habits the model copies first.

The teacher is often wrong and sometimes breaks the format. A model trained on its demonstrations
starts near the teacher's own hit rate; only a reward that checks the answer tells right from wrong.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

LOWEST, HIGHEST = 10, 99


@dataclass(frozen=True, slots=True)
class Problem:
    """One sum.

    >>> Problem(27, 58).prompt, Problem(27, 58).solution
    ('27+58=', '85')
    """

    left: int
    right: int

    @property
    def prompt(self) -> str:
        """What the model is shown."""
        return f"{self.left}+{self.right}="

    @property
    def solution(self) -> str:
        """The reference answer."""
        return str(self.left + self.right)


@dataclass(frozen=True, slots=True)
class Teacher:
    """How often a demonstration goes wrong, and how. The habits are drawn independently.

    Attributes:
        forgotten_carry: share of the sums with a carry in which it is forgotten.
        reversed_answer: share in which the answer is copied units first, as it was found.
        slip: share in which the sum of the units is off by a little.
        broken_format: share with a tag or the box missing.
    """

    forgotten_carry: float = 0.6
    reversed_answer: float = 0.5
    slip: float = 0.06
    broken_format: float = 0.2

    def demonstrate(self, problem: Problem, rng: random.Random) -> str:
        r"""One completion for `problem`, good or bad.

        >>> Teacher(0, 0, 0, 0).demonstrate(Problem(27, 58), random.Random(0))
        '<think>7+8=15,2+5+1=8</think> \\boxed{85}'
        >>> Teacher(1, 0, 0, 0).demonstrate(Problem(27, 58), random.Random(0))
        '<think>7+8=15,2+5+0=7</think> \\boxed{75}'
        """
        (left_tens, left_units), (right_tens, right_units) = (
            divmod(number, 10) for number in (problem.left, problem.right)
        )
        units = left_units + right_units
        if rng.random() < self.slip:
            units = min(max(units + rng.choice((-2, -1, 1, 2)), 0), 18)
        carry = units // 10
        if rng.random() < self.forgotten_carry:
            carry = 0
        tens = left_tens + right_tens + carry
        answer = f"{tens}{units % 10}"
        if rng.random() < self.reversed_answer:
            answer = answer[::-1]
        reasoning = f"{left_units}+{right_units}={units},{left_tens}+{right_tens}+{carry}={tens}"
        if rng.random() < self.broken_format:
            return rng.choice(
                (
                    f"{reasoning}</think> \\boxed{{{answer}}}",
                    f"<think>{reasoning} \\boxed{{{answer}}}",
                    f"<think>{reasoning}</think> {answer}",
                    f"<think></think> \\boxed{{{answer}}}",
                )
            )
        return f"<think>{reasoning}</think> \\boxed{{{answer}}}"


def split_problems(held_out: int, rng: random.Random) -> tuple[list[Problem], list[Problem]]:
    """Every sum of two two-digit numbers, shuffled: those to train on, those never trained on.

    `a+b` and `b+a` land on the same side, so no held-out sum is a training sum turned round; one
    more than `held_out` may be held out for it.

    >>> train, held = split_problems(100, random.Random(0))
    >>> len(train) + len(held), len(held) in (100, 101)
    (8100, True)
    """
    pairs = [(a, b) for a in range(LOWEST, HIGHEST + 1) for b in range(a, HIGHEST + 1)]
    rng.shuffle(pairs)
    train: list[Problem] = []
    held: list[Problem] = []
    for a, b in pairs:
        side = held if len(held) < held_out else train
        side += [Problem(a, b)] if a == b else [Problem(a, b), Problem(b, a)]
    rng.shuffle(train)
    return train, held
