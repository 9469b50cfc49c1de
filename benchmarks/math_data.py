r"""Labelled math answers: the small set that comes with the project, or a folder of larger ones.

A row is a reference (`gold`), a completion and whether the completion is right (`label`). Where a
file holds answers rather than completions, they are put in a box.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rewards.workbench.benchmarking.labelled import shipped

SHIPPED = shipped("math_labelled")
LABELLED_SETS = (
    "qwen25_math_completions",
    "constructed",
    "adversarial",
    "maintainers",
    "hardverify",
)
FIELD = "field"  # the folder of pairs from public reports and other graders' test suites
# Kinds whose completion is one as it stands, box or not.
_WHOLE = frozenset({"completion", "full_completion", "text"})
# Rows whose label contradicts mathematics, or asks for another convention than ours, and why.
EXCEPTIONS = Path(__file__).parent / "data" / "math_exceptions.jsonl"
# Golds that a converter broke; no answer is right for them.
_CORRUPT_GOLDS = frozenset({"4:30p.."})


@dataclass(frozen=True, slots=True)
class Row:
    """A reference, a completion, and whether it is right."""

    gold: str
    completion: str
    label: bool
    kind: str

    @property
    def key(self) -> str:
        """The start of the SHA-256 of reference, a zero byte and completion: the row's name."""
        return hashlib.sha256(f"{self.gold}\0{self.completion}".encode()).hexdigest()[:16]


def load_exceptions() -> dict[str, str]:
    """Why a row is excepted, by the row's key."""
    with EXCEPTIONS.open(encoding="utf-8") as lines:
        return {row["key"]: row["why"] for row in map(json.loads, lines)}


def load_sets(folder: Path | None, names: Sequence[str] = ()) -> dict[str, list[Row]]:
    """The sets in `folder` by name, or the one that comes with the project.

    Without names these are the labelled sets and whatever lies in `folder/field`.
    """
    if folder is None:
        return {"shipped": load_rows(SHIPPED)}
    field = sorted(path.stem for path in (folder / FIELD).glob("*.jsonl"))
    chosen = names or (*LABELLED_SETS, *(f"{FIELD}/{name}" for name in field))
    sets = {}
    for name in chosen:
        path = folder / f"{name}.jsonl"
        if not path.exists():
            raise SystemExit(f"{path} is not there; --data names a folder with {name}.jsonl")
        sets[name] = load_rows(path)
    return sets


def load_rows(path: Path) -> list[Row]:
    """The rows of one JSONL file, corrupt golds left out."""
    rows = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["gold"] not in _CORRUPT_GOLDS:
                rows.append(_read(row))
    return rows


def _read(row: dict[str, str]) -> Row:
    gold = row["gold"]
    if "completion" not in row:  # a set of references: each must accept itself
        return Row(gold, f"\\boxed{{{_bare(gold)}}}", label=True, kind="gold")
    completion, kind = row["completion"], row.get("kind", "completion")
    if "\\boxed" not in completion and kind not in _WHOLE:
        completion = f"\\boxed{{{_bare(completion)}}}"
    return Row(gold, completion, bool(row["label"]), kind)


def _bare(answer: str) -> str:
    stripped = answer.strip()
    inside = stripped[1:-1]
    if len(stripped) > 2 and stripped[0] == stripped[-1] == "$" and "$" not in inside:
        return inside
    return stripped
