"""What an operator decides about a reward server, checked before anything is started."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from rewards.errors import InputError

TOKEN_VARIABLE = "RLVR_SERVE_TOKEN"  # noqa: S105 - the name of a variable, no token
_TOKEN_LEAST = 16


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """Where a server listens, what it may be asked, and how much at a time.

    Attributes:
        host, port: where it listens; port 0 takes a free one.
        workers: processes that judge at the same time.
        token: what clients must show; needed for any address but loopback.
        named: rewards of the operator, by the name that clients ask for: specs or import paths,
            the only way to a user's code.
        default_reward: for clients whose protocol names no reward.
        unscored: the number for clients that cannot bear "no score"; the status stands beside it.
        queue: completions that may wait; more are refused until there is room.
        body_mb: megabytes of one request, of 10^6 bytes.
        body_s: wall seconds in which a request must have arrived.
        deadline_s: wall seconds in which it must be answered; a request may ask for less.
        row_cpu_s: CPU seconds one row may take of a reward of ours, beside the reward's own limits.
        row_wall_s: wall seconds one row may take of a user's.
        row_memory_mb: megabytes one row may take.
        connections: connections at a time; one more closes the one silent for longest.
        drain_s: wall seconds for what is under way when the server is told to end.

    Raises:
        InputError: a value cannot be used, or an address needs a token.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    token: str | None = field(default=None, repr=False)
    named: Mapping[str, str] = field(default_factory=dict)
    default_reward: str = "accuracy"
    unscored: float = 0.0
    queue: int = 4096
    body_mb: float = 16.0
    body_s: float = 30.0
    deadline_s: float = 300.0
    row_cpu_s: float = 10.0
    row_wall_s: float = 120.0
    row_memory_mb: int = 2048
    connections: int = 1000
    drain_s: float = 30.0

    def __post_init__(self) -> None:
        least = {"workers": 1, "queue": 1, "connections": 1}
        for name in ("body_mb", "body_s", "deadline_s", "row_cpu_s", "row_wall_s", "row_memory_mb"):
            if getattr(self, name) <= 0:
                raise InputError(f"{name}={getattr(self, name)!r}: it must be above 0")
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise InputError(f"{name}={getattr(self, name)!r}: it must be at least {lowest}")
        if self.token is not None and len(self.token) < _TOKEN_LEAST:
            raise InputError(
                f"the token has fewer than {_TOKEN_LEAST} characters; take a longer one"
            )
        if self.token is None and not is_loopback(self.host):
            raise InputError(
                f"--host {self.host} can be reached by others, so clients must show a token: put "
                f"one into {TOKEN_VARIABLE} or a --token-file; without one only 127.0.0.1, ::1 and "
                "localhost"
            )


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
