"""What the host knows of micro-batches before their turn, so that it need not ask the device then.

Masks and advantages decide what enters the model. They are read for a whole generation batch at
once, when it has been made; a micro-batch that somebody has changed since is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from grpo_plugin.host import read

_MASKS = ("prompt_mask", "completion_mask", "tool_mask")
_VALUES = ("advantages", "rewards", "group")


@dataclass(frozen=True, kw_only=True, eq=False)
class OnHost:
    """A micro-batch as the CPU knows it.

    Attributes:
        prompt: (B, P) bool, tokens of prompts.
        completion: (B, T) bool, tokens of completions.
        live: (B, T) bool, tokens that count.
        advantages: (B,) or (B, T).
        rewards: (B,), or `None`.
        group: (B,), or `None`.
    """

    prompt: Tensor
    completion: Tensor
    live: Tensor
    advantages: Tensor
    rewards: Tensor | None
    group: Tensor | None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Known:
    originals: dict[str, Tensor]
    versions: dict[str, int]
    found: OnHost

    def describes(self, originals: dict[str, Tensor]) -> bool:
        """Whether these are the same tensors, and unchanged."""
        return originals.keys() == self.originals.keys() and all(
            value is self.originals[name] and value._version == self.versions[name]  # noqa: SLF001 - torch has no other name for it
            for name, value in originals.items()
        )


class Foreseen:
    """The micro-batches of a generation batch, as the host knows them."""

    def __init__(self) -> None:
        self._known: list[_Known] = []
        self._parts: Sequence[dict[str, Any]] = ()

    def covers(self, parts: Sequence[dict[str, Any]]) -> bool:
        """Whether it was at these very micro-batches that `look` looked last."""
        return self._parts is parts

    def look(self, parts: Sequence[dict[str, Any]]) -> None:
        """Read what waits to be trained on: one wait for the device for all of it."""
        self._parts, self._known = parts, _read(parts)

    def of(self, inputs: dict[str, Any]) -> OnHost:
        """What is known of a micro-batch; read now where nothing is."""
        originals = _originals(inputs)
        for known in self._known:
            if known.describes(originals):
                return known.found
        return _read([inputs])[0].found


def _read(parts: Sequence[dict[str, Any]]) -> list[_Known]:
    originals = [_originals(part) for part in parts]
    flat = [
        value != 0 if name in _MASKS else value
        for found in originals
        for name, value in found.items()
    ]
    copies = iter(read(*flat))
    return [
        _Known(
            originals=found,
            versions={name: value._version for name, value in found.items()},  # noqa: SLF001
            found=_on_host({name: next(copies) for name in found}),
        )
        for found in originals
    ]


def _originals(inputs: dict[str, Any]) -> dict[str, Tensor]:
    names = (*_MASKS, *_VALUES)
    return {name: inputs[name] for name in names if inputs.get(name) is not None}


def _on_host(copies: dict[str, Tensor]) -> OnHost:
    live = completion = copies["completion_mask"]
    if "tool_mask" in copies:
        live = live & copies["tool_mask"]
    return OnHost(
        prompt=copies["prompt_mask"],
        completion=completion,
        live=live,
        advantages=copies["advantages"],
        rewards=copies.get("rewards"),
        group=copies.get("group"),
    )
