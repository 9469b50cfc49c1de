"""One finding of `rlvr doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Grade(str, Enum):
    """How good a finding is."""

    FINE = "fine"
    NOTE = "note"  # something works less well, or an extra is not installed
    BROKEN = "broken"  # something needed does not work


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was looked at and found, and what to do about it.

    Attributes:
        group: the heading it belongs under.
        name: what was looked at.
        found: what was found.
        grade: how good that is.
        mend: what to do, where the grade is not `FINE`.
    """

    group: str
    name: str
    found: str
    grade: Grade = Grade.FINE
    mend: str = ""
