"""What a comparison says, and the few options that change it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple


class Outcome(str, Enum):
    """Whether two answers say the same."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Comparison:
    """An outcome and the sentence that explains it.

    Attributes:
        outcome: equal, different, or undecided (then `reason` says what stood in the way).
        reason: how each side was read, and why they are (or are not) the same.
    """

    outcome: Outcome
    reason: str

    @property
    def is_equal(self) -> bool:
        """Whether the outcome is `EQUAL`."""
        return self.outcome is Outcome.EQUAL


class Sameness(NamedTuple):
    """Of two parts: True, False or None (undecided), and how that was found."""

    same: bool | None
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """How lenient a comparison is. The defaults are exact.

    Attributes:
        tolerance: greatest relative difference at which two real numbers still count as the
            same; `None` compares exactly (1/3 is not 0.333).
        rounding: `"exact"`, or `"reference digits"`: a decimal reference (3.14) also accepts a
            number that rounds to it (π), at the number of decimals the reference shows.
        units: `"forgive"` strips a unit that only one side has and converts when both have one;
            `"require"` wants a unit wherever the reference has one; `"ignore"` drops them all.
        list_order: whether `1, 2` without brackets may be answered in any order.
    """

    tolerance: float | None = None
    rounding: Literal["exact", "reference digits"] = "exact"
    units: Literal["forgive", "require", "ignore"] = "forgive"
    list_order: Literal["any", "as given"] = "any"


DEFAULT_OPTIONS = CompareOptions()
