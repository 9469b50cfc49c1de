"""How far two raters agree beyond what chance would give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import TypeVar

Category = TypeVar("Category", bound=Hashable)


def cohen_kappa(table: Mapping[tuple[Category, Category], int]) -> float | None:
    """Cohen's κ of two raters who put the same items into the same categories.

    κ = (p_o - p_e) / (1 - p_e), where p_o is the share of items on which they agree and p_e the
    share on which two raters with the same habits would agree by chance: the sum over categories
    of the product of both raters' shares. 1 is full agreement, 0 what chance gives, below 0 less.
    Source: Cohen, "A coefficient of agreement for nominal scales", 1960, equation 1.

    Args:
        table: how many items the first rater put into one category and the second into another.

    Returns:
        κ in [-1, 1]; `None` where it is not defined: no items, or both raters put all of them
        into one and the same category, so that chance leaves nothing to explain.

    >>> cohen_kappa({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15})
    0.4
    """
    first: Counter[Category] = Counter()
    second: Counter[Category] = Counter()
    agreed = 0
    for (one, other), count in table.items():
        first[one] += count
        second[other] += count
        agreed += count if one == other else 0
    items = first.total()
    # Whole numbers until the one division: κ of full agreement is exactly 1.
    by_chance = sum(count * second[category] for category, count in first.items())
    left = items * items - by_chance
    return (items * agreed - by_chance) / left if left else None
