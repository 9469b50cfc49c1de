"""Dynamic sampling (DAPO, arXiv 2503.14476, section 3.2): no batch wasted on equal rewards.

A group whose rewards are all equal has no advantage and teaches nothing. As many other prompts as
there are such groups are sampled and scored; those of the new groups that do differ take the
places of the dead ones. That is repeated while there are dead groups, at most
`dynamic_sampling_rounds` times, and counted.

Prompts for it are drawn from the training set with a generator of its own, seeded by the run's
seed and step: neither the order of the data nor any other random number changes, and every process
draws the same ones.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from accelerate.utils import gather_object
from torch import Tensor
from torch.nn.functional import pad

from grpo_plugin.errors import ConfigurationError
from grpo_plugin.training.rollout import Rollout, loss_mask

Sample = Callable[[list[dict[str, Any]]], Rollout]
"""Generate and score: rows of this process in, rollout out."""

_LEFT_PADDED = ("prompt_ids", "prompt_mask")
_RIGHT_PADDED = (
    "completion_ids",
    "completion_mask",
    "tool_mask",
    "old_per_token_logps",
    "ref_per_token_logps",
    "sampling_per_token_logps",
    "importance_sampling_ratio",
)


def check_dynamic_sampling(trainer: Any) -> None:
    """Raise unless the trainer's data can be sampled from.

    Raises:
        ConfigurationError: the training set is a stream, or the batch holds more than text.
    """
    if not trainer.plan.dynamic_sampling_rounds:
        return
    if not hasattr(trainer.train_dataset, "__len__"):
        raise ConfigurationError(
            "dynamic_sampling_rounds draws prompts at random, which a streamed train_dataset does "
            "not allow; load it whole or set dynamic_sampling_rounds=0"
        )
    columns = getattr(trainer.train_dataset, "column_names", None) or ()
    if pictured := [name for name in ("image", "images") if name in columns]:
        raise ConfigurationError(
            f"dynamic_sampling_rounds handles text only, and train_dataset has {pictured[0]!r}; "
            "set dynamic_sampling_rounds=0"
        )
    if getattr(trainer, "tools", None) or getattr(trainer, "environments", None):
        raise ConfigurationError(
            "dynamic_sampling_rounds cannot replay tools or environments; set it to 0"
        )


def pad_token(trainer: Any) -> int:
    """The tokenizer's, which a processor holds inside."""
    processing = trainer.processing_class
    found: int = getattr(processing, "tokenizer", processing).pad_token_id
    return found


def refill(trainer: Any, rollout: Rollout, sample: Sample) -> tuple[Rollout, int]:
    """The rollout with its dead groups replaced as far as that succeeds, and the rounds it took."""
    size = trainer.num_generations
    processes = trainer.accelerator.num_processes
    for done in range(trainer.plan.dynamic_sampling_rounds):
        dead = _dead(trainer, rollout)
        if not dead:
            return rollout, done
        share = processes // math.gcd(processes, size)  # groups that split evenly over processes
        count = -(-len(dead) // share) * share
        rows = _fresh_rows(trainer, count, done)
        each = len(rows) // processes
        first = trainer.accelerator.process_index * each
        fresh = sample(rows[first : first + each])
        unusable = set(_dead(trainer, fresh))
        alive = [group for group in range(count) if group not in unusable]
        pairs = list(zip(dead, alive, strict=False))
        if pairs:
            rollout = _replaced(trainer, rollout, fresh, pairs)
    return rollout, trainer.plan.dynamic_sampling_rounds


def _dead(trainer: Any, rollout: Rollout) -> list[int]:
    flags = rollout.dead(every_reward=trainer.plan.every_reward)[:: trainer.num_generations]
    return [index for index, flag in enumerate(flags.tolist()) if flag]


def _fresh_rows(trainer: Any, groups: int, done: int) -> list[dict[str, Any]]:
    """Dataset rows for so many groups, the same in every process."""
    data = trainer.train_dataset
    position = f"{trainer.args.seed}:{trainer.state.global_step}:{trainer._step}:{done}"  # noqa: SLF001
    rng = random.Random(position)  # noqa: S311 - no secrets here
    chosen = rng.sample(range(len(data)), k=min(groups, len(data)))
    chosen += rng.choices(range(len(data)), k=groups - len(chosen))
    return [dict(data[index]) for index in chosen for _ in range(trainer.num_generations)]


def _replaced(
    trainer: Any, rollout: Rollout, fresh: Rollout, pairs: list[tuple[int, int]]
) -> Rollout:
    """Put the fresh groups into the places of the dead ones: `pairs` of (place, fresh group)."""
    size, accelerator = trainer.num_generations, trainer.accelerator
    blank = pad_token(trainer)
    places = torch.tensor([place * size + j for place, _ in pairs for j in range(size)])
    origins = torch.tensor([group * size + j for _, group in pairs for j in range(size)])
    mine = (places >= rollout.first) & (places < rollout.first + len(rollout.rows))
    to, of = places[mine] - rollout.first, origins[mine]

    tensors = dict(rollout.tensors)
    for key, theirs in fresh.tensors.items():
        if not isinstance(theirs, Tensor) or theirs.dim() == 0:
            if key != "num_items_in_batch" and theirs is not None:
                raise ConfigurationError(
                    f"dynamic_sampling_rounds handles text only, and TRL's batch holds {key!r}; "
                    "set dynamic_sampling_rounds=0"
                )
            continue
        left = key in _LEFT_PADDED
        fill = blank if key.endswith("_ids") else 0
        if theirs.dim() == 2 and key in (*_LEFT_PADDED, *_RIGHT_PADDED) and theirs.shape[1] > 1:
            theirs = accelerator.pad_across_processes(  # noqa: PLW2901 - the same, longer
                theirs, dim=1, pad_index=fill, pad_first=left
            )
        ours, gathered = tensors[key], accelerator.gather(theirs)
        if gathered.dim() == 2:
            length = max(ours.shape[1], gathered.shape[1])
            ours, gathered = (_longer(x, length, fill, left=left) for x in (ours, gathered))
        ours = ours.clone()
        ours[to.to(ours.device)] = gathered[of.to(gathered.device)].to(ours.dtype)
        tensors[key] = ours
    live = loss_mask(tensors).sum()
    tensors["num_items_in_batch"] = accelerator.gather(live).sum()

    rows = list(rollout.rows)
    fresh_rows = gather_object(fresh.rows)
    for place, origin in zip(to.tolist(), of.tolist(), strict=True):
        rows[place] = fresh_rows[origin]
    scores = rollout.rewards_per_func.clone()
    rewards = rollout.rewards.clone()
    places, origins = places.to(scores.device), origins.to(scores.device)
    scores[places], rewards[places] = fresh.rewards_per_func[origins], fresh.rewards[origins]
    return replace(
        rollout,
        rows=rows,
        tensors=tensors,
        rewards_per_func=scores,
        rewards=rewards,
        refilled=rollout.refilled + len(pairs),
    )


def _longer(values: Tensor, length: int, fill: int, *, left: bool) -> Tensor:
    missing = length - values.shape[1]
    return pad(values, (missing, 0) if left else (0, missing), value=fill)
