"""A generation batch with its rewards, and the advantages that come of it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from grpo_plugin.advantages import dead_groups, reinforce_plus_plus
from grpo_plugin.errors import ConfigurationError, UnsupportedTRLError
from grpo_plugin.kl import penalize_advantages, token_kl
from grpo_plugin.training.estimating import KLPlace
from grpo_plugin.training.forward import token_logps
from grpo_plugin.training.steering import steer_kl


@dataclass(frozen=True, kw_only=True, eq=False)
class Rollout:
    """N completions of all processes, of which this process holds n (N = n · processes).

    Completions of a prompt are neighbours in the order of all processes, and a group may lie on
    two of them.

    Attributes:
        rows: the n dataset rows of this process's completions.
        tensors: TRL's generation batch: n rows each, but `num_items_in_batch`.
        rewards_per_func: (N, F), NaN where a reward did not apply.
        rewards: (N,), their weighted sum, NaN where none applied.
        group: (N,), from 0.
        first: where this process's rows begin among the N.
        refilled: groups that dynamic sampling replaced.
    """

    rows: list[dict[str, Any]]
    tensors: dict[str, Any]
    rewards_per_func: Tensor
    rewards: Tensor
    group: Tensor
    first: int
    refilled: int = 0

    @property
    def mine(self) -> slice:
        """This process's rows among the N."""
        return slice(self.first, self.first + len(self.rows))

    def dead(self, *, every_reward: bool) -> Tensor:
        """(N,) bool: completions of groups that teach nothing, as all known rewards are equal.

        Args:
            every_reward: of each function by itself, instead of their sum.
        """
        if not every_reward:
            return dead_groups(self.rewards, self.group)
        columns = [dead_groups(column, self.group) for column in self.rewards_per_func.T]
        return torch.stack(columns).all(dim=0)

    @property
    def mask(self) -> Tensor:
        """(n, T) bool: tokens of this process's completions that count."""
        return loss_mask(self.tensors)


def loss_mask(tensors: dict[str, Any]) -> Tensor:
    """(n, T) bool: tokens that count, of TRL's batch."""
    mask: Tensor = tensors["completion_mask"] != 0
    if tensors.get("tool_mask") is not None:
        mask = mask & (tensors["tool_mask"] != 0)
    return mask


def rollout_from(
    trainer: Any,
    rows: list[dict[str, Any]],
    tensors: dict[str, Any],
    rewards_per_func: Tensor | None,
) -> Rollout:
    """Put together what TRL generated and scored.

    Raises:
        UnsupportedTRLError: TRL made a generation batch without asking for rewards.
    """
    if rewards_per_func is None:
        raise UnsupportedTRLError(
            "TRL did not call _calculate_rewards for a generation batch; install a release that "
            "rlvr supports"
        )
    training = trainer.model.training
    size = trainer.num_generations if training else trainer.num_generations_eval
    weights = trainer.reward_weights.to(rewards_per_func.device)
    rewards = (rewards_per_func * weights).nansum(dim=1)
    rewards = rewards.masked_fill(rewards_per_func.isnan().all(dim=1), torch.nan)
    count = rewards.shape[0]
    return Rollout(
        rows=rows,
        tensors=tensors,
        rewards_per_func=rewards_per_func,
        rewards=rewards,
        group=torch.arange(count, device=rewards.device) // size,
        first=trainer.accelerator.process_index * len(rows),
    )


def outcome_advantages(trainer: Any, rollout: Rollout) -> Tensor:
    """(n,) or (n, T): this process's advantages from one reward a completion.

    TRL's own where nothing of ours changes them; else `advantage_estimator` (or the one that
    `scale_rewards` names) over the rewards of all processes, KL subtracted where `kl_in` says.
    """
    plan = trainer.plan
    if not plan.own_advantages and not rollout.refilled and plan.kl_in is KLPlace.LOSS:
        own: Tensor = rollout.tensors["advantages"]
        return own
    mask = rollout.mask
    gather = trainer.accelerator.gather
    rewards = rollout.rewards
    if plan.kl_in is not KLPlace.LOSS:
        divergence = sampled_kl(trainer, rollout)
        of_outputs = gather(divergence.sum(dim=1))
        coefficient = trainer.kl_controller.coefficient
        if trainer.model.training:
            steer_kl(trainer, of_outputs)
        if plan.kl_in is KLPlace.TOKEN_REWARD:
            return _of_token_rewards(trainer, rollout, divergence, coefficient)
        if plan.kl_in is KLPlace.REWARD:
            rewards = rewards - coefficient * of_outputs
    estimator = plan.estimator
    if plan.every_reward:
        rewards = rollout.rewards_per_func
        estimator = functools.partial(estimator, weights=trainer.reward_weights)
    advantages = estimator(rewards, rollout.group, gather(mask.sum(dim=1)))
    if advantages.shape != rollout.rewards.shape:
        raise ConfigurationError(
            f"advantage_estimator returned shape {tuple(advantages.shape)} for rewards of "
            f"{tuple(rewards.shape)}; it must return one advantage per completion"
        )
    advantages = torch.nan_to_num(advantages)[rollout.mine]
    if plan.kl_in is KLPlace.ADVANTAGE:
        spread = advantages[:, None].expand(mask.shape)
        advantages = penalize_advantages(spread, divergence, coefficient=coefficient)
    return advantages


def _of_token_rewards(
    trainer: Any, rollout: Rollout, divergence: Tensor, coefficient: float
) -> Tensor:
    """(n, T): this process's rows of `reinforce_plus_plus` over the tokens of all processes."""
    accelerator = trainer.accelerator
    mask = rollout.mask.to(divergence.dtype)
    everywhere = [
        accelerator.gather(accelerator.pad_across_processes(part, dim=1))
        for part in (mask, divergence)
    ]
    whole = reinforce_plus_plus(
        rollout.rewards, everywhere[0], divergence=everywhere[1], coefficient=coefficient
    )
    return whole[rollout.mine, : mask.shape[1]]


def sampled_kl(trainer: Any, rollout: Rollout) -> Tensor:
    """(n, T): KL(π_old‖π_ref) of the tokens, without gradient."""
    tensors = rollout.tensors
    old = tensors.get("old_per_token_logps")
    if old is None:  # TRL leaves it out where the next update starts from this very policy
        with torch.no_grad():
            old = token_logps(
                trainer,
                trainer.model,
                tensors,
                entropy=False,
                batch_size=trainer.args.per_device_train_batch_size,
            ).logp
    reference = tensors.get("ref_per_token_logps")
    if reference is None:
        raise ConfigurationError(
            f"kl_in={trainer.plan.kl_in.value!r} needs a reference model, and TRL made none; set "
            "beta > 0"
        )
    return token_kl(old, reference, rollout.mask, trainer.plan.kl_estimator)
