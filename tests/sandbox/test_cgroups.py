"""Control groups against a folder that behaves like one, and the kernel's own where it is there.

The kernel's files appear when a folder is made; here a folder is given them beforehand.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import Case, FunctionTests, Limits, Sandbox, Status, UnconfinedError, cgroups
from sandbox.cgroups import Group, find_parent, make_group
from sandbox.runs.ending import explain
from sandbox.worker import Worker
from sandbox.zygote.protocol import Ended, Report


def folder(path, controllers="cpu memory pids", given=""):
    path.mkdir(parents=True, exist_ok=True)
    (path / "cgroup.controllers").write_text(controllers)
    (path / "cgroup.subtree_control").write_text(given)
    return path


def proc(path, group="/user/me", root="/", mounted=None):
    path.mkdir()
    (path / "cgroup").write_text(f"4:memory:/old\n0::{group}\n")
    lines = ["21 1 0:20 / /proc rw - proc proc rw"]
    if mounted is not None:
        lines.append(f"30 1 0:26 {root} {mounted} rw,relatime shared:4 - cgroup2 cgroup2 rw")
    (path / "mountinfo").write_text("\n".join(lines) + "\n")
    return path


def test_a_group_is_made_where_this_process_lives(tmp_path):
    own = folder(tmp_path / "cg" / "user" / "me")
    found = find_parent(proc(tmp_path / "proc", mounted=tmp_path / "cg"))
    assert found == own
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_a_mount_of_a_part_of_the_hierarchy(tmp_path):
    own = folder(tmp_path / "cg" / "me")
    assert find_parent(proc(tmp_path / "proc", root="/user", mounted=tmp_path / "cg")) == own


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "no cgroup v2"),
        ({"mounted": True, "root": "/elsewhere"}, "no cgroup v2"),
        ({"mounted": True, "controllers": "cpu memory"}, "was not given: pids"),
    ],
)
def test_why_there_is_none(tmp_path, options, why):
    controllers = options.pop("controllers", "memory pids")
    folder(tmp_path / "cg" / "user" / "me", controllers)
    if options.pop("mounted", False):
        options["mounted"] = tmp_path / "cg"
    with pytest.raises(OSError, match=why):
        find_parent(proc(tmp_path / "proc", **options))


def test_a_parent_that_holds_processes_is_named(tmp_path, monkeypatch):
    own = folder(tmp_path / "own")
    write = Path.write_text

    def refuse(self, *args, **kwargs):
        if self.name == "cgroup.subtree_control":
            raise OSError(16, "Device or resource busy")
        return write(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(OSError, match="holds processes itself"):
        make_group(own)


def test_limits_are_written_once_and_counters_read(tmp_path):
    group = Group(folder(tmp_path / "g"))
    (group.folder / "memory.swap.max").write_text("max")
    group.limit_tasks(7)
    group.limit_memory(4096)
    assert (group.folder / "pids.max").read_text() == "7"
    assert (group.folder / "memory.max").read_text() == "4096"
    assert (group.folder / "memory.swap.max").read_text() == "0"
    (group.folder / "memory.max").write_text("touched")
    group.limit_memory(4096)
    assert (group.folder / "memory.max").read_text() == "touched"
    assert (group.oom_kills(), group.cpu_s()) == (0, 0.0)
    (group.folder / "memory.events").write_text("low 0\noom 2\noom_kill 1\n")
    (group.folder / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    assert (group.oom_kills(), group.cpu_s()) == (1, 2.5)


def test_groups_of_the_dead_are_swept(tmp_path):
    parent = folder(tmp_path / "own")
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, check=True)  # fmt: skip
    stale = parent / f"rlvr-{int(dead.stdout)}-0"
    stale.mkdir()
    living = parent / f"rlvr-{os.getpid()}-999999"
    living.mkdir()
    make_group(parent).close()
    assert not stale.exists()
    assert living.exists()


def test_a_worker_joins_its_group_and_names_what_it_killed(tmp_path, monkeypatch):
    parent = folder(tmp_path / "own", given="memory pids")
    with Sandbox(workers=1, cgroup=parent) as box:
        group = box.executor.workers[0].group
        assert (group.folder / "cgroup.procs").read_text() == str(box.executor.workers[0].pid)
        tests = FunctionTests("f", [Case(expected=1)])
        box.run("def f(): return 1", tests, limits=Limits(memory_mb=100))
        assert int((group.folder / "memory.max").read_text()) == (100 + 256) << 20
        report = box.report()
        assert "cgroup" in report["active"]
        assert list(report["cgroups"]) == [str(group.folder)]
        (group.folder / "memory.events").write_text("oom_kill 1\n")
        killed = Report(9, Ended.ITSELF, 0.1, 0.1, 1000)
        named = box.executor.workers[0]._explained(killed)
        assert explain(named, Limits())[0] is Status.MEMORY_LIMIT
        assert box.executor.workers[0]._explained(killed).ended == Ended.ITSELF  # none since then


def test_a_named_folder_that_cannot_be_used_is_an_error(tmp_path):
    with pytest.raises(UnconfinedError, match="no group can be made"):
        Sandbox(workers=1, cgroup=tmp_path)


def test_without_delegation_the_report_says_why():
    with Sandbox(workers=1) as box:
        report = box.report()
    assert "cgroup" in {*report["active"], *report["unavailable"]}
    if "cgroup" in report["unavailable"]:
        assert report["unavailable"]["cgroup"].startswith("errno ")


def unified():
    """The kernel's own hierarchy, if this process may make groups in it."""
    try:
        own = cgroups._own_group(Path("/proc/self"))
        probe = own / f"rlvr-{os.getpid()}-probe"
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return None
    return own


def test_the_kernels_own_groups_hold_account_and_kill():
    parent = unified()
    if parent is None:
        pytest.skip("no cgroup v2 in which groups may be made")
    group = Group(parent / f"rlvr-{os.getpid()}-real")
    group.folder.mkdir()
    child = subprocess.Popen([sys.executable, "-c", "input(); sum(range(10**7)); input()"],
                             stdin=subprocess.PIPE)  # fmt: skip
    try:
        group.add(child.pid)
        assert (group.folder / "cgroup.procs").read_text().split() == [str(child.pid)]
        child.stdin.write(b"\n")
        child.stdin.flush()
        while group.cpu_s() == 0.0:
            assert child.poll() is None
    finally:
        group.close()
        child.kill()
    assert child.wait() == -9
    assert not group.folder.exists()


@pytest.mark.parametrize("lost", [True, False])
def test_a_worker_that_cannot_join_is_lost_not_loose(tmp_path, lost):
    from sandbox.settings import python_settings
    from sandbox.worker import WorkerLostError

    parent = folder(tmp_path / "own", controllers="memory" if lost else "memory pids")
    worker = Worker(python_settings(namespaces=True), parent)
    if lost:
        with pytest.raises(WorkerLostError, match="was not given: pids"):
            worker.start()
        assert worker.pid is None
    else:
        worker.start()
        worker.close()


@pytest.fixture
def delegated():
    """A tree of the kernel's own that was handed down to us: root can make one for itself."""
    try:
        top = next(
            Path(line.split()[4])
            for line in Path("/proc/self/mountinfo").read_text().splitlines()
            if " - cgroup2 " in line
        )
        given = (top / "cgroup.subtree_control").read_text().split()
    except (StopIteration, OSError):
        pytest.skip("no cgroup v2 is mounted")
    lacking = [name for name in cgroups.CONTROLLERS if name not in given]
    if lacking:
        pytest.skip(f"cgroup v2 hands down no {' and no '.join(lacking)} here")
    tree = top / f"rlvr-test-{os.getpid()}"
    try:
        tree.mkdir()
    except OSError as error:
        pytest.skip(f"no group can be made: {error.strerror}")
    yield tree
    tree.rmdir()


def test_a_delegated_tree_holds_all_processes_of_a_worker(delegated):
    with Sandbox(workers=1, cgroup=delegated) as box:
        assert "cgroup" in box.report()["active"]
        group = box.executor.workers[0].group
        assert box.run_program("print(1)").stdout == "1\n"
        assert group.cpu_s() > 0
        threads = (
            "import threading, time\nfor n in range(2000):\n"
            " threading.Thread(target=time.sleep, args=(9,), daemon=True).start()"
        )
        assert box.run_program(threads).status is Status.RUNTIME_ERROR
        # Socket buffers are the kernel's memory on a program's behalf: no other limit sees them.
        hoard = (
            "import socket\nkept = [socket.socketpair() for _ in range(25)]\n"
            "for pair in kept:\n pair[0].setblocking(False)\n"
            " try:\n  while True: pair[0].send(b'x' * 65536)\n except OSError: pass\nprint(1)"
        )
        assert box.run_program(hoard).stdout == "1\n"
        several = Limits(memory_mb=64, processes=3)
        eats = "import os, time\nos.fork()\nx = b'x' * (300 << 20)\ntime.sleep(5)"
        assert box.run_program(eats, limits=several).status is Status.MEMORY_LIMIT
        assert box.run_program("print(2)").stdout == "2\n"
    assert not [path for path in delegated.iterdir() if path.is_dir()]
