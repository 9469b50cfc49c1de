"""Where advantages come from, as a configuration asks for it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from importlib import import_module
from typing import Any

from grpo_plugin.advantages import available as available_advantages
from grpo_plugin.advantages import resolve as resolve_advantage
from grpo_plugin.advantages.estimators import OF_EVERY_REWARD
from grpo_plugin.errors import ConfigurationError
from grpo_plugin.training.options import trl_default

_SCALES = {"group": "grpo", "batch": "batch_normalized", "none": "dr_grpo"}
"""TRL's scale_rewards -> the advantage of the same formula."""


class KLPlace(str, Enum):
    """Where the divergence from the reference counts."""

    LOSS = "loss"
    REWARD = "reward"
    """Subtracted from each completion's reward, before group normalisation (DeepSeekMath eq. 2)."""
    ADVANTAGE = "advantage"
    """Subtracted from each token's advantage, after normalisation."""
    TOKEN_REWARD = "token_reward"  # noqa: S105 - a unit of text
    """In the reward of each token; advantages come of the token rewards (REINFORCE++, PPO)."""


def advantages_asked_for(args: Any) -> dict[str, Any]:
    """Fields of a `TrainingPlan` that say where advantages come from.

    Raises:
        ConfigurationError: options that cannot work; names the field and the choices.
    """
    chosen = args.advantage_estimator
    if args.multi_objective_aggregation != "sum_then_normalize" and (
        chosen is not None or args.dynamic_sampling_rounds or args.kl_in != KLPlace.LOSS.value
    ):
        raise ConfigurationError(
            f"multi_objective_aggregation={args.multi_objective_aggregation!r} normalises each "
            "reward by itself, which leaves nothing for advantage_estimator, kl_in or "
            "dynamic_sampling_rounds to work on; use 'sum_then_normalize' or leave them alone"
        )
    if chosen is None:
        if args.advantage_options:
            raise ConfigurationError(
                "advantage_options needs advantage_estimator; choose one of "
                + ", ".join(available_advantages())
            )
        return {"estimator": resolve_advantage(_SCALES[str(args.scale_rewards)])}
    if args.scale_rewards != trl_default("scale_rewards"):
        raise ConfigurationError(
            f"scale_rewards={args.scale_rewards!r} and advantage_estimator={_shown(chosen)} both "
            "say how rewards are normalised; leave one of them out"
        )
    chosen = imported(chosen, "advantage_estimator")
    if callable(chosen):
        if args.advantage_options:
            raise ConfigurationError(
                "advantage_options are those of a named advantage_estimator; give a function its "
                "own with functools.partial"
            )
        return {"estimator": chosen, "own_advantages": True}
    if isinstance(chosen, str) and chosen in _OF_THE_POLICY:
        return _OF_THE_POLICY[chosen](args)
    try:
        estimator = resolve_advantage(chosen, **(args.advantage_options or {}))
    except ValueError as error:
        raise ConfigurationError(f"advantage_estimator={chosen!r}: {error}") from error
    every_reward = chosen in OF_EVERY_REWARD
    if every_reward and args.kl_in == KLPlace.REWARD.value:
        raise ConfigurationError(
            f"kl_in='reward' subtracts from one reward, and advantage_estimator={chosen!r} keeps "
            "them apart; choose kl_in='loss' or 'advantage'"
        )
    return {"estimator": estimator, "own_advantages": True, "every_reward": every_reward}


def _by_value(args: Any) -> dict[str, Any]:
    """GAE: its numbers are fields of their own, and a value model reads the rewards of tokens."""
    if args.advantage_options:
        raise ConfigurationError(
            "advantage_options are not read by advantage_estimator='gae'; set gae_gamma, "
            "gae_lambda, value_clip and value_learning_rate"
        )
    if args.kl_in in (KLPlace.REWARD.value, KLPlace.ADVANTAGE.value):
        raise ConfigurationError(
            f"kl_in={args.kl_in!r} with advantage_estimator='gae': a value model predicts the "
            "rewards of tokens; choose kl_in='token_reward' or 'loss'"
        )
    if args.objective is None:
        raise ConfigurationError(
            "advantage_estimator='gae' needs an objective; set objective='ppo_clip'"
        )
    for name, least, most in (("gae_gamma", 0, 1), ("gae_lambda", 0, 1)):
        if not least <= getattr(args, name) <= most:
            raise ConfigurationError(f"{name} is {getattr(args, name)}; it must be in [0, 1]")
    return {"own_advantages": True, "by_value": True}


def _by_energy(args: Any) -> dict[str, Any]:
    """The optimal token baseline: it has no options, and reads what the policy says of tokens."""
    if args.advantage_options or args.kl_in != KLPlace.LOSS.value or args.objective is None:
        raise ConfigurationError(
            "advantage_estimator='optimal_token_baseline' has no advantage_options, needs an "
            "objective such as 'dr_grpo', and keeps the KL term in the loss; set kl_in='loss'"
        )
    return {"own_advantages": True, "by_energy": True}


def imported(chosen: Any, name: str) -> Any:
    """What `module:function` names; anything else as it is."""
    if not isinstance(chosen, str) or ":" not in chosen:
        return chosen
    module, _, attribute = chosen.partition(":")
    try:
        found: Callable[..., Any] = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"{name}={chosen!r} cannot be imported: {error}") from error
    return found


def _shown(chosen: Any) -> str:
    return repr(chosen if isinstance(chosen, str) else getattr(chosen, "__name__", chosen))


_OF_THE_POLICY = {"gae": _by_value, "optimal_token_baseline": _by_energy}
"""Advantages that take more than rewards: what a value model, or the policy, says of tokens."""
