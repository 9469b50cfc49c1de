"""Outcome advantages by name, all with one signature: (rewards, group, lengths) -> (B,)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from grpo_plugin.advantages import outcome, per_token
from grpo_plugin.advantages.pass_at_k import pass_at_k

OutcomeEstimator = Callable[[Tensor, Tensor, Tensor], Tensor]

_ESTIMATORS: dict[str, Callable[..., Tensor]] = {
    "batch_normalized": outcome.batch_normalized,
    "dr_grpo": outcome.dr_grpo,
    "gdpo": outcome.gdpo,
    "gpg": outcome.gpg,
    "grpo": outcome.grpo,
    "maxrl": outcome.maxrl,
    "opo": outcome.opo,
    "pass_at_k": pass_at_k,
    "reinforce_plus_plus": per_token.reinforce_plus_plus_outcome,
    "reinforce_plus_plus_baseline": outcome.reinforce_plus_plus_baseline,
    "rloo": outcome.rloo,
}


OF_EVERY_REWARD = frozenset({"gdpo"})
"""Those whose rewards are (B, K), a column for each reward function, with an option `weights`."""


def available() -> tuple[str, ...]:
    """Names of the outcome advantages, sorted."""
    return tuple(sorted(_ESTIMATORS))


def resolve(name: str, **options: Any) -> OutcomeEstimator:
    """The advantage of that name, as a function of rewards (B,), group (B,) and lengths (B,).

    Those in `OF_EVERY_REWARD` take rewards (B, K).

    Args:
        name: one of `available()`.
        **options: its keyword options, e.g. `k` for pass_at_k.

    Raises:
        ValueError: no advantage has that name, or it has no such option, or needs one.

    >>> import torch
    >>> resolve("pass_at_k", k=2)(torch.tensor([1.0, 0.0, 0.0]), torch.zeros(3).long(), None)
    tensor([ 0.7071, -0.3536, -0.3536])
    """
    if name not in _ESTIMATORS:
        raise ValueError(f"advantage {name!r} is unknown; choose one of {', '.join(available())}")
    function = _ESTIMATORS[name]
    parameters = inspect.signature(function).parameters.values()
    known = {p.name: p for p in parameters if p.kind is p.KEYWORD_ONLY}
    for option in options:
        if option not in known:
            has = ", ".join(known) or "none"
            raise ValueError(f"advantage {name!r} has no option {option!r}; it has {has}")
    for option, parameter in known.items():
        if parameter.default is parameter.empty and option not in options:
            raise ValueError(f"advantage {name!r} needs the option {option!r}")
    chosen = partial(function, **options)
    if "lengths" in inspect.signature(function).parameters:
        return chosen
    return lambda rewards, group, lengths, **more: chosen(rewards, group, **more)  # noqa: ARG005
