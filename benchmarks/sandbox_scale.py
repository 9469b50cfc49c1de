"""What the sandbox does at the size of a training step, and after many of them.

    python -m benchmarks.sandbox_scale [--quick] [--scale 0.1] [--parts step mixed cost files]

- step: 512 completions × 40 stdin tests through the reward `code`, awaited by one asyncio thread:
  whether the scores came in order, and the share of the CPU time spent that the programs' own
  processes took, the rest being the zygotes' and ours.
- mixed: 20,000 small programs of mixed kinds (functions, asserts, stdin, files, numpy, crashes,
  loops, floods): what grew in memory, descriptors, processes and files.
- cost: CPU milliseconds a sample, ours and a bare fork of an interpreter that has the same modules
  loaded and runs the same program, in turn, without numpy and with it.
- files: the same for a sandbox with a folder for files and one without, and for a program that
  writes one.

Ratios are of one round, the median of several. Chosen parts replace their own entries in the result
file and leave the others.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.environment import environment
from benchmarks.sandbox_ways import CASES, PROGRAM, cpu_s, descendants
from rewards import Code
from sandbox import (
    AssertTests,
    Case,
    FunctionTests,
    Limits,
    Outcome,
    ProgramRun,
    Sandbox,
    Status,
    StdinTests,
)
from sandbox.executors.job import Job
from sandbox.executors.local import LocalPool

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "sandbox_scale.json"
TESTS = FunctionTests("pairs", [Case(args=args, expected=expected) for args, expected in CASES])
# Some twenty milliseconds, which is little for a test of a contest's problem.
SOLUTION = """
import sys
def main():
    n = int(sys.stdin.readline())
    sieve = bytearray([1]) * (n + 1)
    for p in range(2, int(n ** 0.5) + 1):
        if sieve[p]:
            sieve[p * p :: p] = bytes(len(range(p * p, n + 1, p)))
    total = 0
    for number in range(2, n + 1):
        total += sieve[number] * number % 7
    print(total + {extra})
main()
"""
NUMPY = "import numpy as np\n" + PROGRAM.replace("found = []", "found = np.zeros(0).tolist()")


class Counting:
    """A local pool that adds up what the programs themselves used."""

    def __init__(self, workers: int) -> None:
        self._pool = LocalPool(workers=workers)
        self.capacity = workers
        self.programs_cpu_s = 0.0

    def run(self, job: Job) -> Outcome | ProgramRun:
        """Run a job and add what it used."""
        outcome = self._pool.run(job)
        self.programs_cpu_s += outcome.cpu_s
        return outcome

    def report(self) -> Mapping[str, object]:
        """What the pool reports."""
        return self._pool.report()

    def close(self) -> None:
        """End the pool."""
        self._pool.close()


def step(*, quick: bool, scale: float) -> dict[str, object]:
    """One step of training: many completions at once, many tests each."""
    completions, tests, size = (32, 8, 60_000) if quick else (int(512 * scale), 40, 200_000)
    sizes = [size + n for n in range(tests)]
    row = {"inputs": [f"{n}\n" for n in sizes], "outputs": [_solve(n) for n in sizes]}
    texts = [f"```python\n{SOLUTION.format(extra=n % 2)}\n```" for n in range(completions)]
    workers = len(os.sched_getaffinity(0))
    counting = Counting(workers)
    reward = Code(executor=counting, partial=True, total_s=1e6)
    try:
        reward(prompts=["p"] * 2, completions=texts[:2], tests=[row] * 2)  # zygotes, caches
        counting.programs_cpu_s = 0.0
        pids = [os.getpid(), *descendants(os.getpid())]
        before, started = cpu_s(pids), time.perf_counter()
        scores = asyncio.run(_awaited(reward, texts, row))
        wall, spent = time.perf_counter() - started, cpu_s(pids) - before
    finally:
        counting.close()
    expected = [float(n % 2 == 0) for n in range(completions)]
    return {
        "step": {
            "completions": completions,
            "tests": tests,
            "in_order": scores == expected,
            "tests_a_second": completions * tests / wall,
            "wall_s": wall,
            "cpus": workers,
            "cpu_s": spent,
            "share_of_cpu_time_in_programs": counting.programs_cpu_s / spent,
            "cpu_ms_a_test": spent / (completions * tests) * 1e3,
        }
    }


async def _awaited(reward: Code, texts: list[str], row: object) -> list[float | None]:
    return await asyncio.to_thread(
        reward, prompts=["p"] * len(texts), completions=texts, tests=[row] * len(texts)
    )


def _solve(n: int) -> str:
    composite = bytearray(n + 1)
    total = 0
    for p in range(2, n + 1):
        if not composite[p]:
            total += p % 7
            composite[p * p :: p] = b"\1" * len(range(p * p, n + 1, p))
    return f"{total}\n"


def mixed(*, quick: bool, scale: float) -> dict[str, object]:
    """Many programs of every kind, and what they leave."""
    samples = 400 if quick else int(20_000 * scale)
    echo = StdinTests([Case(stdin="1", expected="1")])
    kinds: list[tuple[str, FunctionTests | AssertTests | StdinTests, bool]] = [
        (PROGRAM, TESTS, True),
        (PROGRAM, AssertTests([f"assert pairs(*{CASES[0][0]!r}) == {CASES[0][1]!r}"]), True),
        ("print(input())", echo, True),
        ("open('x', 'w').write(input())\nprint(open('x').read())", echo, True),
        ("import os\nos.makedirs('a/b')\nopen('a/b/c', 'w').close()\nprint(2)", echo, False),
        (NUMPY, TESTS, True),
        ("def pairs(*_): return [1] * 5_000", TESTS, False),
        ("import os\nos.abort()", echo, False),
        ("import asyncio\nasync def m(): print(input())\nasyncio.run(m())", echo, True),
        ("while True: print('x' * 10_000)", echo, False),
        ("x = bytearray(1 << 40)", echo, False),
        ("def pairs(", TESTS, False),
    ]
    with tempfile.TemporaryDirectory() as home, Sandbox(workers=2, limits=Limits(cpu_s=5)) as box:
        tempfile.tempdir = home
        jobs = [(source, tests) for source, tests, _ in kinds]
        for _ in range(4 if quick else 40):  # each kind at once in every slot, so that all are warm
            for job in jobs:
                box.run_many([job] * 2)
        before = _held()
        wrong = 0
        started = time.perf_counter()
        for number, outcome in enumerate(box.stream(jobs[n % len(jobs)] for n in range(samples))):
            wrong += (outcome.status is Status.ACCEPTED) != kinds[number % len(kinds)][2]
        wall = time.perf_counter() - started
        after = _held()
        tempfile.tempdir = None
    grown = {name: after[name] - before[name] for name in before}
    return {"mixed": {"samples": samples, "misjudged": wrong, "wall_s": wall, "grown": grown}}


def _held() -> dict[str, int]:
    pids = [os.getpid(), *descendants(os.getpid())]
    return {
        "memory_kb": sum(map(_rss_kb, pids)),
        "processes": len(pids),
        "descriptors": sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
        "files": len(list(Path(tempfile.gettempdir()).rglob("*"))),
    }


def _rss_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def cost(*, quick: bool, scale: float) -> dict[str, object]:
    """A sample's CPU time against the bare fork of the same interpreter, in turn."""
    samples, rounds = (40, 3) if quick else (max(50, int(200 * scale)), 9)
    found: dict[str, object] = {}
    for name, program, modules in (("plain", PROGRAM, ()), ("numpy", NUMPY, ("numpy",))):
        with Sandbox(workers=1) as box:
            bare = _Bare(program, modules)
            run = _accepted(box, program)
            for _ in range(10):
                run()
            pairs = [(_spent(run, samples), _spent(bare.run, samples)) for _ in range(rounds)]
            bare.close()
        found[name] = {
            "ours_cpu_ms": statistics.median(one for one, _ in pairs),
            "bare_cpu_ms": statistics.median(other for _, other in pairs),
            "ratio": statistics.median(one / other for one, other in pairs),
        }
    return {"cost": found}


class _Bare:
    """A process that has loaded what a zygote has, forks for each sample and runs it there."""

    def __init__(self, program: str, modules: tuple[str, ...]) -> None:
        asked, self._ask = os.pipe()
        self._told, told = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._ask)
            _serve_bare(program, modules, asked, told)
        os.close(asked)
        os.close(told)
        self.run()

    def run(self) -> None:
        os.write(self._ask, b"x")
        if os.read(self._told, 1) != b"0":
            raise SystemExit("the bare fork failed")

    def close(self) -> None:
        os.close(self._ask)
        os.waitpid(self.pid, 0)


def _serve_bare(program: str, modules: tuple[str, ...], asked: int, told: int) -> None:
    import gc

    from sandbox.zygote.boot import _PRELOADED

    for name in (*_PRELOADED.split(), "sandbox.zygote.function", *modules):
        __import__(name)
    gc.collect()
    gc.freeze()
    gc.disable()
    while os.read(asked, 1):
        pid = os.fork()
        if pid == 0:
            names: dict[str, object] = {}
            exec(compile(program, "solution.py", "exec"), names)  # noqa: S102
            right = all(names["pairs"](*args) == out for args, out in CASES)  # type: ignore[operator]
            os._exit(0 if right else 1)
        os.write(told, b"1" if os.waitpid(pid, 0)[1] else b"0")
    os._exit(0)


def _accepted(box: Sandbox, program: str) -> Callable[[], None]:
    def run() -> None:
        if box.run(program, TESTS).status is not Status.ACCEPTED:
            raise SystemExit("a right sample was not accepted")

    return run


def _spent(run: Callable[[], None], samples: int) -> float:
    pids = [os.getpid(), *descendants(os.getpid())]
    before = cpu_s(pids)
    for _ in range(samples):
        run()
    return (cpu_s(pids) - before) / samples * 1e3


def files(*, quick: bool, scale: float) -> dict[str, object]:
    """What the folder for files costs those that use it, and those that do not."""
    samples, rounds = (40, 3) if quick else (max(50, int(200 * scale)), 9)
    with Sandbox(workers=1) as having, Sandbox(workers=1, files_mb=0) as lacking:
        runs = [
            _accepted(lacking, PROGRAM),
            _accepted(having, PROGRAM),
            _accepted(having, "open('x', 'w').write('1')\n" + PROGRAM),
        ]
        for run in runs:
            for _ in range(10):
                run()
        spent = [[_spent(run, samples) for run in runs] for _ in range(rounds)]
    return {
        "files": {
            "unused_ratio": statistics.median(one[1] / one[0] for one in spent),
            "used_ratio": statistics.median(one[2] / one[0] for one in spent),
        }
    }


PARTS: dict[str, Callable[..., dict[str, object]]] = {
    "step": step,
    "mixed": mixed,
    "cost": cost,
    "files": files,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="few samples; writes no result file")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the samples to run")
    options = parser.parse_args()
    result: dict[str, object] = {}
    if RESULT.is_file() and set(options.parts) != set(PARTS):
        result = json.loads(RESULT.read_text(encoding="utf-8"))
    for part in options.parts:
        result |= PARTS[part](quick=options.quick, scale=options.scale)
        result["environment"] = environment() | {"load": os.getloadavg()[0]}
        text = json.dumps(result, indent=2) + "\n"
        if not options.quick:
            RESULT.parent.mkdir(parents=True, exist_ok=True)
            RESULT.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
