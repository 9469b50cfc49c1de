"""Requests to reward servers: connections are kept, what may pass is tried again.

Standard library only. Each thread keeps one connection a server. A request is tried again while
the server is full, starting, restarting or out of reach, with pauses that grow and differ from
client to client, until patience is spent; a verdict does not depend on how often it was asked for.

Not covered: redirects, proxies of the environment.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from rewards.errors import InputError, MissingColumnError

_AGAIN = frozenset((408, 429, 500, 502, 503, 504))
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 15.0
_SHOWN = 300


class UnreachableError(Exception):
    """No server answered in time; the message says what the last one did."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where to ask, and how patiently.

    Attributes:
        urls: servers that answer alike; each further try goes to the next.
        token: what they want to be shown.
        timeout_s: wall seconds for one answer.
        patience_s: wall seconds over all tries of one request.
    """

    urls: tuple[str, ...]
    token: str | None
    timeout_s: float
    patience_s: float

    def ask(self, method: str, path: str, content: object = None, *, first: int = 0) -> Any:
        """The JSON that a server answers.

        Args:
            method: the HTTP method.
            path: with its query.
            content: what is sent, as JSON.
            first: which server to begin with.

        Raises:
            InputError: the request is at fault, also where no server was asked.
            UnreachableError: no server answered before patience was spent.
        """
        body = None if content is None else encode(content)
        until = time.monotonic() + self.patience_s
        tries, pause = 0, _FIRST_PAUSE_S
        while True:
            url = self.urls[(first + tries) % len(self.urls)]
            tries += 1
            wait = pause
            try:
                code, headers, data = self._exchange(url, method, path, body)
                if code not in _AGAIN:
                    return _read(url, code, data)
                last = f"{url} answered {code}: {_words(data)}"
                wait = max(wait, _seconds(headers.get("retry-after")))
            except (OSError, http.client.HTTPException) as error:
                last = f"{url}: {type(error).__name__}: {error}"
            wait *= random.uniform(0.5, 1.5)  # noqa: S311 - so that clients do not come together
            if time.monotonic() + wait > until:
                raise UnreachableError(f"{last} (try {tries}, {self.patience_s:g} s)")
            time.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _exchange(
        self, url: str, method: str, path: str, body: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        connection, kept = _connection(url, self.timeout_s + 5)
        headers = {"content-type": "application/json"}
        if self.token is not None:
            headers["authorization"] = f"Bearer {self.token}"
        try:
            return _once(connection, method, urlsplit(url).path.rstrip("/") + path, body, headers)
        except (ConnectionError, http.client.HTTPException):
            connection.close()
            if not kept:
                raise
            # A server may close a connection that was idle; that says nothing about it.
            return _once(connection, method, urlsplit(url).path.rstrip("/") + path, body, headers)
        except BaseException:
            connection.close()
            raise


def encode(content: object) -> bytes:
    """What is sent, as JSON in ASCII; arrays become lists.

    Raises:
        InputError: it holds what JSON cannot.
    """
    try:
        return json.dumps(content, default=_plain).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"what a remote reward reads must be JSON: {error}") from error


def _plain(value: object) -> object:
    to_list = getattr(value, "tolist", None)
    if callable(to_list):
        return to_list()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is not")


_kept = threading.local()


def _connection(url: str, timeout_s: float) -> tuple[http.client.HTTPConnection, bool]:
    """This thread's connection to a server, and whether it has served before."""
    if getattr(_kept, "owner", None) != os.getpid():  # after a fork the sockets are the parent's
        _kept.owner, _kept.connections = os.getpid(), {}
    parts = urlsplit(url)
    key = (parts.scheme, parts.netloc, timeout_s)
    connections: dict[tuple[str, str, float], http.client.HTTPConnection] = _kept.connections
    if key in connections:
        return connections[key], connections[key].sock is not None
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connections[key] = kind(parts.netloc, timeout=timeout_s)
    return connections[key], False


def _once(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
) -> tuple[int, Mapping[str, str], bytes]:
    connection.request(method, path, body=body, headers=dict(headers))
    response = connection.getresponse()
    data = response.read()
    return response.status, {k.lower(): v for k, v in response.getheaders()}, data


def _read(url: str, code: int, data: bytes) -> Any:
    if code == 200:
        try:
            return json.loads(data)
        except ValueError:
            raise InputError(f"{url} is no reward server: it answered {_words(data)}") from None
    kind = MissingColumnError if b"MissingColumnError" in data else InputError
    raise kind(f"{url} answered {code}: {_words(data)}")


def _words(data: bytes) -> str:
    """What an answer says, where it is one of our server's."""
    try:
        said = json.loads(data)["detail"]
    except (ValueError, KeyError, TypeError):
        said = data.decode("utf-8", "replace")
    return said if isinstance(said, str) else json.dumps(said)[:_SHOWN]


def _seconds(header: str | None) -> float:
    return min(float(header), _LONGEST_PAUSE_S) if header and header.isdecimal() else 0.0
