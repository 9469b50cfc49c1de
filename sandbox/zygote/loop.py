"""The zygote's loop: an order comes, a child is forked, watched, reaped and reported.

Not covered: anything a program says. The zygote reads no byte that a child or a test wrote, so
that neither can reach the next run through it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Mapping
from typing import Any

from sandbox.zygote import family, files, orphans
from sandbox.zygote.child import become_child
from sandbox.zygote.forking import fork
from sandbox.zygote.handed_files import open_files
from sandbox.zygote.protocol import (
    KILL,
    RENEW,
    WALL_STRETCH,
    Ended,
    Kind,
    Order,
    Report,
    descriptors_bytes,
    received_descriptors,
    sent_descriptors,
)

_COMMAND, _PAIR = int(Kind.COMMAND), int(Kind.PAIR)
_STDIN = int(Kind.STDIN)
_JUDGE, _CANDIDATE = int(Kind.JUDGE), int(Kind.CANDIDATE)
_ANCILLARY = descriptors_bytes(12)


def serve(control: socket.socket, settings: Mapping[str, Any], *, address_space: int) -> None:
    """Serve orders until the trusted process closes the control socket."""
    zygote_pid = os.getpid()
    while True:
        data, ancillary, _, _ = control.recvmsg(1 << 20, _ANCILLARY, socket.MSG_CMSG_CLOEXEC)
        if not data:
            os._exit(0)
        if data in {KILL, RENEW}:  # meant for a child that had just ended
            continue
        descriptors = received_descriptors(ancillary)
        order = Order.unpack(data)
        started = time.monotonic()
        # A judge comes with its candidate: two children, the judge's descriptors first.
        half = len(descriptors) // 2
        split = [descriptors]
        kinds: tuple[int, ...] = (order.kind,)
        if order.kind in {_JUDGE, _PAIR}:
            split = [descriptors[:half], descriptors[half:]]
            kinds = (_JUDGE, _CANDIDATE) if order.kind == _JUDGE else (_PAIR, _PAIR)
        pids: list[int] = []
        for kind, own in zip(kinds, split, strict=True):
            pid = fork()
            if pid == 0:
                become_child(kind, order, own, settings, zygote_pid, address_space, pids)
            pids.append(pid)
        for descriptor in descriptors:
            os.close(descriptor)
        reports = _with_orphans(order, _watch(pids, order, control.fileno(), started))
        _report(control, order, b"".join(report.pack() for report in reports))
        try:
            files.clean_up()
        except OSError:  # the next run must not find it; the trusted side starts another zygote
            os._exit(1)


def _report(control: socket.socket, order: Order, packed: bytes) -> None:
    """Say how a run ended, and hand over those of its files that the order names."""
    if order.kind != _STDIN or not order.command:
        os.write(control.fileno(), packed)
        return
    became, handles = open_files(json.loads(order.command))
    try:
        control.sendmsg([packed + became], sent_descriptors(handles))
    finally:
        for handle in handles:
            os.close(handle)


class _Clock:
    """The time of a run: of the test that it is at, and of all."""

    def __init__(self, order: Order, started: float) -> None:
        self._order = order
        self._test_started = started
        self._used_before = 0.0  # CPU seconds when this test began
        self._deadline = started + order.wall_s
        self._looked = started, 0.0  # when it was last asked whether the process works, and its CPU

    def wait_s(self, used: float) -> float:
        """How long nothing can be due."""
        cpu_left = self._order.cpu_s - (used - self._used_before)
        total_left = self._order.total_s - used
        return max(0.0, min(self._deadline - time.monotonic(), cpu_left, total_left))

    def renew(self, used: float) -> None:
        """The next test begins."""
        self._test_started = time.monotonic()
        self._used_before = used
        self._deadline = self._test_started + self._order.wall_s
        self._looked = self._test_started, used

    def over(self, used: float) -> Ended | None:
        """Which time is over, if any."""
        spent = used - self._used_before
        if spent >= self._order.cpu_s or used >= self._order.total_s:
            return Ended.CPU
        now = time.monotonic()
        if now < self._deadline:
            return None
        looked, had_used = self._looked
        share = (used - had_used) / max(now - looked, 1e-6)
        too_long = now - self._test_started >= self._order.wall_s * WALL_STRETCH
        if too_long or not _wants_more(share):
            return Ended.WALL
        self._looked = now, used
        self._deadline = now + self._order.wall_s / 4
        return None


def _wants_more(share: float) -> bool:
    """Whether a process that got this share of a CPU is one that computes, not one that sleeps.

    On a machine with more to do than it has CPUs for, even a little is a sign of work.
    """
    return share >= _WORKS or (share >= _WORKS_IN_A_CROWD and _is_crowded())


def _open_load() -> int:
    """A descriptor of the machine's load, opened while its file can still be seen; -1 for none."""
    try:
        return os.open("/proc/loadavg", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


_LOAD = _open_load()  # the namespaces that the zygote enters have no /proc; children close it


def _is_crowded() -> bool:
    """Whether more wants to run than there are CPUs for, now or over the last minute."""
    try:
        average, _, _, running = os.pread(_LOAD, 100, 0).split()[:4]
    except OSError:
        return False
    wanting = max(float(average), int(running.partition(b"/")[0]) - 1)  # but for ourselves
    return wanting > _CROWDED * len(os.sched_getaffinity(0))


_WORKS, _WORKS_IN_A_CROWD, _CROWDED = 0.1, 0.002, 1.2


def _cpu_s(pids: list[int]) -> float:
    # The CPU clock of a process: clock_getcpuclockid(3).
    return max((time.clock_gettime((~pid << 3) | 2) for pid in pids), default=0.0)


def _watch(  # noqa: C901 - one loop, seven ways out of it
    pids: list[int], order: Order, control: int, started: float
) -> list[Report]:
    """Wait for the children's end, or bring it about: out of time, or the answer is known.

    The end of the first child, the only one or the judge, is the end of the run.
    """
    handles = {os.pidfd_open(pid): pid for pid in pids}
    poller = select.poll()
    poller.register(control, select.POLLIN)
    for handle in handles:
        poller.register(handle, select.POLLIN)
    clock = _Clock(order, started)
    used = 0.0
    ended = Ended.ITSELF
    running = list(pids)
    while pids[0] in running:
        wait_s = min(clock.wait_s(used), files.look_s())
        if order.processes > 1:
            wait_s = min(wait_s, family.LOOK_S)
        ready = [descriptor for descriptor, _ in poller.poll(max(1.0, wait_s * 1000.0 + 1.0))]
        for handle in ready:
            if handle in handles:
                running.remove(handles[handle])
                poller.unregister(handle)
        if control in ready:
            said = os.read(control, 64)
            if not said:  # nobody is left to report to
                _end(running)
                os._exit(0)
            if said == RENEW:
                used = _used(
                    running, order
                )  # or quick tests would never come to the end of their total
                clock.renew(used)
                continue
            ended = Ended.ASKED
            break
        if ready:
            continue
        used, over = _look(running, order, len(pids))
        over = over or clock.over(used)
        if over is not None:
            ended = over
            break
    _end(running)
    for handle in handles:
        os.close(handle)
    if ended == Ended.ITSELF:
        ended = Ended.ASKED  # the others did not end themselves: the first one's end is theirs
    return [_reap(pid, ended if pid in running else Ended.ITSELF, started) for pid in pids]


def _used(running: list[int], order: Order) -> float:
    return family.look().cpu_s if order.processes > 1 else _cpu_s(running)


def _look(running: list[int], order: Order, count: int) -> tuple[float, Ended | None]:
    """CPU seconds used, and what there is too much of, if anything."""
    over = Ended.FILES if files.are_overfull() else None
    if order.processes == 1:
        # A compiler's driver sleeps while its passes work.
        watched = order.kind == _COMMAND and family.handle() is not None
        return (family.look().cpu_s if watched else _cpu_s(running)), over
    found = family.look()
    if found.processes > order.processes + count - 1:
        over = Ended.PROCESSES
    if found.memory_bytes > order.memory_bytes * count:
        over = Ended.MEMORY
    return found.cpu_s, over


def _with_orphans(order: Order, reports: list[Report]) -> list[Report]:
    """The reports, once what a compiler or program left behind is ended and counted."""
    if order.kind in {_COMMAND, _PAIR}:
        orphans.end()
    if order.processes == 1:
        return reports
    cpu_s, peak_kb = orphans.end()
    last = reports[-1]  # the program's: a judge comes first
    ended = last.ended
    if ended == Ended.ITSELF and last.exit_code == -signal.SIGKILL:
        ended = Ended.KILLED
    peak_kb = max(last.peak_kb, peak_kb)
    whole = Report(last.wait_status, ended, last.cpu_s + cpu_s, last.wall_s, peak_kb)
    return [*reports[:-1], whole]


def _end(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)  # cannot miss: nobody else reaps our children


def _reap(pid: int, ended: int, started: float) -> Report:
    _, status, usage = os.wait4(pid, 0)
    used_s = usage.ru_utime + usage.ru_stime
    return Report(status, ended, used_s, time.monotonic() - started, usage.ru_maxrss)
