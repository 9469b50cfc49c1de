"""How the reward for programs judges cases made from complaints about other code rewards.

    python -m benchmarks.code_field FILE [--workers N] [--only WORD ...] [--no-record]

FILE holds one JSON object a line: `id`, `completion`, `tests`, `prompt`, `row` (cells of further
columns), `options` of `Code`, `right` (every status that is right) and `group` (the kind). Prints
each case that is misjudged, and per kind how many are and how many are paid: a score above zero
where no right status is `correct`. Each case runs alone, so that none is slowed by another.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environment import environment
from rewards import Code, Verdict

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "code_field.json"
_UNNAMED = "plain"


@dataclass(frozen=True)
class Judged:
    """A case, and what the reward said of it."""

    name: str
    kind: str
    right: tuple[str, ...]
    verdict: Verdict

    @property
    def misjudged(self) -> bool:
        """Whether the status is none of the right ones."""
        return self.verdict.status.value not in self.right

    @property
    def paid(self) -> bool:
        """Whether a program got something that must get nothing."""
        return bool(self.verdict.score) and "correct" not in self.right


def judge(case: dict[str, Any], *, workers: int | None) -> Judged:
    """One case through the door that training uses."""
    options = dict(case["options"] or {})
    row = dict(case["row"] or {})
    code = Code(workers=workers, **options)
    verdict = code.verify(case["completion"], case["tests"], prompt=case["prompt"], **row)
    return Judged(str(case["id"]), str(case["group"] or _UNNAMED), tuple(case["right"]), verdict)


def by_kind(judged: Iterable[Judged]) -> dict[str, dict[str, int]]:
    """Cases, misjudged and paid for each kind."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"cases": 0, "misjudged": 0, "paid": 0})
    for one in judged:
        count = counts[one.kind]
        count["cases"] += 1
        count["misjudged"] += one.misjudged
        count["paid"] += one.paid
    return dict(sorted(counts.items()))


def main() -> None:
    """Run the cases, say what is misjudged, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--only", nargs="*", help="ids or kinds")
    parser.add_argument("--no-record", action="store_true")
    chosen = parser.parse_args()
    cases = [json.loads(line) for line in chosen.file.read_text(encoding="utf-8").splitlines()]
    if chosen.only:
        cases = [case for case in cases if {case["id"], case["group"]} & set(chosen.only)]
    judged = [judge(case, workers=chosen.workers) for case in cases]
    for one in judged:
        if one.misjudged or one.paid:
            mark = "PAID" if one.paid else "    "
            said = f"{one.verdict.status.value}: {one.verdict.reason}"
            print(f"{mark} {one.kind:20} {one.name:30} wants {'/'.join(one.right)}, {said[:300]}")
    kinds = by_kind(judged)
    for kind, count in kinds.items():
        print(f"{kind:24}", *(f"{number:4} {name}" for name, number in count.items()))
    misjudged = [one for one in judged if one.misjudged]
    paid = [one for one in judged if one.paid]
    print(f"{len(judged)} cases, {len(misjudged)} misjudged, {len(paid)} paid")
    if not chosen.no_record and not chosen.only:
        record = {
            "environment": environment(),
            "cases": len(judged),
            "misjudged": {one.name: one.verdict.status.value for one in misjudged},
            "paid": [one.name for one in paid],
            "kinds": kinds,
        }
        RESULT.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
