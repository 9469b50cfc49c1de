import gc
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from rewards.worker import Budget, WorkerPool, budget

HERE = Path(__file__).parent
ROOT = Path(budget.__file__).parents[2]  # also when the tests run against an installed wheel

PROLOGUE = f"""\
import sys
sys.path.insert(0, {str(ROOT)!r})
HERE = {str(HERE)!r}
from rewards.worker import Budget, WorkerPool, shared_pool
pool = WorkerPool("tasks:double", path=[HERE], budget=Budget(cpu_s=5, wall_s=60))
"""


class DirectPool(WorkerPool):
    """The path of platforms that cannot fork, on one that can."""

    _forks = False


@pytest.fixture(name="workers_of")
def workers_of_fixture():
    """`workers_of`, less what other tests' pools still have running."""
    before = {process.pid for process in workers_of()}
    return lambda pid=None: [p for p in workers_of(pid) if p.pid not in before]


@pytest.fixture(name="wait_until")
def wait_until_fixture():
    return wait_until


def workers_of(pid=None):
    """The live processes of our pools below a process."""
    try:
        found = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [p for p in found if is_worker(p)]


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def is_worker(process):
    try:
        return any("rewards.worker.server.main" in part for part in process.cmdline())
    except psutil.Error:  # it has just gone; a zombie has no command line
        return False


def wait_until(condition, timeout_s=20):
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return result


@pytest.fixture
def open_pool():
    pools = []

    def make(name, *, kind=WorkerPool, **options):
        options.setdefault("budget", Budget(cpu_s=5, wall_s=60))
        pools.append(kind(f"tasks:{name}", path=[HERE], **options))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture(params=[WorkerPool, DirectPool])
def kind(request):
    return request.param


@pytest.fixture
def open_either(kind, open_pool):
    return lambda name, **options: open_pool(name, kind=kind, **options)


@pytest.fixture
def nothing_left():
    """No process, no descriptor more at the end than at the start."""
    gc.collect()
    children = {p.pid for p in psutil.Process().children(recursive=True)}
    descriptors = open_descriptors()
    yield
    gc.collect()
    assert {p.pid for p in psutil.Process().children(recursive=True)} <= children
    assert open_descriptors() <= descriptors


@pytest.fixture
def run_script(tmp_path):
    """Run a script as a user would: by path, unguarded, from a folder with foreign modules."""
    cwd = tmp_path / "cwd"
    cwd.mkdir()

    def run(code, *, foreign=("sandbox.py", "json.py", "operator.py", "tasks.py")):
        for name in foreign:
            (cwd / name).write_text("raise RuntimeError('a foreign module was imported')\n")
        script = tmp_path / "script.py"
        script.write_text(PROLOGUE + code)
        done = subprocess.run(
            [sys.executable, str(script)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    return run


@pytest.fixture
def start_script():
    """Start a program of its own session, with all its streams in our hands."""
    started = []

    def start(code, *flags):
        process = subprocess.Popen(
            [sys.executable, *flags, "-c", PROLOGUE + code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
