"""`rlvr score --ray local` against the plain command: `python -m benchmarks.scoring --ray`.

In turn, over rows with sums and over rows with programs. Told are seconds to the first rows in the
output (the start) and in all, CPU seconds and resident size of the command's own process, which is
Ray's driver, and the CPU seconds of the rest.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.environment import environment
from benchmarks.scoring_runs import REWARDS, Run, write_programs, write_rows


def measure_ray(
    source: Path, folder: Path, *, rewards: Sequence[str], rounds: int
) -> dict[str, object]:
    """The plain command against Ray on this machine, in turn.

    Raises:
        RuntimeError: the outputs differ.
    """
    runs: dict[str, list[dict[str, float]]] = {"plain": [], "ray": []}
    outputs = {way: folder / f"{way}.jsonl" for way in runs}
    for number in range(rounds):
        for way in [*runs] if number % 2 == 0 else [*reversed(runs)]:
            outputs[way].unlink(missing_ok=True)
            run = Run(
                *(source, outputs[way]),
                workers=2,
                rewards=rewards,
                ray="local" if way == "ray" else None,
            )
            seconds = run.finish()
            runs[way].append(
                {
                    "seconds": seconds,
                    "start_s": run.start_s or seconds,
                    "command_cpu_s": run.cpu_s["command"],
                    "workers_cpu_s": run.cpu_s["workers"],
                    "driver_mb": run.driver_mb,
                }
            )
            print(f"round {number + 1}, {way}: {runs[way][-1]}", flush=True)
    if _scores(outputs["plain"]) != _scores(outputs["ray"]):
        raise RuntimeError("Ray's verdicts are not those of the plain command")
    medians = {
        way: {what: statistics.median(one[what] for one in found) for what in found[0]}
        for way, found in runs.items()
    }
    plain, ray = medians["plain"], medians["ray"]
    cpu_s = {way: one["command_cpu_s"] + one["workers_cpu_s"] for way, one in medians.items()}
    return {
        "rounds": rounds,
        **medians,
        "seconds ray / plain": ray["seconds"] / plain["seconds"],
        "cpu ray / plain": cpu_s["ray"] / cpu_s["plain"],
        "command cpu ray / plain": ray["command_cpu_s"] / plain["command_cpu_s"],
    }


def _scores(output: Path) -> list[list[object]]:
    """What was found, without how long it took."""
    with output.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [
        [(cell["score"], cell["status"]) for cell in row.values() if isinstance(cell, dict)]
        for row in rows
    ]


def compare_with_ray(folder: Path, *, rows: int, programs: int, rounds: int) -> dict[str, object]:
    """Both kinds of rows."""
    math, code = folder / "rows.jsonl", folder / "programs.jsonl"
    write_rows(math, rows)
    write_programs(code, programs)
    return {
        "environment": environment(),
        "load_before": os.getloadavg(),
        "rows": rows,
        "math": measure_ray(math, folder, rewards=REWARDS, rounds=rounds),
        "programs": programs,
        "code": measure_ray(code, folder, rewards=("code",), rounds=rounds),
    }
