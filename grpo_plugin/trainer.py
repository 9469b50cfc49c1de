"""TRL's GRPO trainer, plus what it lacks; nothing of TRL's is copied here."""

from __future__ import annotations

import functools
import inspect
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import trl
from torch import Tensor

from grpo_plugin.compatibility import require_attributes, require_methods
from grpo_plugin.kl import AdaptiveKL, FixedKL
from grpo_plugin.loss.model import untie_forward
from grpo_plugin.recipes import announce_recipe
from grpo_plugin.shadowing import warn_of_foreign_packages
from grpo_plugin.steps.supervision import ProcessSupervision
from grpo_plugin.steps.training import (
    check_process_supervision,
    no_outcome,
    scored_rows,
    supervise_steps,
)
from grpo_plugin.training.balancing import balances, look_ahead
from grpo_plugin.training.critic import Critic
from grpo_plugin.training.energy import token_baseline_advantages
from grpo_plugin.training.extensions import keep_names_apart, tell_callbacks
from grpo_plugin.training.foresight import Foreseen
from grpo_plugin.training.fused import FusedHeads
from grpo_plugin.training.loss import PolicyLoss, policy_loss
from grpo_plugin.training.metrics import Waiting, record, record_rollout, show_advantages
from grpo_plugin.training.microbatch import MicroBatch
from grpo_plugin.training.plan import TrainingPlan, plan_from
from grpo_plugin.training.resampling import check_dynamic_sampling, refill
from grpo_plugin.training.rollout import Rollout, outcome_advantages, rollout_from
from grpo_plugin.training.state import load_state, save_state
from grpo_plugin.training.steering import current_options
from grpo_plugin.training.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from datasets import Dataset, IterableDataset
    from torch import nn
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler
    from transformers import (
        PreTrainedModel,
        PreTrainedTokenizerBase,
        ProcessorMixin,
        TrainerCallback,
    )

    RewardFunction: TypeAlias = str | PreTrainedModel | Callable[..., Any]
    RewardFunctions: TypeAlias = RewardFunction | Sequence[RewardFunction]


class GRPOTrainer(trl.GRPOTrainer):  # type: ignore[misc]  # TRL carries no types
    """`trl.GRPOTrainer` with every objective of the family; without one, TRL's updates bit for bit.

    What it adds at any rate:

    - rewards with a `warm_up()` method start their workers when the trainer is made, not inside
      the first training step;
    - wall seconds in rewards, generation and loss, in the logs;
    - checkpoints taken in the middle of a window can be resumed exactly;
    - `step_reward_funcs`: rewards for the steps of a completion, a function, several, or a
      `grpo_plugin.steps.ProcessSupervision` with options; `reward_funcs` may then be left out;
    - `value_model`: PPO's, for `advantage_estimator="gae"` (a module, or a path to load);
    - callbacks with `attach(trainer)` get to know the trainer, and those with
      `on_rewards(trainer, rows, rewards)` every batch that was scored (methods whose first
      argument has another name are somebody else's, and are left alone);
    - rewards of one name are kept apart in the logs (`name`, `name_2`), with a warning.

    What `GRPOConfig` asks for besides is in its docstring; what is logged in
    `grpo_plugin.training.metrics`. To extend it, override `advantages_of` (which may return an
    advantage for each token) or `policy_loss_of`.

    Raises:
        ConfigurationError: options that cannot work together.
        StepError: step rewards that cannot be used as they are given.
        UnsupportedTRLError: the installed TRL lacks a method this class builds on.
    """

    plan: TrainingPlan
    kl_controller: FixedKL | AdaptiveKL
    fused_heads: FusedHeads

    def __init__(  # noqa: PLR0913, PLR0917 - TRL's, by name, so that editors know them
        self,
        model: str | PreTrainedModel,
        reward_funcs: RewardFunctions | None = None,
        args: trl.GRPOConfig | None = None,
        train_dataset: Dataset | IterableDataset | None = None,
        eval_dataset: Dataset | IterableDataset | dict[str, Dataset] | None = None,
        processing_class: PreTrainedTokenizerBase | ProcessorMixin | None = None,
        reward_processing_classes: list[PreTrainedTokenizerBase] | None = None,
        callbacks: list[TrainerCallback] | None = None,
        optimizers: tuple[Optimizer | None, LRScheduler | None] = (None, None),
        *,
        step_reward_funcs: RewardFunctions | ProcessSupervision | None = None,
        value_model: str | nn.Module | None = None,
        **trl_options: Any,
    ) -> None:
        require_methods(trl.GRPOTrainer, version=trl.__version__)
        warn_of_foreign_packages()  # the path may have changed since the import
        self._process = ProcessSupervision.of(step_reward_funcs)
        if self._process is not None and not reward_funcs:
            reward_funcs = [no_outcome]
        super().__init__(
            model,
            reward_funcs,
            args=args,
            train_dataset=train_dataset,
            eval_dataset=eval_dataset,
            processing_class=processing_class,
            reward_processing_classes=reward_processing_classes,
            callbacks=callbacks,
            optimizers=optimizers,
            **trl_options,
        )
        require_attributes(self, version=trl.__version__)
        plan = plan_from(self.args)
        self.plan = replace(plan, balance_micro_batches=balances(plan, self.args))
        announce_recipe(self)
        self.kl_controller = self.plan.kl
        untie_forward(self.model)
        self.critic = Critic(self, value_model) if self.plan.by_value else None
        self.fused_heads = FusedHeads(self)
        self._scores: Tensor | None = None
        self._scored: list[dict[str, Any]] = []
        self.objective_step = Step(exact=self.plan.exact_tokens)
        self.foreseen = Foreseen()
        self.waiting_metrics = Waiting()
        check_dynamic_sampling(self)
        check_process_supervision(self, self._process)
        keep_names_apart(self.reward_func_names)
        for reward in (*self.reward_funcs, *(self._process.functions if self._process else ())):
            if callable(warm_up := getattr(reward, "warm_up", None)):
                warm_up()
        tell_callbacks(self, "attach")

    def advantages_of(self, rollout: Rollout) -> Tensor:
        """(n,) or (n, T): the advantages of this process's completions in a generation batch."""
        if self.critic is not None:
            return self.critic.advantages(self, rollout)
        by_energy = self.plan.by_energy
        outcome = (token_baseline_advantages if by_energy else outcome_advantages)(self, rollout)
        if self._process is None:
            return outcome
        return supervise_steps(self, self._process, rollout.rows, rollout.tensors, outcome)

    def policy_loss_of(self, model: Any, micro: MicroBatch) -> PolicyLoss:
        """The loss of what enters the model of a micro-batch, with log-probs and entropy."""
        return policy_loss(self, model, micro, current_options(self))

    @functools.wraps(trl.GRPOTrainer._get_per_token_logps_and_entropies)  # noqa: SLF001 - callers read it
    def _get_per_token_logps_and_entropies(  # noqa: PLR0913, PLR0917 - TRL's
        self,
        model: Any,
        input_ids: Tensor,
        attention_mask: Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,  # noqa: FBT001, FBT002
        **others: Any,
    ) -> Any:
        found = self.fused_heads.logps(
            self, model, input_ids, attention_mask, logits_to_keep,
            batch_size=batch_size, entropy=compute_entropy, others=others,
        )  # fmt: skip
        if found is not None:
            return found
        return super()._get_per_token_logps_and_entropies(
            model, input_ids, attention_mask, logits_to_keep, batch_size, compute_entropy, **others
        )

    def _calculate_rewards(self, *args: Any, **kwargs: Any) -> Any:
        started = perf_counter()
        score = super()._calculate_rewards
        self._scored = scored_rows(inspect.signature(score).bind(*args, **kwargs).arguments)
        self._scores = score(*args, **kwargs)
        record(self, "timing/reward_s", perf_counter() - started)
        tell_callbacks(self, "on_rewards", self._scored, self._scores)
        return self._scores

    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        started = perf_counter()
        generated = super()._generate(*args, **kwargs)
        record(self, "timing/generation_s", perf_counter() - started)
        return generated

    def _generate_and_score_completions(
        self, inputs: list[dict[str, Any]], *args: Any, **kwargs: Any
    ) -> Any:
        generate = super()._generate_and_score_completions
        if not self.plan.scores and self._process is None:
            return generate(inputs, *args, **kwargs)

        def sample(rows: list[dict[str, Any]]) -> Rollout:
            tensors = generate(rows, *args, **kwargs)
            return rollout_from(self, self._scored, tensors, self._scores)

        rollout, rounds = sample(inputs), 0
        if self.model.training:
            rollout, rounds = refill(self, rollout, sample)
        record_rollout(self, rollout, rounds)
        advantages = self.advantages_of(rollout)
        show_advantages(self, rollout, advantages)
        return rollout.tensors | {
            "advantages": advantages,
            "rewards": rollout.rewards[rollout.mine],
            "group": rollout.group[rollout.mine],
        }

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> Any:
        started = perf_counter()
        if self.plan.objective is None:
            loss = super()._compute_loss(model, inputs)
        else:
            loss = self.objective_step.loss(self, model, inputs)
        record(self, "timing/loss_s", perf_counter() - started)
        return loss

    def _prepare_inputs(self, *args: Any, **kwargs: Any) -> Any:
        inputs = super()._prepare_inputs(*args, **kwargs)
        return inputs if self.plan.objective is None else look_ahead(self, inputs)

    def log(self, *args: Any, **kwargs: Any) -> None:
        """Log, with what was measured since the last time."""
        self.waiting_metrics.hand_over(self)
        super().log(*args, **kwargs)

    def _save_rng_state(self, output_dir: str) -> None:
        super()._save_rng_state(output_dir)
        save_state(self, output_dir)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        load_state(self, checkpoint)
