"""Random mutations of real answers: `python benchmarks/answers_fuzz.py --minutes 10 --seed 1`.

Prints, and exits with 1 for, a pair that raises, that takes more than `--slow` CPU seconds, or an
answer that does not accept itself as a reference.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import random
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/rewards/answers")]

from strategies import PIECES  # noqa: E402

from rewards.answers import Equality, compare, read_answer, read_reference  # noqa: E402

HANG_S = 60
LONGEST = 400


def seeds() -> list[str]:
    """References of the cases, and of the development data where it lies beside the checkout."""
    files = [*(ROOT / "tests/cases").glob("answers_*.jsonl")]
    files += (ROOT.parent / "shared/data/math").glob("golds.jsonl")
    rows = [json.loads(line) for file in files for line in file.open(encoding="utf-8")]
    found = {str(row.get("reference", row.get("gold"))) for row in rows}
    return sorted(text for text in found if len(text) < LONGEST // 2)


def mutate(text: str, draw: random.Random, others: list[str]) -> str:
    for _ in range(draw.choice([1, 1, 2, 3, 6])):
        start = draw.randrange(len(text) + 1)
        end = min(len(text), start + draw.randrange(1, 8))
        other = draw.choice(others)
        cut = draw.randrange(len(other) + 1)
        middle = draw.choice(
            [
                draw.choice(PIECES) + text[start:end],
                "",
                text[start:end] * draw.randrange(2, 5),
                other[cut : cut + draw.randrange(1, 20)] + text[start:end],
                draw.choice(PIECES),
                chr(draw.choice([draw.randrange(32, 127), draw.randrange(0x80, 0x3000)])),
            ]
        )
        text = (text[:start] + middle + text[end:])[:LONGEST]
    return text


def flaw_of(reference: str, answer: str, slow_s: float) -> str | None:
    """What is wrong with how a pair is handled, or `None`."""
    faulthandler.dump_traceback_later(HANG_S, exit=True)
    started = time.thread_time()
    try:
        read, written = read_reference(reference), read_answer(answer)
        compare(read, written)
        read.describe()
        written.describe()
        itself = read_reference(answer)
        back = compare(itself, written)
    except Exception:  # noqa: BLE001 - whatever is raised is what we look for
        return traceback.format_exc(limit=-3)
    if (spent := time.thread_time() - started) > slow_s:
        return f"took {spent:.2f} CPU seconds"
    # A reference is searched for its box or mark; an answer is taken as it stands.
    searched = any(mark in answer for mark in ("box", "####", "answer"))
    if itself.unreadable is None and not searched and back.outcome is Equality.DIFFERENT:
        return f"does not accept itself: {back.reason}"
    return None


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--slow", type=float, default=0.5, help="CPU seconds a pair may take")
    given = options.parse_args()
    draw, known = random.Random(given.seed), seeds()  # noqa: S311 - not a secret
    deadline, pairs, flaws = time.monotonic() + 60 * given.minutes, 0, 0
    while time.monotonic() < deadline:
        reference = draw.choice(known)
        soup = "".join(draw.choices(PIECES, k=draw.randrange(1, 14)))
        answer = mutate(reference if draw.random() < 0.7 else soup, draw, known)
        if draw.random() < 0.5:
            reference = mutate(reference, draw, known)
        pairs += 1
        if flaw := flaw_of(reference, answer, given.slow):
            flaws += 1
            print(f"{reference!r} | {answer!r}\n  {flaw}", flush=True)
    print(f"{pairs} pairs, {flaws} flaws")
    raise SystemExit(bool(flaws))


if __name__ == "__main__":
    main()
