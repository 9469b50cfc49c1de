"""Programs of several processes: an option, counted together, ended together."""

import re
import time

import psutil
import pytest

from sandbox import (
    AssertTests,
    Case,
    FunctionTests,
    Limits,
    Sandbox,
    Status,
    StdinTests,
    UnconfinedError,
)

FOUR = Limits(wall_s=20, cpu_s=2, memory_mb=256, processes=4)
SIX = StdinTests([Case(stdin="", expected="6")])


@pytest.fixture(scope="module")
def several():
    with Sandbox(workers=1, limits=FOUR) as opened:
        try:
            opened.run_program("")
        except UnconfinedError as error:
            pytest.skip(str(error))
        yield opened


POOL = """
import multiprocessing
def double(x): return 2 * x
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(sum(pool.map(double, [1, 2])))
"""
QUEUE = """
import multiprocessing
def put(queue): queue.put(6)
queue = multiprocessing.Queue()
process = multiprocessing.Process(target=put, args=(queue,))
process.start()
print(queue.get())
process.join()
"""
EXECUTOR = """
from concurrent.futures import ProcessPoolExecutor
def double(x): return 2 * x
if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        print(sum(pool.map(double, [1, 2])))
"""
SHARED = """
from multiprocessing import Process, Value, shared_memory
def add(value, name):
    with value.get_lock(): value.value += 5
    block = shared_memory.SharedMemory(name=name)
    block.buf[0] = 1
    block.close()
block = shared_memory.SharedMemory(create=True, size=8)
value = Value("i", 0)
process = Process(target=add, args=(value, block.name))
process.start()
process.join()
print(value.value + block.buf[0])
block.close()
block.unlink()
"""
RIGHT = {
    "pool": POOL,
    "queue": QUEUE,
    "executor": EXECUTOR,
    "shared memory": SHARED,
    "subprocess": "import subprocess\nprint(subprocess.run(['echo', '6'], capture_output=True, text=True).stdout)",
    "shell": "import subprocess\nprint(subprocess.check_output('echo 3 3 | tr -d \" \" | wc -c | sed s/3/6/', shell=True, text=True))",
    "interpreter": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(6)'])",
    "fork": "import os\nif os.fork() == 0:\n os._exit(6)\nprint(os.waitstatus_to_exitcode(os.wait()[1]))",
    "terminate": "import subprocess\np = subprocess.Popen(['sleep', '60'])\np.terminate()\nprint(6 if p.wait() == -15 else 0)",
    "kill": "import subprocess\np = subprocess.Popen(['sleep', '60'])\np.kill()\nprint(6 if p.wait() == -9 else 0)",
    "timeout": "import subprocess\ntry: subprocess.run(['sleep', '60'], timeout=0.2)\nexcept subprocess.TimeoutExpired: print(6)",
    "system": "import os, sys\nsys.stdout.flush()\nos.system('echo 6')",
    "asyncio": "import asyncio\nasync def main():\n p = await asyncio.create_subprocess_exec('echo', '6')\n await p.wait()\nasyncio.run(main())",
}  # fmt: skip


@pytest.mark.parametrize("source", RIGHT.values(), ids=RIGHT.keys())
def test_programs_of_several_processes(several, source):
    outcome = several.run(source, SIX)
    assert outcome.status is Status.ACCEPTED, outcome


@pytest.mark.parametrize("name", ["pool", "queue", "subprocess", "fork", "executor"])
def test_without_the_option_the_reason_says_so(box, name):
    outcome = box.run(RIGHT[name], SIX)
    assert outcome.status is Status.RUNTIME_ERROR
    assert "Limits(processes=" in outcome.reason
    plain = box.run("open('/nowhere/x')", SIX)
    assert "Limits(" not in plain.reason


def test_functions_and_tests_too(several):
    source = "import subprocess\ndef f(): return subprocess.run(['true']).returncode"
    assert several.run(source, FunctionTests("f", [Case(expected=0)])).status is Status.ACCEPTED
    assert several.run(source, AssertTests("assert f() == 0")).status is Status.ACCEPTED
    forking_tests = AssertTests("import os\nassert f() == 0\nos.fork()")
    assert several.run(source, forking_tests).status is Status.RUNTIME_ERROR


@pytest.mark.parametrize(
    ("source", "status", "why"),
    [
        ("import os\nwhile True: os.fork()", Status.RUNTIME_ERROR, "4 processes|unavailable"),
        ("import os, time\nfor _ in range(5):\n if os.fork() == 0: time.sleep(60)\ntime.sleep(60)",
         Status.RUNTIME_ERROR, "4 processes"),
        ("import os, time\nfor _ in range(2):\n if os.fork() == 0:\n  while True: pass\ntime.sleep(60)",
         Status.TIME_LIMIT, "CPU"),
        ("import os\nwhile True:\n if os.fork() == 0:\n  sum(range(300_000))\n  os._exit(0)\n os.wait()",
         Status.TIME_LIMIT, "CPU"),
        ("import os, time\nfor _ in range(2):\n if os.fork() == 0: break\nx = b'x' * (150 << 20)\ntime.sleep(60)",
         Status.MEMORY_LIMIT, "256 MB"),
        ("import os\nos.kill(os.getpid(), 9)", Status.RUNTIME_ERROR, "SIGKILL"),
        ("import os, time\nif os.fork() == 0: time.sleep(60)\nos.wait()", Status.TIME_LIMIT, "ran longer"),
    ],
)  # fmt: skip
def test_all_processes_together_have_the_limits(several, source, status, why):
    run = several.run_program(source, limits=Limits(wall_s=4, cpu_s=1, memory_mb=256, processes=4))
    assert run.status is status, run
    assert re.search(why, run.reason)


def test_time_of_the_dead_and_the_deserted_is_counted(several):
    burns = "t = time.process_time()\n  while time.process_time() < t + 0.3: pass"
    waited = f"import os, time\nfor _ in range(3):\n if os.fork() == 0:\n  {burns}\n  os._exit(0)\n os.wait()"
    assert several.run_program(waited).cpu_s > 0.85
    deserted = waited.replace("os.wait()", "os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)")
    deserted = deserted.replace("os.fork() == 0", "(pid := os.fork()) == 0")
    assert several.run_program(deserted).cpu_s > 0.85


def test_nothing_of_a_run_lives_on(several):
    source = (
        "import os, time\nfor _ in range(3):\n if os.fork() == 0:\n  os.setsid()\n"
        "  while True: time.sleep(0.01)\nprint(6)"
    )
    assert several.run(source, SIX).status is Status.ACCEPTED
    zygotes = [worker.pid for worker in several.executor.loaded.values()]
    alive = [p for pid in zygotes for p in psutil.Process(pid).children(recursive=True)]
    assert len(alive) == len(zygotes)  # process 1 of each namespace
    before = several.run_program("import os\nprint(os.getppid())").cpu_s
    assert before < 0.5


def test_output_after_the_end_is_none_of_the_runs(several):
    late = "import os, time\nif os.fork() == 0:\n time.sleep(0.5)\n os.write(1, b'late')"
    assert several.run_program(late).stdout == ""
    time.sleep(0.6)
    assert several.run_program("").stdout == ""


def test_it_costs_programs_of_one_process_nothing(several):
    alone = several.run("print(6)", SIX, limits=Limits(processes=1))
    assert alone.status is Status.ACCEPTED
    assert "Error" in several.run_program("import os\nos.fork()", limits=Limits()).stderr


def test_where_there_are_no_namespaces_it_is_refused():
    with Sandbox(workers=1, namespaces=False) as plain:
        with pytest.raises(UnconfinedError, match="processes"):
            plain.run_program("print(1)", limits=FOUR)
        assert plain.run_program("print(1)").stdout == "1\n"
        with pytest.raises(UnconfinedError, match="processes"):
            plain.run("print(6)", SIX, limits=FOUR)


def test_a_number_of_processes_must_be_one():
    with pytest.raises(ValueError, match="processes"):
        Limits(processes=0)
