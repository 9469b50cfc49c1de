"""What the machine does to us: killed processes, a full disk, no descriptors, Ctrl-C."""

import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from sandbox import AssertTests, Case, FunctionTests, Limits, Sandbox, Status, StdinTests
from sandbox.languages import language_named
from sandbox.runs.ending import require_confined
from sandbox.worker import Channel, WorkerLostError
from sandbox.zygote.protocol import Ended, Report

ROOT = Path(__file__).resolve().parents[2]
ADD = FunctionTests("add", [Case(args=(1, 2), expected=3)])
RIGHT = "def add(a, b): return a + b"
SLOW = "import time\ndef add(a, b):\n    time.sleep(1.5)\n    return a + b"
THREE = StdinTests([Case(stdin="", expected="3")])


def below(pid):
    """The processes below this one, if it is there: a worker may be starting anew."""
    try:
        return psutil.Process(pid).children(recursive=True) if pid else []
    except psutil.NoSuchProcess:
        return []


@pytest.mark.parametrize("times", [1, 2])
def test_a_child_killed_from_outside_is_run_again_once(times):
    with Sandbox(workers=1) as box:
        outcomes = []
        thread = threading.Thread(target=lambda: outcomes.append(box.run(SLOW, ADD)))
        own = len(below(box.executor.workers[0].pid))
        thread.start()
        killed = set()
        while len(killed) < times and thread.is_alive():
            found = below(box.executor.workers[0].pid)
            if len(found) > own and found[-1].pid not in killed:
                time.sleep(0.3)  # past its set-up, while it sleeps
                found[-1].kill()
                killed.add(found[-1].pid)
        thread.join()
        expected = Status.ACCEPTED if times == 1 else Status.INFRA_ERROR
        assert outcomes[0].status is expected, outcomes
        assert box.run(RIGHT, ADD).status is Status.ACCEPTED


def test_no_descriptors_left_is_our_failure_and_passes():
    with Sandbox(workers=1) as box:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        taken = []
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        try:
            while True:
                taken.append(os.dup(0))
        except OSError:
            pass
        try:
            assert box.run(RIGHT, ADD).status is Status.INFRA_ERROR
        finally:
            for handle in taken:
                os.close(handle)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert box.run(RIGHT, ADD).status is Status.ACCEPTED


@pytest.fixture
def small_disk(tmp_path, monkeypatch):
    """A file system of 48 MB under the temporary folder."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)]
    if os.getuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def require(language):
    if language_named(language).find() is None:
        pytest.skip(f"no toolchain for {language}")


def test_a_full_disk_is_our_failure_until_there_is_room(small_disk):
    require("c")
    program = '#include <stdio.h>\nint main(void) { puts("3"); }'
    with Sandbox(workers=1, limits=Limits(wall_s=20)) as box:
        assert box.run(program, THREE, language="c").status is Status.ACCEPTED
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space left"):
            filler.write_bytes(bytes(64 << 20))
        outcomes = box.run_many([(f"/* {n} */ {program}", THREE) for n in range(3)], language="c")
        assert [o.status for o in outcomes] == [Status.INFRA_ERROR] * 3
        assert "full" in outcomes[0].reason
        assert box.run(program, THREE, language="c").status is Status.ACCEPTED  # compiled before
        assert box.run(RIGHT, ADD).status is Status.ACCEPTED  # Python needs no disk
        filler.unlink()
        again = box.run(f"/* 0 */ {program}", THREE, language="c")
        assert again.status is Status.ACCEPTED, again


def test_a_disk_that_fills_while_compiling_is_our_failure(small_disk):
    require("c")
    large = "char text[100 << 20] = {1};\nint main(void) { return text[0]; }"
    with Sandbox(workers=1, limits=Limits(wall_s=20)) as box:
        outcome = box.run(large, THREE, language="c")
        assert outcome.status is Status.INFRA_ERROR, outcome
        assert "full" in outcome.reason


def test_an_interrupt_ends_the_batch_and_leaves_nothing():
    script = f"""
        import sys, psutil
        sys.path.insert(0, {str(ROOT)!r})
        from sandbox import *
        tests = FunctionTests("f", [Case(expected=1)])
        hang = "import time\\ndef f(): time.sleep(100)"
        quick = "def f(): return 1"
        try:
            with Sandbox(workers=2, limits=Limits(wall_s=4)) as box:
                print(*(p.pid for p in psutil.Process().children(recursive=True)), flush=True)
                for outcome in box.stream([(quick, tests)] + [(hang, tests)] * 50):
                    print(outcome.status.value, flush=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            left = psutil.Process().children(recursive=True)
            print("left", [p.pid for p in left if p.status() != "zombie"], flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    pids = [int(word) for word in process.stdout.readline().split()]
    assert process.stdout.readline().strip() == "accepted"
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    rest, _ = process.communicate(timeout=60)
    assert rest.splitlines()[-2:] == ["interrupted", "left []"]
    assert "infra_error" not in rest
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def test_many_kinds_at_once_lose_nothing_while_zygotes_die():
    kinds = [
        ("def f(): return 1", FunctionTests("f", [Case(expected=1)])),
        ("print(input())", StdinTests([Case(stdin="x", expected="x")])),
        ("def f(x): return x", AssertTests(["assert f(3) == 3"])),
        ("def f(): return 2", FunctionTests("f", [Case(expected=1)])),
    ]
    with Sandbox(workers=2) as box:
        stop = threading.Event()

        def killer():
            while not stop.wait(1.0):
                pid = box.executor.workers[0].pid
                if pid:
                    os.kill(pid, signal.SIGKILL)

        thread = threading.Thread(target=killer)
        thread.start()
        try:
            outcomes = box.run_many([kinds[n % 4] for n in range(400)])
        finally:
            stop.set()
            thread.join()
    assert len(outcomes) == 400
    for number, outcome in enumerate(outcomes):
        right = Status.WRONG_ANSWER if number % 4 == 3 else Status.ACCEPTED
        assert outcome.status in {right, Status.INFRA_ERROR}, outcome
    assert sum(o.status is Status.INFRA_ERROR for o in outcomes) < 50


@pytest.mark.parametrize("ended", Ended)
def test_a_program_that_its_judge_outran_is_no_failure_of_ours(ended):
    """A judge that asks nothing ends the run, perhaps before the program was confined."""
    with Channel(1.0, 1 << 10) as candidate:
        candidate.theirs.close()
        report = Report(wait_status=9, ended=ended, cpu_s=0.0, wall_s=0.0, peak_kb=0)
        if ended == Ended.ASKED:
            require_confined(candidate, report)
        else:
            with pytest.raises(WorkerLostError):
                require_confined(candidate, report)
