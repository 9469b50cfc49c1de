"""Starting a server process: by exec, in its own session, from any context.

Exec, because a fork of the trainer would copy CUDA and other threads' locks, and because
`multiprocessing` would import the user's `__main__` again and refuses daemonic processes. Its
own session, because Ctrl-C goes to the terminal's whole foreground process group.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rewards.errors import WorkerError

if TYPE_CHECKING:
    from rewards.worker.plan import Plan

# "" in sys.path is the working directory, where anything may lie; ours must come first.
_BOOTSTRAP = (
    "import sys; sys.path[:] = [sys.argv[1], *filter(None, sys.path)]; "
    "from rewards.worker.server.main import main; main()"
)
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_LOG_BYTES = 1 << 20


class Log:
    """The last standard error of a server and its children, in memory where Linux lets us."""

    def __init__(self) -> None:
        self.file: IO[bytes]
        if sys.platform == "linux":
            fd = os.memfd_create("rlvr-worker-stderr")
            self.file = os.fdopen(fd, "w+b", buffering=0)
            import fcntl  # not on Windows

            # Appending, so that a truncated log goes on at its start.
            fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_APPEND)
        else:
            self.file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed by close()

    def tail(self, max_bytes: int = 4000) -> str:
        """The last of what was written, with a separator in front, or nothing."""
        if sys.platform == "win32":  # reading would move the writer's position
            return ""
        with contextlib.suppress(OSError, ValueError):
            fd = self.file.fileno()
            size = os.fstat(fd).st_size
            text = os.pread(fd, max_bytes, max(0, size - max_bytes)).decode(errors="replace")
            return f"; its last standard error:\n{text.strip()}" if text.strip() else ""
        return ""

    def trim(self) -> None:
        """Forget what was written once it is above a megabyte: a warning a task adds up."""
        with contextlib.suppress(OSError, ValueError):
            if os.fstat(self.file.fileno()).st_size > _LOG_BYTES:
                os.ftruncate(self.file.fileno(), 0)

    def close(self) -> None:
        """Drop it."""
        self.file.close()


def launch(
    mode: str, plan: Plan, log: Log, *, stdin: int | IO[bytes], stdout: int
) -> subprocess.Popen[bytes]:
    """Start a server that reads its plan from `stdin`.

    Raises:
        WorkerError: this interpreter cannot be started a second time.
    """
    root = str(Path(__file__).resolve().parents[2])
    flags = ["-I"] if sys.flags.isolated else []
    arguments = [root, mode, str(os.getpid()), plan.function]
    try:
        return subprocess.Popen(  # noqa: S603  # our own interpreter and code
            [sys.executable, *flags, "-c", _BOOTSTRAP, *arguments],
            stdin=stdin,
            stdout=stdout,
            stderr=log.file,
            env=os.environ | dict.fromkeys(_ONE_THREAD, "1"),
            start_new_session=True,
        )
    except (OSError, ValueError, TypeError) as why:
        raise WorkerError(
            f"a worker for {plan.function} could not be started with the interpreter "
            f"{sys.executable!r}: {why}"
        ) from why


def refuse(plan: Plan, reason: str, log: Log) -> WorkerError:
    """The error for a server that started but could not load what the plan names."""
    return WorkerError(f"a worker for {plan.function} could not start: {reason}{log.tail()}")


def stop(process: subprocess.Popen[bytes], *, grace_s: float) -> None:
    """Wait for a process that has been told to end, and kill it when it does not."""
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
