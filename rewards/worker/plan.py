"""What a server must know before it can answer: the one thing both sides share."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rewards.worker.budget import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rewards.worker.result import JSON


@dataclass(frozen=True)
class Plan:
    """The function, what to import for it, and the limits of its processes.

    `path` comes first in the server's import path, `fallback_path` last: the parent's own
    entries go there, so that a stray module beside the user's script shadows nothing.
    """

    function: str
    budget: Budget
    path: Sequence[str]
    fallback_path: Sequence[str]
    preload: Sequence[str]
    initializer: str | None
    initargs: Sequence[JSON]
    tasks_per_child: int
    growth_mb: int
    message_mb: int

    def to_json(self) -> bytes:
        """The plan as bytes.

        Raises:
            TypeError: `initargs` are not JSON.
        """
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Plan:
        """The inverse of `to_json`."""
        fields = json.loads(data)
        fields["budget"] = Budget(**fields["budget"])
        return cls(**fields)

    @property
    def max_bytes(self) -> int:
        """The cap on one message's bytes, each way."""
        return self.message_mb << 20

    def load(self) -> Callable[..., JSON]:
        """Import everything, run the initializer, and return the function."""
        sys.path[:0] = self.path
        sys.path += [entry for entry in self.fallback_path if entry not in sys.path]
        for module in self.preload:
            importlib.import_module(module)
        function = resolve(self.function)
        if self.initializer is not None:
            resolve(self.initializer)(*self.initargs)
        return function


def resolve(name: str) -> Callable[..., JSON]:
    """The object that `package.module:name` names.

    Raises:
        ValueError: the name has no colon.
        TypeError: what it names cannot be called.
    """
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise ValueError(f"{name!r} is not of the form 'package.module:name'")
    found: object = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{name!r} is a {type(found).__name__}, not a function")
    return found
