"""Every place a reward may be called from, each as a script of its own."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from rewards.worker import WorkerPool

HERE = Path(__file__).parent


def test_unguarded_script_among_foreign_modules(run_script):
    assert run_script("print('once', pool.run(21).value)") == "once 42\n"


def test_threads(run_script):
    code = """
import threading
def work(i):
    assert pool.run(i).value == 2 * i
    # The thread that started the server ends here; the server must not.
for i in range(4):
    thread = threading.Thread(target=work, args=(i,))
    thread.start(); thread.join()
print("ok")
"""
    assert run_script(code) == "ok\n"


def test_asyncio(run_script):
    code = """
import asyncio
async def main():
    results = await asyncio.gather(*[asyncio.to_thread(pool.run, i) for i in range(20)])
    assert pool.run(3).value == 6
    print([r.value for r in results] == [2 * i for i in range(20)])
asyncio.run(main())
"""
    assert run_script(code) == "True\n"


def test_fork_in_the_parent(run_script):
    code = """
import os
assert pool.run(1).value == 2
for _ in range(3):
    child = os.fork()
    if child == 0:
        ok = all(pool.run(i).value == 2 * i for i in range(50))
        os._exit(0 if ok else 1)
    assert all(pool.run(i).value == 2 * i for i in range(50))
    assert os.waitpid(child, 0)[1] == 0
print("ok")
"""
    assert run_script(code) == "ok\n"


def test_fork_past_the_fork_hooks(run_script):
    code = """
import ctypes, os
assert pool.run(1).value == 2
child = ctypes.PyDLL(None).fork()
if child == 0:
    os._exit(0 if pool.run(2).value == 4 else 1)
assert pool.run(3).value == 6
print(os.waitpid(child, 0)[1])
"""
    assert run_script(code) == "0\n"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_daemonic_process(run_script, method):
    code = f"""
import multiprocessing
def work(queue):
    ours = shared_pool("tasks:double", path=[HERE], workers=2)
    queue.put([r.value for r in ours.run_many([[1], [2]])])
if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    queue = context.Queue()
    process = context.Process(target=work, args=(queue,), daemon=True)
    process.start()
    print(queue.get(timeout=60))
    process.join()
"""
    # multiprocessing itself would import a foreign module of the standard library's name
    assert run_script(code, foreign=["sandbox.py", "tasks.py"]) == "[2, 4]\n"


def test_two_ranks_at_once(run_script):
    code = """
import subprocess
if len(sys.argv) == 1:
    ranks = [subprocess.Popen([sys.executable, __file__, str(i)]) for i in range(2)]
    print([rank.wait(60) for rank in ranks])
else:
    assert [r.value for r in pool.run_many([i] for i in range(200))] == [2 * i for i in range(200)]
"""
    assert run_script(code) == "[0, 0]\n"


def test_signals_of_the_parent_are_not_inherited(run_script):
    code = """
import signal
for name in ("SIGCHLD", "SIGPROF", "SIGTERM"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPROF, signal.SIGCHLD])
print(WorkerPool("tasks:power_bomb", path=[HERE], budget=Budget(cpu_s=0.2)).run().ending.value)
killed = WorkerPool("tasks:die", path=[HERE]).run(9)
print(killed.ending.value, killed.attempts)
"""
    assert run_script(code) == "cpu_limit\ndied 2\n"


def test_closed_standard_streams(run_script):
    code = """
import os
out = os.dup(1)
for fd in (0, 1, 2):
    os.close(fd)
os.write(out, str(pool.run(4).value).encode())
"""
    assert run_script(code) == "8"


def test_isolated_interpreter(start_script):
    out, err = start_script("print(pool.run(5).value)", "-I").communicate(timeout=60)
    assert (out, err) == ("10\n", "")


@pytest.mark.slow
def test_script_that_imports_torch_and_trl(run_script):
    pytest.importorskip("trl")
    code = """
import torch, trl
torch.ones(100, 100) @ torch.ones(100, 100)
from rewards.worker import Budget, WorkerPool
pool = WorkerPool("tasks:modules", path=[HERE], budget=Budget(memory_mb=64))
print("torch" in pool.run().value)
"""
    assert run_script(code) == "False\n"


@pytest.mark.parametrize("forks", [True, False])
def test_parent_killed_leaves_nothing(start_script, workers_of, wait_until, forks):
    code = f"""
WorkerPool._forks = {forks}
busy = WorkerPool("tasks:hang", path=[HERE], workers=2)
import threading
for _ in range(2):
    threading.Thread(target=busy.run, daemon=True).start()
print(pool.run(1).value, flush=True)
import os
if {forks} and os.fork() == 0:  # holds copies of whatever it inherited
    import time
    time.sleep(1000)
print("forked", flush=True)
threading.Event().wait()
"""
    parent = start_script(code)
    assert parent.stdout.readline() == "2\n"
    parent.stdout.readline()
    expected = 5 if forks else 3
    workers = wait_until(lambda: (w := workers_of(parent.pid)) and len(w) >= expected and w)
    everybody = psutil.Process(parent.pid).children(recursive=True)
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(workers, timeout=20)
    for process in everybody:
        if process.is_running() and process not in workers:
            process.kill()
    assert not alive


@pytest.mark.parametrize("forks", [True, False])
def test_interrupt_in_run_keeps_the_pool_usable(start_script, forks):
    code = f"""
WorkerPool._forks = {forks}
import os, signal, threading
pool = WorkerPool("tasks:nap_then_double", path=[HERE])
assert pool.run(1, 0).value == 2
for i in range(3):
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        print("not interrupted", pool.run(1000 + i, 30))
    except KeyboardInterrupt:
        pass
    assert [r.value for r in pool.run_many([[5, 0], [6, 0]])] == [10, 12]
print("ok")
"""
    parent = start_script(code)
    out, err = parent.communicate(timeout=60)
    assert (out, err) == ("ok\n", "")


@pytest.mark.slow
def test_interrupts_at_random_moments_never_mix_results(start_script):
    code = """
import os, random, signal, threading, time
pool.run(0)
main, stop = os.getpid(), threading.Event()
def pester():
    while not stop.wait(random.uniform(0.001, 0.03)):
        os.kill(main, signal.SIGINT)
hits = wrong = 0
pester = threading.Thread(target=pester)
end = time.monotonic() + 2
pester.start()
i = 0
while time.monotonic() < end:
    try:
        i += 1
        result = pool.run(i)
        wrong += result.value != 2 * i
    except KeyboardInterrupt:
        hits += 1
while pester.is_alive():
    try:
        stop.set(); pester.join()
    except KeyboardInterrupt:
        pass
print(wrong, hits > 10, pool.run(7).value)
"""
    parent = start_script(code)
    out, err = parent.communicate(timeout=60)
    assert out == "0 True 14\n", err


def test_interrupted_stream_does_not_hold_up_the_exit(start_script):
    code = """
import os, signal, threading
pool = WorkerPool("tasks:nap_then_double", path=[HERE], workers=2, budget=Budget(wall_s=300))
pool.start()
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    list(pool.run_many([[1, 0]] + [[i, 200] for i in range(5)]))
except KeyboardInterrupt:
    print("interrupted")
"""
    out, err = start_script(code).communicate(timeout=60)
    assert (out, err) == ("interrupted\n", "")


def test_terminal_interrupt_does_not_reach_the_server(start_script):
    """Ctrl-C goes to the whole foreground process group."""
    code = """
import signal
signal.signal(signal.SIGINT, lambda *_: None)
server = WorkerPool("tasks:server_pid", path=[HERE])
print(server.run().value, flush=True)
sys.stdin.readline()
print(server.run().value, flush=True)
"""
    parent = start_script(code)
    first = parent.stdout.readline()
    os.killpg(parent.pid, signal.SIGINT)
    time.sleep(0.2)
    out, err = parent.communicate("\n", timeout=60)
    assert (out, err) == (first, "")


def test_idle_pool_uses_no_cpu(workers_of):
    with WorkerPool("tasks:double", path=[HERE], workers=2) as pool:
        list(pool.run_many([i] for i in range(20)))
        before = [sum(p.cpu_times()[:2]) for p in workers_of()]
        time.sleep(0.5)
        assert [sum(p.cpu_times()[:2]) for p in workers_of()] == before
