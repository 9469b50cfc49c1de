"""Who gets which worker, for how long, and what is left afterwards."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from rewards.errors import WorkerError
from rewards.worker import Budget, Ending, WorkerPool, shared_pool

HERE = Path(__file__).parent


def test_nothing_starts_before_it_is_needed(open_pool, workers_of):
    before = len(workers_of())
    pool = open_pool("double")
    assert len(workers_of()) == before
    pool.start()
    assert len(workers_of()) == before + 1
    pool.run(1)
    assert len(workers_of()) == before + 2


def test_close_leaves_nothing(nothing_left, kind):
    pool = kind("tasks:double", path=[HERE], workers=3)
    assert [r.value for r in pool.run_many([i] for i in range(50))] == list(range(0, 100, 2))
    pool.close()
    pool.close()
    with pytest.raises(WorkerError, match="closed"):
        pool.run(1)


def test_kills_leave_no_zombie_and_no_descriptor(nothing_left, kind):
    with kind("tasks:die", path=[HERE]) as pool:
        pool.run(0)
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(3):
            pool.run(int(signal.SIGKILL))
        assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors
        alive = psutil.Process().children(recursive=True)
        assert not [p for p in alive if p.status() == psutil.STATUS_ZOMBIE]


def test_a_worker_killed_while_idle_is_reaped_and_costs_no_attempt(open_pool, wait_until):
    pool = open_pool("pid")
    victim = pool.run().value
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(victim))
    result = pool.run()
    assert result.attempts == 1
    assert result.value != victim


def test_dropped_pool_ends_its_processes(nothing_left):
    pool = WorkerPool("tasks:double", path=[HERE])
    assert pool.run(4).value == 8
    del pool


def test_a_pool_that_outlives_the_names_it_uses_says_nothing():
    # An interpreter that goes down sets the global names of modules to None, in any order, after
    # its exit functions; the last of those does so here.
    script = """
import atexit, sys

@atexit.register
def go_down():
    global held
    for name in [one for one in sys.modules if one.startswith("rewards.worker")]:
        module = sys.modules[name]
        for known in [*vars(module)]:
            setattr(module, known, None)
    del held

from rewards.worker import WorkerPool
held = WorkerPool("json:loads")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert not done.stderr


def test_a_child_is_replaced_after_enough_tasks(open_either):
    pool = open_either("pid", tasks_per_child=3)
    pids = [pool.run().value for _ in range(6)]
    assert len(set(pids[:3])) == len(set(pids[3:])) == 1
    assert pids[0] != pids[3]


def test_a_child_that_has_grown_is_replaced(open_pool):
    pool = open_pool("leak", growth_mb=50)
    assert len({pool.run(20).value for _ in range(9)}) == 3


def test_kills_from_outside_lose_and_mix_nothing(open_pool, workers_of):
    pool = open_pool("nap_then_double", workers=2)
    pool.run(0, 0)
    stop = threading.Event()
    killed = []

    def kill():
        while not stop.wait(0.15):
            with contextlib.suppress(psutil.Error, ValueError):  # it may end while we look
                server = min(workers_of(), key=lambda p: p.create_time())
                for victim in server.children()[:1]:
                    victim.kill()
                    killed.append(victim.pid)

    def tasks():
        yield from range(100)
        deadline = time.monotonic() + 60
        while len(killed) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        yield from range(100, 200)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        # The second half waits until enough was killed, however busy the machine.
        results = list(pool.run_many((i, 0.01) for i in tasks()))
    finally:
        stop.set()
        killer.join()
    assert [r.value for r in results] == [2 * i for i in range(200)]
    assert len(killed) >= 3


def test_server_killed_from_outside(open_pool, kind, workers_of):
    pool = open_pool("nap_then_double", kind=kind, workers=2)
    results = []
    for i, result in enumerate(pool.run_many((i, 0.01) for i in range(60))):
        results.append(result.value)
        if i in (5, 25):
            min(workers_of(), key=lambda p: p.create_time()).kill()
    assert results == [2 * i for i in range(60)]


def test_task_that_kills_the_server(open_pool, tmp_path):
    assert open_pool("kill_server_once").run(str(tmp_path / "marker")).value == "second time"
    result = open_pool("kill_server").run()
    assert (result.ending, result.attempts) == (Ending.DIED, 3)
    assert "server was lost 3 times" in result.error


def test_stopped_worker_is_caught_by_the_wall_limit(open_pool):
    pool = open_pool("pid", budget=Budget(wall_s=1))
    first = pool.run().value
    os.kill(first, signal.SIGSTOP)
    result = pool.run()
    assert (result.ending, result.attempts) == (Ending.DONE, 2)


def test_eight_threads(open_either):
    pool = open_either("add", workers=2)
    wrong = []

    def hammer(k):
        for i in range(100):
            result = pool.run(1000 * k, i)
            if result.value != 1000 * k + i:
                wrong.append(result)

    threads = [threading.Thread(target=hammer, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_no_more_workers_than_asked_for(open_pool):
    pool = open_pool("pid", workers=2)
    assert len({r.value for r in pool.run_many([] for _ in range(100))}) <= 2


def test_workers_work_at_once(open_pool, tmp_path):
    pool = open_pool("meet", workers=3)
    assert [r.value for r in pool.run_many([(str(tmp_path), i, 3) for i in range(3)])] == [3] * 3


def test_input_that_raises(open_pool):
    def tasks():
        yield [1]
        raise LookupError("no more data")

    for workers in (1, 2):
        with pytest.raises(LookupError, match="no more data"):
            list(open_pool("double", workers=workers).run_many(tasks()))


@pytest.mark.parametrize("workers", [1, 2])
def test_input_is_read_as_it_is_needed(open_pool, workers):
    taken = []

    def tasks():
        for i in range(10_000):
            taken.append(i)
            yield [i]

    stream = open_pool("double", workers=workers).run_many(tasks())
    assert [next(stream).value for _ in range(10)] == list(range(0, 20, 2))
    assert len(taken) <= 10 + 16 * workers


def test_failures_in_a_stream_keep_their_places(open_pool):
    pool = open_pool("double", workers=2)
    results = list(pool.run_many([[1], [{2}], [None], [4]]))
    assert [r.value for r in results] == [2, None, None, 8]
    assert [r.ending for r in results] == [Ending.DONE, Ending.FAILED, Ending.FAILED, Ending.DONE]


def test_close_from_another_thread_ends_a_run(open_pool):
    pool = open_pool("hang")
    pool.start()
    caught = []

    def wait():
        try:
            pool.run()
        except WorkerError as why:
            caught.append(str(why))

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    pool.close()
    for thread in threads:
        thread.join(20)
    assert len(caught) == 3
    assert "closed" in caught[0]


@pytest.mark.parametrize("name", ["no_such_module:f", "tasks:no_such_name", "tasks:broken"])
def test_function_that_cannot_be_imported(nothing_left, kind, name):
    with kind(name, path=[HERE]) as pool, pytest.raises(WorkerError, match=r"Error"):
        pool.run()


def test_interpreter_that_cannot_be_started(monkeypatch, nothing_left):
    monkeypatch.setattr("sys.executable", "/no/such/python")
    with (
        WorkerPool("tasks:double", path=[HERE]) as pool,
        pytest.raises(WorkerError, match="/no/such"),
    ):
        pool.run(1)


def test_slow_start_is_given_up(open_pool, nothing_left):
    pool = open_pool("double", initializer="tasks:hang", start_timeout_s=0.5)
    with pytest.raises(WorkerError, match=r"not ready after 0\.5 s"):
        pool.start()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"function": "no_colon"}, ValueError),
        ({"function": "m:f", "workers": 0}, ValueError),
        ({"function": "m:f", "initargs": [1]}, ValueError),
        ({"function": "m:f", "initializer": "m:g", "initargs": [{1}]}, TypeError),
    ],
)
def test_bad_options(options, error):
    with pytest.raises(error):
        WorkerPool(**options)


@pytest.mark.parametrize("field", ["cpu_s", "wall_s", "memory_mb"])
def test_bad_budget(field):
    with pytest.raises(ValueError, match=field):
        Budget(**{field: 0})


def test_initializer_and_preload(open_either):
    pool = open_either("remembered", initializer="tasks:remember", initargs=[1, "two"])
    assert pool.run().value == [1, "two"]
    assert "sndhdr_no" not in open_either("modules").run().value
    assert "wave" in open_either("modules", preload=["wave"]).run().value


def test_surroundings(open_pool):
    assert open_pool("environment").run("OMP_NUM_THREADS").value == "1"
    assert open_pool("main_file").run().value is None
    assert "" not in open_pool("import_path").run().value


def test_a_child_holds_its_own_descriptors_only(open_pool):
    pool = open_pool("descriptors", workers=3)
    counts = {len(r.value) for r in pool.run_many([] for _ in range(50))}
    # 0, 1, 2, its socket, its statm, and the listing itself
    assert max(counts) <= 6


def test_shared_pool_is_shared_by_options():
    one = shared_pool("tasks:double", path=[str(HERE)])
    assert shared_pool("tasks:double", path=[str(HERE)]) is one
    assert shared_pool("tasks:double", path=[str(HERE)], workers=2) is not one
    assert one.run(2).value == 4
    one.close()
    assert shared_pool("tasks:double", path=[str(HERE)]) is not one


@pytest.mark.slow
def test_many_tasks_keep_memory_flat(open_pool, workers_of):
    pool = open_pool("echo")
    pool.run("x")

    def resident():
        return sum(p.memory_info().rss for p in [psutil.Process(), *workers_of()])

    for i in range(2000):
        pool.run("x" * 1000 + str(i))
    before = resident()
    for i in range(10_000):
        pool.run("x" * 1000 + str(i))
    assert resident() - before < 20 << 20
