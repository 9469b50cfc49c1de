"""TRL's GRPO trainer, plus what it lacks; nothing of TRL's is copied here."""

from __future__ import annotations

import inspect
from time import perf_counter
from typing import Any

import trl

from grpo_plugin.compatibility import require_methods
from grpo_plugin.errors import RewardNameError
from grpo_plugin.shadowing import warn_of_foreign_packages
from grpo_plugin.steps.supervision import ProcessSupervision
from grpo_plugin.steps.training import no_outcome, scored_rows, supervise_steps


class GRPOTrainer(trl.GRPOTrainer):  # type: ignore[misc]  # TRL carries no types
    """`trl.GRPOTrainer`: same arguments, same updates, bit for bit.

    What it adds:

    - rewards with a `warm_up()` method start their workers when the trainer is made, not inside
      the first training step;
    - `timing/reward_s` in the logs: wall seconds per generation batch spent scoring, mean over the
      logging window, waiting for other ranks included;
    - `step_reward_funcs`: rewards for the steps of a completion, see `grpo_plugin.steps`: a
      function, a list of them, or a `ProcessSupervision` with options. `reward_funcs` may then be
      left out;
    - callbacks with `attach(trainer)` are given the trainer, those with
      `on_rewards(trainer, rows, rewards)` each batch that was scored.

    Raises:
        StepError: the step rewards cannot be used as they are given.
        RewardNameError: two rewards share a name.
        UnsupportedTRLError: the installed TRL lacks a method this class builds on.
    """

    def __init__(self, *args: Any, step_reward_funcs: Any = None, **kwargs: Any) -> None:
        require_methods(trl.GRPOTrainer, version=trl.__version__)
        warn_of_foreign_packages()  # the path may have changed since the import
        self._process = ProcessSupervision.of(step_reward_funcs)
        self._scored: list[dict[str, Any]] = []
        if self._process is not None and len(args) < 2 and not kwargs.get("reward_funcs"):
            kwargs["reward_funcs"] = [no_outcome]
        super().__init__(*args, **kwargs)
        for name in self.reward_func_names:
            if self.reward_func_names.count(name) > 1:
                raise RewardNameError(
                    f"two rewards are called {name!r} and their logs would run together; give one "
                    "another name, such as Accuracy(name='rounded', tolerance=1e-3)"
                )
        step_rewards = self._process.functions if self._process is not None else ()
        for reward in (*self.reward_funcs, *step_rewards):
            if callable(warm_up := getattr(reward, "warm_up", None)):
                warm_up()
        for callback in self.callback_handler.callbacks:
            if callable(attach := getattr(callback, "attach", None)):
                attach(self)

    def _calculate_rewards(self, *args: Any, **kwargs: Any) -> Any:
        started = perf_counter()
        scoring = super()._calculate_rewards
        self._scored = scored_rows(inspect.signature(scoring).bind(*args, **kwargs).arguments)
        rewards = scoring(*args, **kwargs)
        mode = "train" if self.model.training else "eval"
        self._metrics[mode]["timing/reward_s"].append(perf_counter() - started)
        for callback in self.callback_handler.callbacks:
            if callable(on_rewards := getattr(callback, "on_rewards", None)):
                on_rewards(self, self._scored, rewards)
        return rewards

    def _generate_and_score_completions(self, *args: Any, **kwargs: Any) -> Any:
        output = super()._generate_and_score_completions(*args, **kwargs)
        if self._process is not None:
            supervise_steps(self, self._process, self._scored, output)
        self._scored = []
        return output
