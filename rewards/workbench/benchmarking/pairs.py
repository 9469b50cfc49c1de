"""Two rewards on the same labelled rows: do they agree, and is one better?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from rewards.workbench.disagreement.agreement import cohen_kappa


@dataclass(frozen=True, slots=True)
class RewardPair:
    """Two rewards compared.

    Attributes:
        first: the name of one.
        second: the name of the other.
        kappa: Cohen's κ of their decisions, or `None` where it is not defined.
        first_only: rows about which only the first is right.
        second_only: rows about which only the second is right.
        p_value: of McNemar's exact test: how likely so uneven a split is when both are equally
            good.
    """

    first: str
    second: str
    kappa: float | None
    first_only: int
    second_only: int
    p_value: float


def compare_pair(
    names: tuple[str, str], decisions: tuple[Sequence[bool], Sequence[bool]], truths: Sequence[bool]
) -> RewardPair:
    """Compare two rewards by whether they rewarded each row.

    >>> compare_pair(("a", "b"), ([True, True], [True, False]), [True, False]).second_only
    1
    """
    table = Counter(zip(*decisions, strict=True))
    right = [[said is truth for said, truth in zip(one, truths, strict=True)] for one in decisions]
    splits = Counter(zip(*right, strict=True))
    first_only, second_only = splits[True, False], splits[False, True]
    return RewardPair(
        *names, cohen_kappa(table), first_only, second_only, mcnemar(first_only, second_only)
    )


def mcnemar(first_only: int, second_only: int) -> float:
    """The two-sided p-value of McNemar's exact test (McNemar 1947, as a sign test).

    Args:
        first_only: rows about which only the first is right.
        second_only: rows about which only the second is right.

    Returns:
        The probability of a split at least as uneven when each side is as likely; 1 without any.

    >>> mcnemar(5, 0), mcnemar(3, 3)
    (0.0625, 1.0)
    """
    count, fewer = first_only + second_only, min(first_only, second_only)
    below: int = sum(comb(count, k) for k in range(fewer + 1))
    return min(1.0, float(2 * below / 2**count))
