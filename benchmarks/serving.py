"""`rlvr serve` under load, with its processes killed meanwhile, and beside a bare runner.

    python -m benchmarks.serving [--requests 2000] [--programs 300]

- load: requests for verdicts, 64 at once, half of them mathematics and half programs, while every
  five seconds one process below the server is killed (SIGKILL), twelve at most. Each answer is held
  against the verdict that is known; lost ones, wrong ones and the latency are counted.
- runner: the same programs by `/run_code` and by what SandboxFusion does without isolation (a
  shell and an interpreter for each, in a folder of its own), 64 at once, in turn; the medians of
  three rounds, wall seconds and CPU seconds of all processes. Programs are confined by the one and
  by the other not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.cpu_time import cpu_time
from benchmarks.environment import environment
from rewards.adapters.remote_calls import Servers
from rewards.worker.stream import in_order

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "serving.json"
AT_ONCE = 64
KILL_EVERY_S = 5.0
KILLS = 12  # each may be what starts the others, which takes seconds on a busy machine
ROUNDS = 3


@contextmanager
def server() -> Iterator[tuple[str, psutil.Process]]:
    """(address, process) of a server with as many processes as there are CPUs."""
    command = [sys.executable, "-c", "import rlvr; rlvr.main()", "serve", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None  # noqa: S101 - asked for above
        line = process.stderr.readline()
        yield line.rpartition(" ")[2].strip(), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def requests(count: int) -> list[tuple[dict[str, Any], float]]:
    """Requests and the scores that are right, mixed, always the same ones."""
    numbers = random.Random(0)  # noqa: S311 - not for secrets
    made: list[tuple[dict[str, Any], float]] = []
    for at in range(count):
        x, good = numbers.randrange(2, 999), numbers.random() < 0.6
        if at % 2:
            source = f"def f(n):\n    return sum(range(n)) + {0 if good else 1}"
            sent = {
                "reward": "code",
                "completion": f"Here it is.\n```python\n{source}\n```",
                "reference": [f"assert f({x}) == {x * (x - 1) // 2}", "assert f(1) == 0"],
            }
        else:
            said = rf"\frac{{{2 * x + (not good)}}}{{{2 * x + 2}}}"
            sent = {
                "reward": "accuracy",
                "completion": rf"<think>{'so ' * 200}</think> It is \boxed{{{said}}}.",
                "reference": rf"\frac{{{x}}}{{{x + 1}}}",
            }
        made.append((sent, float(good)))
    return made


def load(count: int) -> dict[str, Any]:
    """What becomes of so many requests."""
    sent = requests(count)
    seconds: list[float] = []
    killed = 0
    over = threading.Event()
    with server() as (url, process):
        servers = Servers((url,), None, 120.0, 300.0)

        def ask(body: dict[str, Any]) -> dict[str, Any]:
            started = time.monotonic()
            answer = servers.ask("POST", "/verify", body)
            seconds.append(time.monotonic() - started)
            return dict(answer["verdict"])

        def kill() -> None:
            nonlocal killed
            numbers = random.Random(1)  # noqa: S311 - not for secrets
            while killed < KILLS and not over.wait(KILL_EVERY_S):
                with suppress(psutil.NoSuchProcess, IndexError):
                    numbers.choice(process.children(recursive=True)).kill()
                    killed += 1

        for body, _ in sent[:2]:
            ask(body)  # what only the first request waits for
        seconds.clear()
        killer = threading.Thread(target=kill)
        killer.start()
        started = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            verdicts = list(pool.map(ask, [body for body, _ in sent]))
        wall_s = time.monotonic() - started
        over.set()
        killer.join()
    seconds.sort()
    return {
        "requests": count,
        "at once": AT_ONCE,
        "processes killed": killed,
        "answered": len(verdicts),
        "without a score": sum(one["score"] is None for one in verdicts),
        "other than known": sum(
            one["score"] is not None and one["score"] != right
            for one, (_, right) in zip(verdicts, sent, strict=True)
        ),
        "wall s": round(wall_s, 2),
        "requests a second": round(count / wall_s, 1),
        "p50 s": round(statistics.median(seconds), 3),
        "p99 s": round(seconds[int(0.99 * len(seconds))], 3),
        "max s": round(seconds[-1], 3),
    }


def order(count: int) -> bool:
    """Whether a batch comes back in the order it went in, with processes killed meanwhile."""
    body = {
        "reward": "accuracy",
        "completions": [rf"\boxed{{{at}}}" for at in range(count)],
        "columns": {"answer": [str(at) for at in range(count)]},
    }
    with server() as (url, process):
        ask = Servers((url,), None, 120.0, 300.0).ask
        for child in process.children(recursive=True):
            child.kill()
        said = ask("POST", "/verify", body)["verdicts"]
    return [one["extracted"] for one in said] == [str(at) for at in range(count)]


def programs(count: int) -> list[tuple[str, str, str]]:
    """Source, input and the output that is right."""
    source = (
        "import sys\nfrom collections import Counter\n"
        "words = sys.stdin.read().split()\nprint(Counter(words).most_common(1)[0][1] + {})"
    )
    return [(source.format(at), "a b a c a", str(at + 3)) for at in range(count)]


def run_served(url: str, jobs: list[tuple[str, str, str]]) -> int:
    """How many programs `/run_code` runs rightly."""
    servers = Servers((url,), None, 120.0, 300.0)

    def ask(job: tuple[str, str, str]) -> bool:
        answer = servers.ask("POST", "/run_code", {"code": job[0], "stdin": job[1]})
        return bool(answer["run_result"]["stdout"].strip() == job[2])

    return sum(in_order(ask, jobs, threads=AT_ONCE))


def run_bare(jobs: list[tuple[str, str, str]]) -> int:
    """How many a shell and an interpreter for each run rightly."""

    async def one(turn: asyncio.Semaphore, job: tuple[str, str, str]) -> bool:
        async with turn:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "main.py"
                file.write_text(job[0], encoding="utf-8")
                process = await asyncio.create_subprocess_shell(
                    f"{sys.executable} {file}",
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    cwd=folder, executable="/bin/bash",
                )  # fmt: skip
                out, _ = await asyncio.wait_for(process.communicate(job[1].encode()), 60)
                return out.decode().strip() == job[2]

    async def every() -> int:
        turn = asyncio.Semaphore(AT_ONCE)
        return sum(await asyncio.gather(*(one(turn, job) for job in jobs)))

    return asyncio.run(every())


def runner(count: int) -> dict[str, Any]:
    """Both ways, in turn."""
    jobs = programs(count)
    right: dict[str, list[int]] = {"served": [], "bare": []}
    wall: dict[str, list[float]] = {"served": [], "bare": []}
    cpu: dict[str, list[float]] = {"served": [], "bare": []}
    with server() as (url, _):
        run_served(url, jobs[:4])
        for _round in range(ROUNDS):
            for name, way in (("served", lambda: run_served(url, jobs)), ("bare", bare(jobs))):
                started = time.monotonic()
                with cpu_time() as spent:
                    right[name].append(way())
                wall[name].append(time.monotonic() - started)
                cpu[name].append(spent.seconds)
    figures: dict[str, Any] = {"programs": count, "at once": AT_ONCE, "rounds": ROUNDS}
    for name in ("served", "bare"):
        figures[name] = {
            "right in each round": right[name],
            "programs a second": round(count / statistics.median(wall[name]), 1),
            "CPU ms a program": round(1000 * statistics.median(cpu[name]) / count, 2),
        }
    ratio = statistics.median(cpu["bare"]) / statistics.median(cpu["served"])
    figures["bare CPU seconds / served"] = round(ratio, 2)
    ratio = statistics.median(wall["bare"]) / statistics.median(wall["served"])
    figures["bare wall seconds / served"] = round(ratio, 2)
    return figures


def bare(jobs: list[tuple[str, str, str]]) -> Any:
    return lambda: run_bare(jobs)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--requests", type=int, default=2000)
    options.add_argument("--programs", type=int, default=300)
    options.add_argument("--output", type=Path, default=RESULT)
    given = options.parse_args()
    result: dict[str, Any] = {"environment": environment()}
    for name, part in (
        ("load", lambda: load(given.requests)),
        ("runner", lambda: runner(given.programs)),
        ("order of a batch of 2,000 kept", lambda: order(2000)),
    ):
        result[name] = part()
        print(json.dumps({name: result[name]}, indent=2), flush=True)
        given.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
