"""Rows for the benchmarks of `rlvr score`, always the same ones, and the command, watched."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
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
