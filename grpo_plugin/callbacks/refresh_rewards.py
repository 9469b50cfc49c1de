"""Iterative GRPO, second half: rewards that are renewed from what the policy now writes."""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from transformers import TrainerCallback

from grpo_plugin.callbacks.checkpoints import checkpoint_folder, resumed_folder
from grpo_plugin.callbacks.history import ReplayBuffer, RewardHistory, ScoredCompletion
from grpo_plugin.errors import RefreshError

logger = logging.getLogger(__name__)

Refresher = Callable[[Any, RewardHistory], Any]
"""(trainer, history) to the new rewards: a function where the trainer has one reward, a list of as
many as it has, a mapping from the names of those that change, or `None` if none is exchanged."""

_SAVED_AS = "reward_history.json"


class RefreshRewards(TrainerCallback):  # type: ignore[misc]  # transformers carries no types here
    """Calls `refresh(trainer, history)` every N optimizer steps and installs what it returns.

    DeepSeekMath, algorithm 1, line 12: the reward model is trained on with the policy's new
    samples and a replay of 10 % of old ones. `history.rows` is that training set: the completions
    sampled since the last refresh, and earlier ones that make up `replay_share` of it (fewer while
    there are not enough). Evaluation samples are left out.

    In several processes each gets the same rows in the same order and calls `refresh` itself, so
    that a group which is spread over processes is scored by one reward; `refresh` must do the same
    in each. New rewards take the places, names and weights of those they replace.

    A checkpoint holds the samples (`reward_history.json`). When a run is resumed, `refresh` is
    called once more with the rows of its last call (`history.resumed`): one that makes its rewards
    from the history alone ends up where it was, one with a state of its own must save that itself.

    Args:
        refresh: see above. What it raises ends the run.
        every_steps: optimizer steps between calls.
        replay_share: in [0, 1).
        capacity: the most completions kept since the last refresh, and again from before it.
        seed: of the choice of replayed completions.

    Raises:
        RefreshError: an argument is out of range, or `refresh` returned rewards that do not fit
            the trainer's.
    """

    def __init__(
        self,
        refresh: Refresher,
        *,
        every_steps: int,
        replay_share: float = 0.1,
        capacity: int = 4096,
        seed: int = 0,
    ) -> None:
        if not callable(refresh):
            raise RefreshError(f"refresh is {refresh!r}; give a function of (trainer, history)")
        for name, count in (("every_steps", every_steps), ("capacity", capacity)):
            if count < 1:
                raise RefreshError(f"{name} is {count}; it must be at least 1")
        if not 0 <= replay_share < 1:
            raise RefreshError(f"replay_share is {replay_share}; it must be in [0, 1)")
        self.every_steps = every_steps
        self._refresh = refresh
        self._buffer = ReplayBuffer(capacity, replay_share, seed)
        self._last: RewardHistory | None = None
        self._trainer: Any = None

    def attach(self, trainer: Any) -> None:
        """Tie the callback to its trainer; `GRPOTrainer` does it."""
        self._trainer = trainer

    def on_rewards(
        self, trainer: Any, rows: Sequence[Mapping[str, Any]], rewards: torch.Tensor
    ) -> None:
        """Remember a generation batch that was scored; `GRPOTrainer` calls it.

        Args:
            trainer: the trainer.
            rows: this process's, with `prompt` and `completion`.
            rewards: (B, F) of all processes.
        """
        from accelerate.utils import gather_object  # with TRL, never before it

        if not trainer.model.training:
            return
        pairs = gather_object([(row["prompt"], row["completion"]) for row in rows])
        weights = trainer.reward_weights.tolist()
        self._buffer.extend(
            _scored(prompt, completion, values, weights, trainer)
            for (prompt, completion), values in zip(pairs, rewards.tolist(), strict=True)
        )

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """In a resumed run, take up the samples and the last refresh."""
        del control
        if self._trainer is None:
            raise RefreshError(
                "RefreshRewards is tied to no trainer; pass it to "
                "grpo_plugin.GRPOTrainer(callbacks=[…])"
            )
        if not state.global_step:
            return
        folder = resumed_folder(args, state)
        if folder is None or not (folder / _SAVED_AS).exists():
            logger.warning(
                "no %s beside the checkpoint of step %d: the rewards are those the trainer was "
                "made with, and the history is empty",
                _SAVED_AS,
                state.global_step,
            )
            return
        self._last = self._buffer.load(folder / _SAVED_AS)
        if self._last is not None:
            self._install(self._last)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Refresh when the steps are done."""
        del args, control
        if state.global_step % self.every_steps == 0:
            self._last = self._buffer.draw(state.global_step)
            self._install(self._last)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Save the samples with the checkpoint."""
        del control
        if args.should_save:
            self._buffer.save(checkpoint_folder(args, state) / _SAVED_AS, self._last)

    def _install(self, history: RewardHistory) -> None:
        trainer = self._trainer
        for name, reward in _by_name(self._refresh(trainer, history), trainer).items():
            place = trainer.reward_func_names.index(name)
            _check_kind(name, reward, trainer, place)
            if isinstance(reward, torch.nn.Module):
                reward = trainer.accelerator.prepare_model(  # noqa: PLW2901
                    reward, evaluation_mode=True, device_placement=True
                )
            if callable(warm_up := getattr(reward, "warm_up", None)):
                warm_up()
            trainer.reward_funcs[place] = reward


def _scored(
    prompt: Any, completion: Any, values: Sequence[float], weights: Sequence[float], trainer: Any
) -> ScoredCompletion:
    known = [w * value for w, value in zip(weights, values, strict=True) if not math.isnan(value)]
    by_name = {
        name: None if math.isnan(value) else value
        for name, value in zip(trainer.reward_func_names, values, strict=True)
    }
    total = math.fsum(known) if known else None
    return ScoredCompletion(prompt, completion, total, by_name, trainer.state.global_step)


def _by_name(returned: Any, trainer: Any) -> dict[str, Any]:
    """What a refresh returned, as new rewards by the names of those they replace."""
    names = list(trainer.reward_func_names)
    if returned is None:
        return {}
    if isinstance(returned, Mapping):
        unknown = [name for name in returned if name not in names]
        if unknown:
            raise RefreshError(
                f"refresh returned a reward for {unknown[0]!r}; the trainer has {', '.join(names)}"
            )
        return dict(returned)
    rewards = list(returned) if isinstance(returned, list | tuple) else [returned]
    if len(rewards) != len(names):
        raise RefreshError(
            f"refresh returned {len(rewards)} rewards for the trainer's {len(names)} "
            f"({', '.join(names)}); return as many, or a mapping from the names that change"
        )
    return dict(zip(names, rewards, strict=True))


def _check_kind(name: str, reward: Any, trainer: Any, place: int) -> None:
    """Raise unless the trainer can call this reward in this place."""
    if not callable(reward):
        raise RefreshError(f"refresh returned {reward!r} for {name!r}; a reward is callable")
    if isinstance(reward, torch.nn.Module):
        if trainer.reward_processing_classes[place] is None:
            raise RefreshError(
                f"refresh returned a reward model for {name!r}, which was a function: the trainer "
                "has no tokenizer for it. Start with a reward model, or wrap it in a function"
            )
    elif _is_async(reward) and getattr(trainer, "async_loop", None) is None:
        raise RefreshError(
            f"refresh returned a coroutine function for {name!r}, and the trainer was made "
            "without one, so it has no event loop; start with one, or return a plain function"
        )


def _is_async(reward: Any) -> bool:
    return inspect.iscoroutinefunction(reward) or inspect.iscoroutinefunction(
        getattr(reward, "__call__", None)  # noqa: B004 - its kind is asked for, not its existence
    )
