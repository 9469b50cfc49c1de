"""TRL's GRPO trainer, plus what it lacks; nothing of TRL's is copied here."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import trl

from grpo_plugin.compatibility import require_methods
from grpo_plugin.errors import RewardNameError
from grpo_plugin.shadowing import warn_of_foreign_packages


class GRPOTrainer(trl.GRPOTrainer):  # type: ignore[misc]  # TRL carries no types
    """`trl.GRPOTrainer`: same arguments, same updates, bit for bit.

    What it adds:

    - rewards with a `warm_up()` method start their workers when the trainer is made, not inside
      the first training step;
    - `timing/reward_s` in the logs: wall seconds per generation batch spent scoring, mean over the
      logging window, waiting for other ranks included.

    Raises:
        RewardNameError: two rewards share a name.
        UnsupportedTRLError: the installed TRL lacks a method this class builds on.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        require_methods(trl.GRPOTrainer, version=trl.__version__)
        warn_of_foreign_packages()  # the path may have changed since the import
        super().__init__(*args, **kwargs)
        for name in self.reward_func_names:
            if self.reward_func_names.count(name) > 1:
                raise RewardNameError(
                    f"two rewards are called {name!r} and their logs would run together; give one "
                    "another name, such as Accuracy(name='rounded', tolerance=1e-3)"
                )
        for reward in self.reward_funcs:
            if callable(warm_up := getattr(reward, "warm_up", None)):
                warm_up()

    def _calculate_rewards(self, *args: Any, **kwargs: Any) -> Any:
        started = perf_counter()
        rewards = super()._calculate_rewards(*args, **kwargs)
        mode = "train" if self.model.training else "eval"
        self._metrics[mode]["timing/reward_s"].append(perf_counter() - started)
        return rewards
