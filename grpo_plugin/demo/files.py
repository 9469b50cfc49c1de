"""What the demo leaves behind: scored completions, samples to read, a summary."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grpo_plugin.demo.evaluation import Answer, Evaluation
    from rewards import Verdict

CURVE, SAMPLES, SCORED, SUMMARY = "curve.png", "samples.md", "scored.jsonl", "summary.json"
FILES = (CURVE, SAMPLES, SCORED, SUMMARY)

_SAMPLES_SHOWN = 12


def clear_output(output: Path) -> None:
    """Make the folder, and remove what an earlier demo left in it (nothing else)."""
    output.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (output / name).unlink(missing_ok=True)


def write_summary(output: Path, summary: Mapping[str, object]) -> None:
    """Write `summary.json`, whole or not at all."""
    _write(output / SUMMARY, json.dumps(summary, indent=2) + "\n")


def write_scored(output: Path, before: Evaluation, after: Evaluation) -> None:
    """Write every sampled completion, one JSON line each, as `rlvr score` writes them."""
    rows = [
        json.dumps(_scored_row(answer, phase), ensure_ascii=False)
        for phase, evaluation in (("before", before), ("after", after))
        for answer in evaluation.sampled
    ]
    _write(output / SCORED, "\n".join(rows) + "\n")


def write_samples(output: Path, before: Evaluation, after: Evaluation) -> None:
    """Write some held-out problems with a completion and its verdicts before and after."""
    lines = [
        "# Held-out problems before and after GRPO",
        "",
        "One completion sampled at temperature 1 for each; none of these sums was trained on.",
    ]
    pairs = list(zip(before.sampled, after.sampled, strict=True))
    firsts = list({old.problem: (old, new) for old, new in reversed(pairs)}.values())[::-1]
    # Spread over the list, in which 23+21 follows 21+23.
    apart = max(1, len(firsts) // _SAMPLES_SHOWN)
    for old, new in firsts[::apart][:_SAMPLES_SHOWN]:
        lines += ["", f"## {old.problem.prompt}{old.problem.solution}", ""]
        lines += ["| | completion | accuracy | format |", "|---|---|---|---|"]
        lines += [_sample_line("before", old), _sample_line("after", new)]
    _write(output / SAMPLES, "\n".join(lines) + "\n")


def _scored_row(answer: Answer, phase: str) -> dict[str, object]:
    return {
        "prompt": answer.problem.prompt,
        "completion": answer.completion,
        "solution": answer.problem.solution,
        "phase": phase,
        "accuracy": answer.accuracy.to_dict(seconds=False),
        "format": answer.format.to_dict(seconds=False),
    }


def _sample_line(phase: str, answer: Answer) -> str:
    cells: Iterable[str] = (
        phase,
        f"`{answer.completion}`" if answer.completion else "(empty)",
        _verdict(answer.accuracy),
        _verdict(answer.format),
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _verdict(verdict: Verdict) -> str:
    """Score and reason; a tag named in the reason must not become markup."""
    return f"{verdict.score}: {verdict.reason}".replace("<", "&lt;")


def _write(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)  # noqa: PTH105 - atomic, and overwrites on every platform
