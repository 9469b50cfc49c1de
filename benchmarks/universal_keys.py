"""Is there one completion that scores on most rows? `python -m benchmarks.universal_keys`.

A policy finds such a key sooner or later, and then learns nothing else. For each reward a search
(`benchmarks.key_search`) tries to open as many rows as it can with one completion. *Fair* is what
an honest guess opens: the most frequent reference's rows. What opens more is a key.

`format` is there to show what a key looks like: a reward for form alone is opened by its form.
`json_schema` and `pattern_match` are as strict as the row's schema and pattern.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time

from rich.console import Console
from rich.table import Table

from benchmarks.environment import environment
from benchmarks.key_rows import KINDS, Kind
from benchmarks.key_search import search

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Found:
    """What the search made of one reward.

    Attributes:
        rows: how many rows there were.
        fair: how many of them the best honest guess opens.
        tried: completions tried.
        opened: how many rows the best of them opened.
        keys: the best completions, with how many rows each opened.
        by_design: whether one completion may open every row, as the reward says.
        seconds: CPU seconds of this process.
    """

    rows: int
    fair: int
    tried: int
    opened: int
    keys: list[dict[str, object]]
    by_design: bool
    seconds: float

    @property
    def is_open(self) -> bool:
        """Whether a key was found that nothing excuses."""
        return self.opened > self.fair and not self.by_design


def hunt(kind: Kind, *, rounds: int, width: int, seed: int = 0) -> Found:
    """Search for a key to the rows of one reward."""
    start = process_time()
    reward, columns, rows = kind.reward(), kind.columns, kind.rows

    def openings(completions: Sequence[str]) -> list[int]:
        answers = [text for text in completions for _ in rows]
        cells = {name: [row[name] for _ in completions for row in rows] for name in columns}
        scores = _called(reward, answers, cells)
        size = len(rows)
        return [
            sum(score is not None and score >= kind.threshold for score in scores[at : at + size])
            for at in range(0, len(scores), size)
        ]

    keys, tried = search(kind.language, openings, rounds=rounds, width=width, seed=seed)
    return Found(
        rows=len(rows),
        fair=kind.fair,
        tried=tried,
        opened=keys[0].opened,
        keys=[asdict(key) for key in keys],
        by_design=kind.by_design,
        seconds=round(process_time() - start, 1),
    )


def _called(
    reward: Callable[..., list[float | None]], answers: list[str], cells: dict[str, list[object]]
) -> list[float | None]:
    return reward(completions=answers, prompts=[""] * len(answers), **cells)


def main() -> None:
    """Hunt for keys to all rewards, print a table and write the JSON."""
    arguments = _arguments()
    console = Console()
    table = Table(title="one completion for all rows")
    for name in ("reward", "rows", "fair", "tried", "most rows opened", "by"):
        table.add_column(name)
    found: dict[str, Found] = {}
    for name in arguments.rewards or KINDS:
        kind = KINDS[name]
        with console.status(f"hunting for a key to {name}"):
            rounds = max(2, arguments.rounds // kind.dearness)
            found[name] = hunt(kind, rounds=rounds, width=arguments.width, seed=arguments.seed)
        one = found[name]
        key = json.dumps(one.keys[0]["completion"], ensure_ascii=False)
        table.add_row(name, str(one.rows), str(one.fair), str(one.tried), str(one.opened), key[:60])
    console.print(table)
    report = {
        "command": " ".join(["python -m benchmarks.universal_keys", *sys.argv[1:]]),
        "environment": environment(),
        "rewards": {name: {**asdict(one), "is_open": one.is_open} for name, one in found.items()},
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(
        json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    console.print(f"written to {arguments.output}")
    sys.exit(any(one.is_open for one in found.values()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rewards", nargs="*", choices=sorted(KINDS), default=())
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--width", type=int, default=40, help="candidates kept in each round")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULTS / "universal_keys.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
