"""A folder to run the command line in, as a user does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from typer.testing import CliRunner

import rlvr
from rewards.workbench.cli import app

HOME = str(Path(rlvr.__file__).resolve().parent)

# A reward that takes its time, so that a run can be interrupted in the middle.
SLOW = """
import time
def slow(completions, **columns):
    time.sleep(0.001 * len(completions))
    return [float(len(text) % 2) for text in completions]
"""


@contextmanager
def in_folder(folder: Path):
    """`contextlib.chdir`, which Python 3.10 lacks."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


class Workplace:
    """A folder with files, and `rlvr` started in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {"PYTHONPATH": HOME, "COLUMNS": "200", "LANG": "C.UTF-8"}

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def run(self, *arguments, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "rlvr", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
            **options,
        )

    def run_here(self, *arguments) -> SimpleNamespace:
        """The same in this process, which is quicker and starts no worker."""
        with in_folder(self.folder):
            result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*map(str, arguments)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return SimpleNamespace(
            returncode=result.exit_code, stdout=result.stdout, stderr=result.stderr
        )

    def start(self, *arguments) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "rlvr", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def write_rows(self, name: str, count: int, **more: object) -> Path:
        """Sums: every third is wrong, every tenth has no box."""
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for number in range(count):
                said = number + (number % 3 == 0)
                text = f"It is \\boxed{{{said}}}." if number % 10 else "I could not work it out."
                row = {"id": number, "completion": text, "answer": str(number), "é": "ü\u2028"}
                file.write(json.dumps(row | more, ensure_ascii=False) + "\n")
        return path

    def write(self, name: str, *rows: object) -> Path:
        """Rows as JSON; text as it stands."""
        path = self.folder / name
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        return path

    def write_reward(self, name: str, source: str = SLOW) -> None:
        (self.folder / f"{name}.py").write_text(source, encoding="utf-8")

    def read(self, name: str) -> list[dict]:
        """The rows of an output, split at line feeds only."""
        text = (self.folder / name).read_bytes().decode("utf-8")
        assert text.endswith("\n")
        return [json.loads(line) for line in text[:-1].split("\n")]

    def size(self, name: str) -> int:
        path = self.folder / name
        return path.stat().st_size if path.exists() else 0

    def wait_until(self, true, process) -> None:
        """Wait until `true()` or until the process has ended."""
        deadline = time.monotonic() + 120
        while not true() and process.poll() is None:
            assert time.monotonic() < deadline, "nothing happened"
            time.sleep(0.005)

    def family(self, process) -> list[psutil.Process]:
        """A process's descendants."""
        return psutil.Process(process.pid).children(recursive=True)

    def assert_gone(self, processes) -> None:
        """All of these have ended, or end soon."""
        _, alive = psutil.wait_procs(processes, timeout=60)
        alive = [p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        assert not alive, alive


@pytest.fixture(scope="session")
def make_place(tmp_path_factory):
    """Makes a workplace that outlives a test."""
    return lambda name: Workplace(tmp_path_factory.mktemp(name))


@pytest.fixture
def place(tmp_path) -> Workplace:
    return Workplace(tmp_path)
