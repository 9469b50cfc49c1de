"""In front of every endpoint: who may come in, how much may be brought, how long one may stay.

A request is read whole before anything looks at it, within its limits of bytes and seconds, so that
no endpoint ever waits for a client. While it is worked on, a client that leaves ends the work that
waits for it.

Not covered: connections that send nothing; those are closed by `run`.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from time import perf_counter
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rewards.serving.answers import refusal
from rewards.serving.metrics import Metrics
from rewards.serving.options import ServeOptions, is_loopback
from rewards.text.strict_json import MAX_DEPTH, depth_of

OPEN_PATHS = frozenset(("/health", "/v1/ping"))
"""What may be asked without a token."""

_KEY_PREFIX = "/key/"
_BODIES_HELD = 8  # times the limit of one


class Doorkeeper:
    """The server's application behind its checks.

    Args:
        app: what answers.
        options: the limits.
        metrics: where answers are counted.
        endpoints: the paths that are counted by their own name.
    """

    def __init__(
        self, app: ASGIApp, options: ServeOptions, metrics: Metrics, endpoints: frozenset[str]
    ) -> None:
        self._app = app
        self._options = options
        self._metrics = metrics
        self._endpoints = endpoints
        self._most_bytes = int(options.body_mb * 10**6)
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            else:
                await self._app(scope, receive, send)
            return
        started = perf_counter()
        answer = _Answer(send)
        try:
            await self._let_in(scope, receive, answer)
        finally:
            path = scope["path"] if scope["path"] in self._endpoints else "other"
            if answer.code is not None:
                self._metrics.count_request(path, answer.code, perf_counter() - started)

    async def _let_in(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        body = bytearray()
        try:
            refused = self._recognise(scope) or await self._read(scope, receive, body)
            if refused is None:
                await self._serve(scope, receive, bytes(body), answer)
            else:
                await refused(scope, receive, answer)
        except ConnectionError:
            self._metrics.count_left()
        finally:
            self._held_bytes -= len(body)

    def _recognise(self, scope: Scope) -> Response | None:
        """Check who asks."""
        headers = {name.lower(): value for name, value in scope["headers"]}
        token, path = self._options.token, scope["path"]
        given = headers.get(b"authorization", b"").removeprefix(b"Bearer ").strip()
        if path.startswith(_KEY_PREFIX):  # for clients that can be told a URL and no header
            shown, _, rest = path.removeprefix(_KEY_PREFIX).partition("/")
            given, scope["path"] = shown.encode("utf-8", "replace"), f"/{rest}"
            scope["raw_path"] = scope["path"].encode()
        if token is None:
            # Without a token a web page must not reach us by a name that leads to 127.0.0.1.
            host = headers.get(b"host", b"").decode("latin-1")
            name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
            if not is_loopback(name):
                return refusal(421, f"this server is not called {host[:80]!r}", close=True)
        elif scope["path"] not in OPEN_PATHS and not hmac.compare_digest(given, token.encode()):
            response = refusal(401, "show the server's token: Authorization: Bearer …", close=True)
            response.headers["www-authenticate"] = "Bearer"
            return response
        return None

    async def _read(self, scope: Scope, receive: Receive, body: bytearray) -> Response | None:
        """Read the request; what is held of it is counted until it is answered."""
        most = self._most_bytes
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length[:20]) > most:
            return refusal(413, f"a request of more than {most:,} bytes; send several", close=True)
        if self._held_bytes + int(length) > _BODIES_HELD * most:
            return refusal(429, "too much is being read; ask again later", retry=True, close=True)
        try:
            await asyncio.wait_for(self._fill(receive, body), self._options.body_s)
        except (asyncio.TimeoutError, TimeoutError):
            seconds = f"{self._options.body_s:g}"
            return refusal(408, f"the request did not arrive within {seconds} s", close=True)
        except _TooLargeError:
            return refusal(413, f"a request of more than {most:,} bytes; send several", close=True)
        return _look_at(body)

    async def _fill(self, receive: Receive, body: bytearray) -> None:
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise ConnectionError("the client left")
            part = message.get("body", b"")
            if len(body) + len(part) > self._most_bytes:
                raise _TooLargeError
            body += part
            self._held_bytes += len(part)
            more = message.get("more_body", False)

    async def _serve(self, scope: Scope, receive: Receive, body: bytes, answer: _Answer) -> None:
        """Have it answered, unless the client leaves or the time is up before."""
        seconds = _asked_seconds(scope, self._options.deadline_s)
        if seconds is None:
            refused = refusal(422, "timeout_s must be a number of seconds above 0")
            await refused(scope, receive, answer)
            return
        handed = False

        async def replay() -> Message:
            nonlocal handed
            if handed:
                return await asyncio.shield(leaving)
            handed = True
            return {"type": "http.request", "body": body, "more_body": False}

        leaving = asyncio.ensure_future(receive())
        work = asyncio.ensure_future(self._app(scope, replay, answer))
        try:
            await asyncio.wait(
                {work, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if work.done():
                await work
                return
            work.cancel()
            await asyncio.wait({work})
            if leaving.done():
                self._metrics.count_left()
            elif answer.code is None:
                late = refusal(504, f"not answered within {seconds:g} s", retry=True)
                await late(scope, receive, answer)
        finally:
            leaving.cancel()
            work.cancel()


class _TooLargeError(Exception):
    """More bytes than may be."""


class _Answer:
    """What sends the answer, and knows its status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.code: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.code = message["status"]
        await self._send(message)


def _look_at(body: bytearray) -> Response | None:
    """Refuse JSON that would break a reader."""
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        depth = depth_of(body.decode("utf-8", "replace"))
        if depth > MAX_DEPTH:
            return refusal(422, f"{depth} levels of nesting; at most {MAX_DEPTH}")
    return None


def _asked_seconds(scope: Scope, most: float) -> float | None:
    """The seconds that the client gives us, at most our own; `None` where it is no number."""
    asked: Mapping[str, list[str]] = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    if "timeout_s" not in asked:
        return most
    try:
        seconds = float(asked["timeout_s"][-1])
    except ValueError:
        return None
    return min(seconds, most) if seconds > 0 else None
