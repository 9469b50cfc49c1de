"""What must hold when things break: nothing lost, nothing left."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from sandbox import Case, FunctionTests, Limits, Sandbox, Status

ROOT = Path(__file__).resolve().parents[2]
ADD = FunctionTests("add", [Case(args=(1, 2), expected=3)])
RIGHT = "def add(a, b): return a + b"


def alive(pids):
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):  # it may end while we look
            if psutil.Process(pid).status() != "zombie":
                found.append(pid)
    return found


def processes_of(box):
    found = []
    for worker in box.executor.workers:
        process = psutil.Process(worker.pid)
        found += [process.pid, *(child.pid for child in process.children(recursive=True))]
    return found


def test_zygotes_killed_all_the_time_lose_nothing():
    with Sandbox(workers=2) as box:
        stop = threading.Event()

        def killer():
            while not stop.wait(0.15):
                for worker in box.executor.workers:
                    if worker.pid:
                        os.kill(worker.pid, signal.SIGKILL)

        thread = threading.Thread(target=killer)
        thread.start()
        try:
            source = "import time\ndef add(a, b):\n time.sleep(0.02)\n return a + b"
            outcomes = box.run_many([(source, ADD)] * 30)
        finally:
            stop.set()
            thread.join()
    assert len(outcomes) == 30
    assert {o.status for o in outcomes} <= {Status.ACCEPTED, Status.INFRA_ERROR}
    assert sum(o.status is Status.ACCEPTED for o in outcomes) > 5


def test_the_zygote_inside_the_namespace_killed():
    with Sandbox(workers=1) as box:
        inner = processes_of(box)[-1]
        os.kill(inner, signal.SIGKILL)
        assert box.run(RIGHT, ADD).status is Status.ACCEPTED


def test_a_thousand_at_once_keep_their_order():
    with Sandbox(workers=2) as box:
        jobs = [
            (RIGHT, FunctionTests("add", [Case(args=(n, 1), expected=n + n % 2)]))
            for n in range(1000)
        ]
        outcomes = box.run_many(jobs)
        assert [o.status is Status.ACCEPTED for o in outcomes] == [n % 2 == 1 for n in range(1000)]


def test_closing_leaves_no_process_and_no_descriptor():
    before = len(os.listdir("/proc/self/fd"))
    with Sandbox(workers=2) as box:
        box.run_many([(RIGHT, ADD)] * 10)
        pids = processes_of(box)
    assert not alive(pids)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os._exit(0)"])
def test_nothing_outlives_a_caller_that_dies(end):
    script = f"""
        import os, psutil, sys, threading, time
        sys.path.insert(0, {str(ROOT)!r})
        from sandbox import *
        box = Sandbox(workers=2)
        tests = FunctionTests("f", [Case(expected=1)])
        hang = "import time\\ndef f(): time.sleep(100)"
        for _ in range(2):
            threading.Thread(target=box.run, args=(hang, tests), daemon=True).start()
        time.sleep(0.5)
        children = psutil.Process().children(recursive=True)
        print(*(child.pid for child in children), flush=True)
        {end}
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, check=False
    )
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) >= 2
    deadline = time.monotonic() + 10
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pids)


def test_an_interrupted_batch_leaves_the_sandbox_usable():
    with Sandbox(workers=2, limits=Limits(wall_s=2)) as box:
        stream = box.stream([("import time\ndef add(a, b): time.sleep(9)", ADD)] * 20)
        assert next(stream).status is Status.TIME_LIMIT
        stream.close()
        assert box.run(RIGHT, ADD).status is Status.ACCEPTED


def test_it_works_where_no_file_can_be_written(monkeypatch):
    import resource

    monkeypatch.setenv("TMPDIR", "/nonexistent")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Sandbox(workers=1) as box:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
        try:
            assert box.run(RIGHT, ADD).status is Status.ACCEPTED
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_it_starts_in_a_thread_that_ends():
    made = []
    thread = threading.Thread(target=lambda: made.append(Sandbox(workers=1)))
    thread.start()
    thread.join()
    time.sleep(0.1)
    with made[0] as box:
        assert box.run(RIGHT, ADD).status is Status.ACCEPTED


@pytest.mark.slow
def test_a_soak_of_ten_thousand_stays_flat():
    with Sandbox(workers=2) as box:
        box.run_many([(RIGHT, ADD)] * 500)
        me = psutil.Process()
        watched = [me, *(psutil.Process(pid) for pid in processes_of(box))]
        before = [p.memory_info().rss for p in watched]
        handles = me.num_fds()
        accepted = sum(o.passed for o in box.stream((RIGHT, ADD) for _ in range(10_000)))
        assert accepted == 10_000
        grown = [p.memory_info().rss - b for p, b in zip(watched, before, strict=True)]
        assert max(grown) < 8 << 20
        assert me.num_fds() == handles
        assert len(processes_of(box)) == len(watched) - 1
