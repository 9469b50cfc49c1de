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

With `--ray` something else is measured, into `scoring_ray.json`: `--ray local` against the plain
command, in turn, over such rows and over rows with programs. Told are seconds to the first rows in
the output (the start) and in all, CPU seconds and resident size of the command's own process, which
is Ray's driver, and the CPU seconds of the rest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from benchmarks.environment import environment

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
REWARDS = ("accuracy", "format")
WATCH_S = 0.2


def write_rows(path: Path, count: int) -> None:
    """The rows that are scored; about 700 bytes each."""
    numbers = random.Random(0)  # noqa: S311 - not for secrets
    with path.open("w", encoding="utf-8") as file:
        for at in range(count):
            terms = [numbers.randrange(1, 10**4) for _ in range(12)]
            total = sum(terms) + (numbers.random() < 0.3)
            steps = [f"{sum(terms[:n])} + {terms[n]} = {sum(terms[: n + 1])}" for n in range(1, 12)]
            answer = rf"the sum is \boxed{{{total}}}." if numbers.random() < 0.9 else "it is so."
            row = {
                "id": at,
                "prompt": f"What is {' + '.join(map(str, terms))}?",
                "completion": f"<think>\n{'; '.join(steps)}.\n</think>\n\nTherefore {answer}",
                "solution": str(sum(terms)),
            }
            file.write(json.dumps(row) + "\n")


def write_programs(path: Path, count: int) -> None:
    """Rows with a program and five asserts each; every fourth program is wrong."""
    with path.open("w", encoding="utf-8") as file:
        for at in range(count):
            source = f"def solve(n):\n    return sum(range(n)) + {at}"
            right = at + (at % 4 == 3)
            tests = [f"assert solve({n}) == {n * (n - 1) // 2 + right}" for n in range(100, 105)]
            row = {"completion": f"Here it is:\n```python\n{source}\n```\n", "tests": tests}
            file.write(json.dumps(row) + "\n")


class Run:
    """One `rlvr score`, watched.

    Attributes:
        start_s: seconds until rows stood in the output.
        cpu_s: CPU seconds of the command's own process and of the others that it started.
        driver_mb: the largest resident size of the command's own process.
    """

    def __init__(
        self,
        source: Path,
        output: Path,
        *,
        workers: int,
        rewards: Sequence[str] = REWARDS,
        ray: str | None = None,
    ) -> None:
        command = [sys.executable, "-m", "rlvr", "score", str(source), "--output", str(output)]
        for reward in rewards:
            command += ["--reward", reward]
        if ray is not None:
            command += ["--ray", ray]
        self.partial = output.with_name(f"{output.name}.partial")
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, "--workers", str(workers)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.memory: list[tuple[int, int]] = []  # bytes written, resident bytes
        self.cpu_s = {"command": 0.0, "workers": 0.0}
        self.start_s: float | None = None
        self.driver_mb = 0.0

    def watch(self, until_bytes: float = float("inf")) -> bool:
        """Look at it until it has ended (true), or has written so much."""
        while self.process.poll() is None:
            written = self.partial.stat().st_size if self.partial.exists() else 0
            if written and self.start_s is None:
                self.start_s = time.perf_counter() - self.started
            if written >= until_bytes:
                return False
            self._measure(written)
            time.sleep(WATCH_S)
        return True

    def finish(self) -> float:
        """Watch to the end; wall seconds."""
        self.watch()
        if self.process.returncode:
            raise RuntimeError(self.process.communicate()[1])
        return time.perf_counter() - self.started

    def end(self, how: signal.Signals) -> None:
        """End it."""
        self.process.send_signal(how)
        self.process.communicate()

    def _measure(self, written: int) -> None:
        with suppress(psutil.NoSuchProcess):
            own = psutil.Process(self.process.pid)
            others = own.children(recursive=True)
            resident = sum(_or_zero(one, "memory") for one in (own, *others))
            self.memory.append((written, resident))
            self.driver_mb = max(self.driver_mb, _or_zero(own, "memory") / 2**20)
            spent = {"command": [own], "workers": others}
            for what, processes in spent.items():  # children of ours that ended no longer count
                seconds = sum(_or_zero(one, what) for one in processes)
                self.cpu_s[what] = max(self.cpu_s[what], seconds)


def _or_zero(process: psutil.Process, what: str) -> float:
    try:
        if what == "memory":
            return int(process.memory_info().rss)
        times = process.cpu_times()
        if what == "workers":  # programs are their children, and have mostly ended
            return float(sum(times[:4]))
        return float(times.user + times.system)
    except psutil.NoSuchProcess:
        return 0


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
