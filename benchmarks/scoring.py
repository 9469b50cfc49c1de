"""`rlvr score` on a large file: memory over the run, two workers against one, interruptions.

    python -m benchmarks.scoring [--quick] [--rows 1000000] [--folder FOLDER]
    python -m benchmarks.scoring --ray [--quick] [--rows 100000] [--programs 4000]

- memory: the largest resident size of the command and all its processes over the first fifth of
  the rows and over the last.
- scaling: wall seconds with one worker against two, in turn, over a part of the rows; medians. The
  CPU seconds of the command's own process and of its workers say what the machine's other work
  cannot: two workers scale as long as the first stays below half of the second.
- interruptions: ended by SIGINT, SIGTERM and SIGKILL at a quarter, a half and three quarters, and
  started again each time: the output must be that of the uninterrupted run, byte for byte.

The rows are made, always the same ones: sums with their working, most boxed, some wrong, some
without an answer.

With `--ray` something else is measured, into `scoring_ray.json`: see `benchmarks.scoring_ray`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.environment import environment
from benchmarks.scoring_ray import compare_with_ray
from benchmarks.scoring_runs import ROOT, Run, write_rows

RESULTS = ROOT / "benchmarks" / "results"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


def measure_memory(source: Path, output: Path) -> dict[str, object]:
    """The uninterrupted run."""
    run = Run(source, output, workers=2)
    seconds = run.finish()
    whole = output.stat().st_size
    early = [size for at, size in run.memory if 0 < at <= whole / 5]
    late = [size for at, size in run.memory if at >= whole * 4 / 5]
    if not early or not late:
        raise RuntimeError("the run is too short to be looked at: give more --rows")
    return {
        "seconds": seconds,
        "input_mb": source.stat().st_size / 2**20,
        "output_mb": whole / 2**20,
        "first_fifth_mb": max(early) / 2**20,
        "last_fifth_mb": max(late) / 2**20,
        "last / first": max(late) / max(early),
    }


def measure_scaling(source: Path, folder: Path, *, rounds: int) -> dict[str, object]:
    """One worker against two, in turn."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    cpu: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for number in range(rounds):
        for workers in (1, 2) if number % 2 == 0 else (2, 1):
            output = folder / "scaling.jsonl"
            output.unlink(missing_ok=True)
            run = Run(source, output, workers=workers)
            seconds[workers].append(run.finish())
            cpu[workers].append(run.cpu_s)
        print(f"round {number + 1}: {seconds[1][-1]:.1f} s, {seconds[2][-1]:.1f} s", flush=True)
    ratios = [one / two for one, two in zip(seconds[1], seconds[2], strict=True)]

    def cpu_s(workers: int, what: str) -> float:
        return statistics.median(run[what] for run in cpu[workers])

    return {
        "rounds": rounds,
        "seconds_by_workers": {str(n): statistics.median(found) for n, found in seconds.items()},
        "speed_up": statistics.median(ratios),
        "of_linear": statistics.median(ratios) / 2,
        "cpu_s": {
            str(n): {what: cpu_s(n, what) for what in ("command", "workers")} for n in seconds
        },
    }


def measure_interruptions(source: Path, whole: Path, output: Path) -> dict[str, object]:
    """Ended three times, started again each time."""
    size = whole.stat().st_size
    rows_kept: list[int] = []
    for part, how in enumerate(SIGNALS, 1):
        run = Run(source, output, workers=2)
        if run.watch(until_bytes=size * part / 4):
            raise RuntimeError("it ended before it could be interrupted: give more --rows")
        run.end(how)
        with run.partial.open("rb") as file:
            rows_kept.append(sum(1 for _ in file))
    Run(source, output, workers=2).finish()
    return {
        "signals": [how.name for how in SIGNALS],
        "rows_kept": rows_kept,
        "identical": _digest(whole) == _digest(output),
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="rlvr-scoring-") as made:
        yield Path(made)


def main(arguments: list[str] | None = None) -> dict[str, object]:
    """Measure, print, and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, help="1,000,000; with --ray 100,000")
    parser.add_argument("--programs", type=int, default=4000, help="rows with programs, with --ray")
    parser.add_argument("--rounds", type=int, help="5; with --ray 3")
    parser.add_argument("--quick", action="store_true", help="fewer rows and one round")
    parser.add_argument("--ray", action="store_true", help="Ray against the plain command instead")
    parser.add_argument("--folder", type=Path, help="where the files go; some 4 GB")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args(arguments)
    with _folder(options.folder) as folder:
        if options.ray:
            rows, rounds = options.rows or 100_000, options.rounds or 3
            programs = options.programs
            if options.quick:
                rows, programs, rounds = 10_000, 200, 1
            found = compare_with_ray(folder, rows=rows, programs=programs, rounds=rounds)
        else:
            rows, rounds = options.rows or 1_000_000, options.rounds or 5
            if options.quick:
                rows, rounds = 30_000, 1
            found = measure_plain(folder, rows=rows, rounds=rounds)
    output = options.output or RESULTS / ("scoring_ray.json" if options.ray else "scoring.json")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def measure_plain(folder: Path, *, rows: int, rounds: int) -> dict[str, object]:
    """Memory, scaling and interruptions."""
    # A shell's background jobs ignore it, and so would the runs that are to be interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    source, part = folder / "rows.jsonl", folder / "part.jsonl"
    write_rows(source, rows)
    write_rows(part, max(rows // 5, 1))
    whole = folder / "whole.jsonl"
    whole.unlink(missing_ok=True)
    found: dict[str, object] = {"environment": environment(), "rows": rows}
    found["load_before"] = os.getloadavg()
    found["memory"] = measure_memory(source, whole)
    print(found["memory"], flush=True)
    found["scaling"] = measure_scaling(part, folder, rounds=rounds)
    print(found["scaling"], flush=True)
    found["interruptions"] = measure_interruptions(source, whole, folder / "again.jsonl")
    print(found["interruptions"], flush=True)
    return found


if __name__ == "__main__":
    main()
