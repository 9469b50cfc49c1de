"""What a comparison says, and the few options that change it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple


class Equality(str, Enum):
    """Whether two answers say the same."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNDECIDED = "undecided"


class Sameness(NamedTuple):
    """Whether two expressions are the same (`None`: undecided), and how that was found."""

    same: bool | None
    how: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """An outcome and the sentence that explains it.

    Attributes:
        outcome: equal, different, or undecided (then `reason` says what stood in the way).
        reason: how each side was read, and why they are (or are not) the same.
        on_words: whether they differ as words do, which proves nothing about what they mean.
    """

    outcome: Equality
    reason: str
    on_words: bool = False

    @property
    def is_equal(self) -> bool:
        """Whether the outcome is `EQUAL`."""
        return self.outcome is Equality.EQUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """How lenient a comparison is. The defaults are exact but for what a reference has rounded.

    Attributes:
        tolerance: greatest relative difference at which two real numbers still count as the
            same; `None` compares exactly (1/3 is not 0.333).
        integers: `"exact"` keeps the tolerance off integer references (100001 is no 100000);
            `"counts exact"` off those without a unit that an integer answers, for they count;
            `"tolerance"` lets it apply to any number.
        formulas: `"tolerance"` applies it to formulas with decimals in them, too.
        rounding: with `"reference digits"` a decimal reference of three or more significant
            digits (3.14) is one that was rounded, and accepts an exact or longer answer that
            rounds to it (π, 3.1416); `"exact"` does not.
        added_percent: whether a % sign behind the number that the reference is (50% for 50) is
            forgiven; `"from 1"` not if the number is below 1, for 0.5 may be 50% itself, and 50%
            for 0.5 is right in any case.
        notation: `"science"` also reads what people type in plain text (`6.3x10^-7 M`).
        units: `"forgive"` strips a unit that only one side has and converts when both have one;
            `"require"` wants a unit wherever the reference has one; `"ignore"` drops them all.
        list_order: whether `1, 2` without brackets may be answered in any order.
    """

    tolerance: float | None = None
    integers: Literal["exact", "counts exact", "tolerance"] = "exact"
    formulas: Literal["exact", "tolerance"] = "exact"
    rounding: Literal["exact", "reference digits"] = "reference digits"
    added_percent: Literal["forgive", "from 1", "refuse"] = "from 1"
    notation: Literal["mathematics", "science"] = "mathematics"
    units: Literal["forgive", "require", "ignore"] = "forgive"
    list_order: Literal["any", "as given"] = "any"


DEFAULT_OPTIONS = CompareOptions()
