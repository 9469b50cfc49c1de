"""From fork to the first line of an untrusted program: a child gives up what it still has.

Not covered: what the zygote gave up before (`confinement`), which a child inherits. Nothing
here may fail open: an error before the program starts ends the child.
"""

from __future__ import annotations

import errno
import gc
import os
import resource
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from sandbox.confine import policy
from sandbox.confine.libc import die_with_parent
from sandbox.confine.seccomp import Filter, Rule, When, fail_with
from sandbox.zygote import files, tasks, threads
from sandbox.zygote.command import execute
from sandbox.zygote.protocol import Kind, Order, frame, second_limit_s

CHANNEL = 3  # every child finds its channel here
LINE = 4  # a judge and its candidate find the line between them here
SETUP_FAILED = 120
_FIRST_FREE = 32  # above everything that a zygote has open
READY = frame(b"R")

# Plain numbers: looking an enum member up touches pages that a child must then copy.
_FUNCTION, _STDIN, _JUDGE = int(Kind.FUNCTION), int(Kind.STDIN), int(Kind.JUDGE)
_COMMAND, _CHECKER = int(Kind.COMMAND), int(Kind.CHECKER)
_PAIR = int(Kind.PAIR)
_COMMANDS = (_COMMAND, _PAIR)
_WITH_STREAMS = (_STDIN, _COMMAND)
_ON_A_LINE = (_JUDGE, int(Kind.CANDIDATE))
_NEGATIVE = 0x8000_0000
_STACK_BYTES = 64 << 20
_FILTER = Filter(policy.CHILD_RULES, default=policy.PASS)
_FILTER_WITH_PROCESSES = Filter(policy.CHILD_RULES_WITH_PROCESSES, default=policy.PASS)
_FILTER_ALONE = Filter(policy.CHILD_RULES_ALONE, default=policy.PASS)
_FILTER_AMONG_OTHERS = Filter(policy.CHILD_RULES_AMONG_OTHERS, default=policy.PASS)


def become_child(  # noqa: PLR0913, PLR0917 - called in one place, on the hot path
    kind: int,
    order: Order,
    descriptors: Sequence[int],
    settings: Mapping[str, Any],
    zygote_pid: int,
    address_space: int,
    before: Sequence[int],
) -> NoReturn:
    """Confine this freshly forked process and run what it was forked for.

    `before` are those that were forked before it for this run: its judge, if it has one.
    """
    try:
        die_with_parent()
        if os.getppid() != zygote_pid:  # it died before the line above
            os._exit(SETUP_FAILED)
        # A judge stays one process.
        processes = 1 if kind == _JUDGE else order.processes
        tasks.limit_child(processes)
        _arrange(kind, descriptors)
        if kind in _COMMANDS:
            execute(order, len(before), CHANNEL, without=set(settings["without"]))
        folder = files.folder()
        _limit(order, address_space, folder.file_bytes if folder is not None else 0)
        if "seccomp" not in settings["without"]:
            if processes > 1:
                from sandbox.zygote.function import allow_processes  # see `_run`

                allow_processes()
                _protect(before)
                _FILTER_WITH_PROCESSES.install()
            elif order.processes > 1:
                _FILTER_ALONE.install()
            elif folder is not None and folder.among_others:
                _FILTER_AMONG_OTHERS.install()
            else:
                _FILTER.install()
        gc.enable()
        # From here on every end is the program's doing.
        os.write(CHANNEL, READY)
    except BaseException:  # noqa: BLE001 - whatever it is, the program must not start
        os._exit(SETUP_FAILED)
    try:
        _run(kind)
    finally:
        os._exit(1)


def _arrange(kind: int, descriptors: Sequence[int]) -> None:
    """Put each descriptor in its place and close everything else."""
    places: tuple[int, ...]
    if kind in _WITH_STREAMS:
        places = (CHANNEL, 0, 1, 2)
    elif kind == _PAIR:
        places = (CHANNEL, 0, 1, 2, LINE)
    elif kind in _ON_A_LINE:
        places = (CHANNEL, LINE)
    else:
        places = (CHANNEL,)
    # The places must be free before they are filled: what came in lies above all of them.
    high = _FIRST_FREE
    for descriptor in descriptors:
        os.dup2(descriptor, high)
        high += 1
    high = _FIRST_FREE
    for place in places:
        os.dup2(high, place, place < CHANNEL)  # what the program starts has its streams too
        high += 1
    os.closerange(CHANNEL + (2 if kind in _ON_A_LINE or kind == _PAIR else 1), 64)


def _protect(judges: Sequence[int]) -> None:
    """Keep a program that may send signals from reaching its judge, alone or in a group."""
    if not judges:
        return
    os.setpgid(0, 0)
    refused = fail_with(errno.EPERM)
    groups = Rule("kill", when=When(0, (0,), _NEGATIVE), otherwise=refused)
    Filter([groups], default=policy.PASS).install()
    judge = Rule("kill", refused, When(0, tuple(judges)), otherwise=policy.PASS)
    Filter([judge], default=policy.PASS).install()


def _limit(order: Order, address_space: int, file_bytes: int) -> None:
    cpu = second_limit_s(order)
    setrlimit = resource.setrlimit
    setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    memory = address_space + order.memory_bytes
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]  # lower where we were started under a limit
    memory = memory if hard < 0 else min(memory, hard)
    setrlimit(resource.RLIMIT_AS, (memory, memory))
    threads.allow(order.memory_bytes)
    file_bytes = max(file_bytes, order.file_bytes)
    setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    # A program may raise this one, as many do; its stack stays within its address space.
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    stack = min(_STACK_BYTES, order.memory_bytes)
    setrlimit(resource.RLIMIT_STACK, (stack if hard < 0 else min(stack, hard), hard))


def _run(kind: int) -> None:
    # Imported by the zygote; naming them at the top would be a circle.
    if kind == _FUNCTION:
        from sandbox.zygote.function import answer_calls

        answer_calls(CHANNEL)
    elif kind == _STDIN:
        from sandbox.zygote.whole_program import run_program

        run_program(CHANNEL)
    elif kind == _CHECKER:
        from sandbox.zygote.checker import check_answers

        check_answers(CHANNEL)
    elif kind == _JUDGE:
        from sandbox.zygote.judge import judge

        judge(CHANNEL, LINE)
    else:
        from sandbox.zygote.candidate import serve_judge

        serve_judge(CHANNEL, LINE)
