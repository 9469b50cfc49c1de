"""The server on its socket: connections bounded in number and in patience, drained at the end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from rewards.serving.app import make_app
from rewards.serving.options import ServeOptions

_HEAD_S = 10.0
_KEEP_ALIVE_S = 30
_BACKLOG = 2048
_DESCRIPTORS = 65_536


_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n"
    b"content-length: 0\r\n\r\n"
)


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 that waits a bounded time for the head of a request, and for few at a time.

    uvicorn itself waits for ever for a client that opens a connection and sends no whole head.
    Where there are too many, the one that has been silent for longest is closed, so that clients
    who send nothing, or never a whole request, keep nobody out; a request that has arrived is
    answered.
    """

    most_connections = 1000
    unasked: dict[BoundedProtocol, None]  # those without a whole request, the longest silent first
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection; one too many costs a silent one its place, or is refused."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            silent = next(iter(self.unasked), self)
            silent.refuse()
            if silent is self:
                return
        self.unasked[self] = None
        self._expect_head()

    def refuse(self) -> None:
        """Close it, and say when to come again."""
        self.unasked.pop(self, None)
        self.transport.write(_FULL)
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Take what came; what may still be missing is the rest of a head."""
        cycle = self.cycle
        super().data_received(data)
        if self.cycle is not cycle:
            self._head_came()
        elif cycle is None or cycle.response_complete:
            self._expect_head()
        self._note_silence()

    def on_response_complete(self) -> None:
        """Answered: the connection may be used again."""
        super().on_response_complete()
        self._note_silence()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.unasked.pop(self, None)
        self._head_came()
        super().connection_lost(exc)

    def _note_silence(self) -> None:
        """Put it behind all that have been silent for longer, unless it is to be answered."""
        self.unasked.pop(self, None)
        cycle = self.cycle
        asked = cycle is not None and not cycle.response_complete and not cycle.more_body
        if not asked and not self.transport.is_closing():
            self.unasked[self] = None

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(_HEAD_S, self._give_up)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()


def serve(options: ServeOptions) -> None:
    """Serve until SIGTERM or SIGINT; what is under way then is finished first.

    Raises:
        InputError: one of the operator's rewards does not exist.
    """
    _raise_descriptors()
    bounds = {"most_connections": options.connections, "unasked": {}}
    protocol = type("Protocol", (BoundedProtocol,), bounds)
    config = uvicorn.Config(
        make_app(options),
        host=options.host,
        port=options.port,
        http=protocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        access_log=False,
        log_level="warning",
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(options.drain_s)),
        server_header=False,
        proxy_headers=False,
    )
    # uvicorn raises the signal anew when all is done; to have ended as told is no failure.
    signal.signal(signal.SIGTERM, _ended)
    _Server(config).run()


def _ended(number: int, frame: object) -> None:
    """There is nothing left to end."""


class _Server(uvicorn.Server):
    """Says where it listens, once it does: a port of 0 is chosen by the system."""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            for socket in server.sockets:
                host, port = socket.getsockname()[:2]
                shown = f"[{host}]" if ":" in host else host
                sys.stderr.write(f"rlvr serve: listening on http://{shown}:{port}\n")
                sys.stderr.flush()


def _raise_descriptors() -> None:
    """Have as many open files as the system grants: each connection is one."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
