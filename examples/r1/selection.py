"""Rejection sampling through `rlvr score` and `rlvr select`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from r1.held_out import answers
from r1.sources import CHECKS

VERDICT = "verified"


def write_candidates(  # noqa: PLR0913 - what is sampled, and how
    model: str,
    rows: Sequence[dict[str, Any]],
    folder: Path,
    *,
    samples: int,
    max_tokens: int,
    seed: int = 0,
) -> list[Path]:
    """Sample `samples` completions for each row into a file for each source."""
    asked = [row for row in rows for _ in range(samples)]
    texts = answers(model, [row["prompt"] for row in asked], max_tokens=max_tokens, seed=seed)
    paths = []
    for source in CHECKS:
        lines = [
            json.dumps({**row, "completion": text}, ensure_ascii=False)
            for row, text in zip(asked, texts, strict=True)
            if row["source"] == source
        ]
        if lines:
            paths.append(folder / f"{source}.jsonl")
            paths[-1].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return paths


def select(candidates: Sequence[Path], output: Path, *, per_prompt: int) -> None:
    """Keep of each prompt the shortest completions that are right and in the format."""
    scored = []
    for path in candidates:
        scored.append(path.with_suffix(".scored.jsonl"))
        reward = f"{VERDICT}=Gate(format, {CHECKS[path.stem].name})"
        to = ("--output", scored[-1], "--overwrite")
        _rlvr("score", path, "--reward", reward, *to, good=(0, 1))  # 1: not all could be judged
    chosen = ("--per-prompt", per_prompt, "--prefer", "shortest", "--format", "prompt-completion")
    _rlvr("select", *scored, "--reward", VERDICT, *chosen, "--output", output, "--overwrite")


def _rlvr(*arguments: object, good: Sequence[int] = (0,)) -> None:
    """Run a command of `rlvr`; what it prints is seen.

    Raises:
        SystemExit: it ended with another code than the good ones.
    """
    command = [sys.executable, "-m", "rlvr", *map(str, arguments)]
    done = subprocess.run(command, check=False)  # noqa: S603 - a command of our own making
    if done.returncode not in good:
        raise SystemExit(done.returncode)
