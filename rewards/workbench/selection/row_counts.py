"""How many rows were kept and dropped, by reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

SHOWN_ROWS = 10


class Fate(str, Enum):
    """Why a row was kept or not. A row meets the first that holds, in this order."""

    UNREADABLE = "unreadable"
    NO_VERDICT = "no_verdict"
    NOT_JUDGED = "not_judged"
    BELOW_MIN_SCORE = "below_min_score"
    NO_PROMPT = "no_prompt"
    BAD_COMPLETION = "bad_completion"
    DUPLICATE = "duplicate"
    OVER_CAP = "over_cap"
    KEPT = "kept"


MEANINGS = {
    Fate.UNREADABLE: "not a JSON object, here or when the file was scored",
    Fate.NO_VERDICT: "holds no verdict of a reward asked for",
    Fate.NOT_JUDGED: "a verdict without a score",
    Fate.BELOW_MIN_SCORE: "a score below the least one",
    Fate.NO_PROMPT: "holds no prompt, or one that cannot be used",
    Fate.BAD_COMPLETION: "verified, but holds no text to train on",
    Fate.DUPLICATE: "verified, the same completion as one kept",
    Fate.OVER_CAP: "verified, but enough of the prompt are kept",
    Fate.KEPT: "verified and written",
}

# These point at a fault in the file: the first ones are named by their lines.
FAULTS = frozenset({Fate.UNREADABLE, Fate.NO_VERDICT, Fate.NO_PROMPT, Fate.BAD_COMPLETION})


@dataclass(kw_only=True)
class Selection:
    """How a selection ended.

    Attributes:
        output: the file with what was kept, written even when that is nothing.
        rewards: the rewards that had to reach the least score.
        prompts: how many different prompts there are.
        prompts_kept: of how many at least one completion was kept.
        fates: how many rows met which fate; the sum is the number of rows.
        faults: "path:line: what is wrong" for the first rows at fault.
        notes: what a user should know.
        columns: what was read for what, in the first file.
    """

    output: Path
    rewards: tuple[str, ...]
    prompts: int = 0
    prompts_kept: int = 0
    fates: Counter[Fate] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: dict[str, str | None] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self.fates.total()

    @property
    def kept(self) -> int:
        """How many rows were written."""
        return self.fates[Fate.KEPT]

    def count(self, fate: Fate, where: str = "", why: str = "") -> None:
        """Count one row; name it when it is among the first at fault."""
        self.fates[fate] += 1
        if fate in FAULTS and len(self.faults) < SHOWN_ROWS:
            self.faults.append(f"{where}: {why or MEANINGS[fate]}")

    def to_dict(self) -> dict[str, object]:
        """The selection as plain JSON, for `--json`."""
        return {
            "output": str(self.output),
            "rewards": list(self.rewards),
            "rows": self.rows,
            "kept": self.kept,
            "rejected": {f.value: self.fates[f] for f in Fate if f is not Fate.KEPT},
            "prompts": self.prompts,
            "prompts_kept": self.prompts_kept,
            "faults": list(self.faults),
            "notes": list(self.notes),
            "columns": dict(self.columns),
        }
