"""Interface of one worker process; implemented by `forked_link` and `direct_link`."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class ServerLostError(Exception):
    """The server that owns the children has gone: not the task's doing."""


class Death(NamedTuple):
    """How a process ended: the signal that killed it (0: none), its CPU seconds in all."""

    signal: int
    spent_s: float


class Link(Protocol):
    """The parent's end of one process that does tasks, used by one thread at a time."""

    spent_s: float  # CPU seconds of the process after its last answer

    def is_quiet(self) -> bool:
        """Whether the process lives and has nothing to say, as between tasks."""

    def exchange(self, task_id: int, body: bytes, wall_s: float | None) -> bytes:
        """Hand over a task and wait for its answer.

        Raises:
            EOFError: the process ended, or answered something else.
            TimeoutError: `wall_s` passed.
        """

    def end(self) -> Death:
        """Kill and reap the process; what had ended it before, if something had.

        May be called again, then without a meaningful answer.

        Raises:
            ServerLostError: nobody knows how it ended.
        """

    def close(self) -> None:
        """Let go of the process without asking how it ended; may be called twice."""


class Source(Protocol):
    """Where links come from: one server that forks, or one process after another."""

    def spawn(self) -> Link:
        """A fresh process.

        Raises:
            ServerLostError: the server has gone; make another source.
            WorkerError: the machine refuses another process.
        """

    def log_tail(self) -> str:
        """The last of what the processes wrote to standard error."""

    def trim_log(self) -> None:
        """Keep the log small."""

    def close(self) -> None:
        """End every process; may be called twice. Links are closed by those who hold them."""

    def forget(self) -> None:
        """Close this process's descriptors only: it is a fork of the one that owns them."""
