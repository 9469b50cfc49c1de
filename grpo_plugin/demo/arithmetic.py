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
    """How often a demonstration goes wrong, and how; what is left over is right.

    Attributes:
        carry_error: share with the wrong carry (forgotten where there is one, added where not).
        slip: share whose last digit is off.
        broken_format: share with a tag missing or the answer outside its box.
    """

    carry_error: float = 0.32
    slip: float = 0.16
    broken_format: float = 0.22

    def demonstrate(self, problem: Problem, rng: random.Random) -> str:
        r"""One completion for `problem`, good or bad.

        >>> Teacher(0, 0, 0).demonstrate(Problem(27, 58), random.Random(0))
        '<think>7+8=15,2+5+1=8</think> \\boxed{85}'
        """
        ones = problem.left % 10 + problem.right % 10
        carry = ones // 10
        draw = rng.random()
        if draw < self.carry_error:
            carry = 1 - carry
        elif draw < self.carry_error + self.slip:
            ones += rng.choice((-2, -1, 1, 2)) if ones > 1 else rng.choice((1, 2))
            carry = ones // 10
        tens = problem.left // 10 + problem.right // 10
        reasoning = (
            f"{problem.left % 10}+{problem.right % 10}={ones},"
            f"{problem.left // 10}+{problem.right // 10}+{carry}={tens + carry}"
        )
        answer = f"{tens + carry}{ones % 10}"
        if draw > 1 - self.broken_format:
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

    `a+b` and `b+a` land on the same side, so no held-out sum is a training sum turned round.

    >>> train, held_out = split_problems(100, random.Random(0))
    >>> len(train), len(held_out)
    (8000, 100)
    """
    pairs = [(a, b) for a in range(LOWEST, HIGHEST + 1) for b in range(a, HIGHEST + 1)]
    rng.shuffle(pairs)
    ordered = [
        Problem(*pair) for a, b in pairs for pair in ([(a, b)] if a == b else [(a, b), (b, a)])
    ]
    # `ordered` keeps turned-round twins side by side: cut between pairs only.
    cut = held_out
    while cut < len(ordered) and ordered[cut] == Problem(
        ordered[cut - 1].right, ordered[cut - 1].left
    ):
        cut += 1
    held, train = ordered[:cut], ordered[cut:]
    rng.shuffle(train)
    return train, held
