"""When to stop calling a reward that hangs on row after row.

A reward that always hangs would make a run take its limit times the number of rows. Once it was
ended at its time limit on `PATIENCE_ROWS` rows one after another it is not called again, and each
further row says so: a run loses a few minutes to it, not days. The rule reads only what is written
for the rows before, so a run that was interrupted and resumed gives up at the same row as one that
was not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rewards.errors import InputError
from rewards.workbench.scoring.row_parts import Job, users_rewards

PATIENCE_ROWS = 10
_LONGEST_S = 10**6
_LARGEST_MB = 10**9


@dataclass(frozen=True, kw_only=True)
class RowLimits:
    """What a reward may use for one row.

    Attributes:
        timeout_s: wall seconds of a user's reward, CPU seconds of ours.
        memory_mb: megabytes on top of what its process held before (Linux only).

    Raises:
        InputError: a limit is not above 0, or is beyond what a system can keep.
    """

    timeout_s: float = 10.0
    memory_mb: int = 2048

    def __post_init__(self) -> None:
        if not 0 < self.timeout_s <= _LONGEST_S:
            raise InputError(
                f"a row timeout of {self.timeout_s:g} s cannot be kept; give one above 0 and at "
                f"most {_LONGEST_S:,} s"
            )
        if not 0 < self.memory_mb <= _LARGEST_MB:
            raise InputError(
                f"a row memory of {self.memory_mb:,} MB cannot be kept; give one above 0 and at "
                f"most {_LARGEST_MB:,} MB"
            )

    @property
    def timeout_reason(self) -> str:
        """What a reward did that hung, in words."""
        return f"was ended after {self.timeout_s:g} s (its limit)"

    def describe_timeout(self, path: str) -> str:
        """What is written for a row on which the reward at this import path hung."""
        return f"{path} {self.timeout_reason}"


class Patience:
    """The rewards that are not called any more, by counting rows in order.

    >>> patience = Patience({"mine": "hung"})
    >>> for _ in range(PATIENCE_ROWS):
    ...     patience.count({"mine": {"reason": "hung"}})
    >>> patience.given_up
    {'mine'}
    """

    def __init__(self, hanging: Mapping[str, str]) -> None:
        """`hanging` is what is written for a row on which a reward hung, by label."""
        self.given_up: set[str] = set()
        self._hanging = hanging
        self._streaks = dict.fromkeys(hanging, 0)

    def count(self, results: Mapping[str, Mapping[str, object]]) -> None:
        """Count one row, as it is written."""
        for label, reason in self._hanging.items():
            hung = label in results and results[label].get("reason") == reason
            self._streaks[label] = self._streaks[label] + 1 if hung else 0
            if self._streaks[label] >= PATIENCE_ROWS:
                self.given_up.add(label)


def expect_patience(job: Job, limits: RowLimits) -> Patience:
    """The give-up rule of a job, with the text recorded for a row on which a reward hangs."""
    users = users_rewards(job)
    return Patience({label: limits.describe_timeout(path) for label, path in users.items()})
