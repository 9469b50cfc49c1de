# ruff: noqa: E501
"""Print false negatives and false positives on the development data: `python -m benchmarks.answers_measure [SET]`."""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "math"
sys.path.insert(0, str(ROOT))

from rewards.answers import Comparison, compare, read_answer, read_reference  # noqa: E402
from rewards.extraction.boxes import last_boxed  # noqa: E402

WHOLE = {"completion", "full_completion", "text"}


def rows(name: str) -> list[dict[str, Any]]:
    with (DATA / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def answer_of(row: dict[str, Any]) -> str | None:
    """The text in the answer place of a row; `None` if it has none."""
    text = row["completion"]
    if row.get("kind") in WHOLE or "\\boxed" in text:
        if "</think>" in text:
            text = text.rsplit("</think>", 1)[1]
        boxed = last_boxed(text)
        if boxed is not None or row.get("kind") == "completion" or len(text) > 200:
            return boxed
        return re.split(r"(?:[Aa]nswer(?: is|:)|答案是) *", text)[-1]
    text = text.strip()
    if text.startswith("$") and text.endswith("$") and len(text) > 1:
        text = text.strip("$")
    return text


def judge(row: dict[str, Any]) -> Comparison | None:
    answer = answer_of(row)
    if answer is None:
        return None
    return compare(read_reference(row["gold"]), read_answer(answer))


def main() -> None:
    names = sys.argv[1:] or [
        "qwen25_math_completions", "constructed", "adversarial", "maintainers", "hardverify", "golds",
    ]  # fmt: skip
    for name in names:
        counts, start = Counter(), time.process_time()
        slow = []
        for row in rows(name):
            if name == "golds":
                row |= {
                    "completion": "\\boxed{" + row["gold"] + "}",
                    "kind": "completion",
                    "label": True,
                }
            before = time.process_time()
            verdict = judge(row)
            slow.append((time.process_time() - before, row["gold"]))
            outcome = "no answer" if verdict is None else verdict.outcome.value
            counts[row["label"], outcome] += 1
            if (outcome == "equal") != row["label"] or (outcome == "undecided" and len(names) == 1):
                kind = "FN" if row["label"] else "FP"
                if outcome == "undecided" and not row["label"]:
                    kind = "undecided"
                if name != "golds" and (len(names) == 1 or kind == "FP"):
                    reason = verdict.reason if verdict else ""
                    print(
                        f"  {kind} {outcome} {row['gold'][:90]!r} | {(answer_of(row) or row['completion'])[-90:]!r} | {reason[:300]}"
                    )
                elif name == "golds":
                    print(
                        f"  {kind} {outcome} {row['gold'][:150]!r} {verdict and verdict.reason[:200]}"
                    )
        spent = time.process_time() - start
        total = sum(counts.values())
        fn = sum(n for (label, out), n in counts.items() if label and out != "equal")
        fp = sum(n for (label, out), n in counts.items() if not label and out == "equal")
        slow.sort(reverse=True)
        print(
            f"{name}: FN {fn} FP {fp} of {total} {dict(counts)} {spent / total * 1e6:.0f} us/row; slowest {slow[0][0] * 1e3:.1f} ms {slow[0][1][:60]!r}, {slow[1][0] * 1e3:.1f} ms"
        )


if __name__ == "__main__":
    main()
