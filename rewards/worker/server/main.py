"""The process that the parent starts: it imports once, then forks a child when asked.

It is single-threaded on purpose: a fork copies only the calling thread, and the parent-death
signal fires when the *thread* that forked ends. It notices the parent's end by its control
socket and, because a process forked from the parent may hold that socket open, by a pidfd too.

Where processes cannot be forked (macOS, Windows) it answers tasks itself and is restarted when
it is killed: `serve_directly`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import queue
import signal
import sys
import threading
from functools import partial

from rewards.worker import frames
from rewards.worker.control import READY
from rewards.worker.plan import Plan
from rewards.worker.server import child

if sys.platform != "win32":
    import resource


def main() -> None:
    """Serve until the parent goes; `sys.argv` is [-c, package root, mode, parent's pid, label]."""
    root, mode, parent = sys.argv[1], sys.argv[2], int(sys.argv[3])
    # The bootstrap put our root first to find us; it may be site-packages, which belongs last.
    sys.path.remove(root)
    if root not in sys.path:
        sys.path.append(root)
    _settle_signals()
    with contextlib.suppress(OSError, ValueError):  # no usable stderr: nothing to report to
        faulthandler.enable()
    incoming, outgoing = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)  # a print in a function must reach neither the protocol nor a terminal
    os.close(null)
    if mode == "fork":
        from rewards.worker.server.forking import serve_forks  # needs fork and poll

        os.close(outgoing)
        serve_forks(incoming, parent)
    else:
        serve_directly(incoming, outgoing)


def _settle_signals() -> None:
    """Undo what an exec inherits: ignored and blocked signals would switch limits off."""
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole console there
        return
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPROF", "SIGCHLD", "SIGALRM"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def serve_directly(incoming: int, outgoing: int) -> None:
    """Answer tasks in this very process, one at a time.

    A thread reads, so that the parent's end is noticed in the middle of a task that hangs.
    """
    tasks: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()

    def read() -> None:
        with contextlib.suppress(EOFError, OSError, ValueError):
            while True:
                tasks.put(frames.receive(partial(os.read, incoming), sys.maxsize))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    write = partial(os.write, outgoing)
    task_id, body = tasks.get()
    try:
        plan = Plan.from_json(body)
        function = plan.load()
    except BaseException as why:  # noqa: BLE001  # whatever an import raises is the parent's to read
        frames.send(write, task_id, child.describe(why).encode())
        return
    gc.collect()
    gc.freeze()
    frames.send(write, task_id, READY)
    child.serve(tasks.get, write, function, plan)
