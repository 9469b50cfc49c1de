"""The trainer's configuration: TRL's, and the choice of objective, advantages and KL."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import trl

from grpo_plugin.errors import ConfigurationError
from grpo_plugin.recipes import AppliedRecipe, apply_recipe
from grpo_plugin.training.options import loss_type_for
from grpo_plugin.training.plan import plan_from

_FUNCTIONS = ("objective", "advantage_estimator")
_TABLES = ("objective_options", "advantage_options", "sampler_options")


@dataclass
class GRPOConfig(trl.GRPOConfig):  # type: ignore[misc]  # TRL carries no types
    """`trl.GRPOConfig`, field for field, and fields of ours that change nothing unless set.

    `recipe` sets everything a paper fixes, under the paper's name (`grpo_plugin.recipes`).

    `objective` alone chooses the loss, and the rest stays TRL's. Of the objective's paper comes the
    formula: ratio, surrogate, how tokens are averaged. From TRL come, where they are not set:

    - advantages: `scale_rewards="group"`, (r − mean)/std, for every objective, `"dr_grpo"` too;
    - clipping: `epsilon` = 0.2 on both sides for a loss that TRL has too (`"dapo"` without
      clip-higher); for the others the paper's numbers (`"gspo"`: 3e-4 and 4e-4);
    - `beta` = 0; with a `beta` the KL term is multiplied by the ratio where TRL's
      `use_bias_correction_kl` says so, for a loss that TRL has too, and not for the others;
    - the token count that `"dapo"`, `"cispo"` and the like divide by: see `tokens_counted_over`;
    - sampling, truncated completions and dynamic sampling: TRL's, and none.

    `epsilon`, `epsilon_high`, `delta`, `beta`, `importance_sampling_level` and so on keep their
    meaning when they are set.

    Attributes:
        recipe: `None`, or a name from `grpo_plugin.recipes.available()`. Fields that are set beside
            it win and are named when the trainer is made.
        objective: `None` for TRL's own loss; a name from `grpo_plugin.objectives.available()`; a
            function `(logp, batch, config) -> loss`, or where one is found, `"module:function"`.
        objective_options: fields of `ObjectiveConfig` for which TRL has no option; they win.
        advantage_estimator: `None` for TRL's own; a name from `advantages.available()`; a function
            `(rewards (N,), group (N,), lengths (N,)) -> (N,)`, or `"module:function"`; `"gae"` for
            PPO's, with a value model (`GRPOTrainer(value_model=…)`, by default a copy of the
            policy); `"optimal_token_baseline"` for a baseline at each token, weighted by Σπ².
        advantage_options: its keyword options, e.g. `{"k": 4}` for pass_at_k.
        gae_gamma: PPO's discount, in [0, 1].
        gae_lambda: λ of GAE, in [0, 1].
        value_clip: how far a prediction may move from the one that made the advantages.
        value_learning_rate: of the value model, constant.
        kl_in: `"loss"`; `"reward"`, before group normalisation; `"advantage"`, after it, token by
            token; `"token_reward"`, in the reward of each token, for an advantage_estimator that
            works on those (reinforce_plus_plus). All but the first measure π_old, and `beta` is
            the coefficient in all of them.
        kl_estimator: by default k3 in the loss, k1 elsewhere; see `grpo_plugin.kl`.
        kl_target: KL per completion, in nats, that an adaptive coefficient steers towards,
            starting from `beta`; `None` keeps it fixed.
        kl_horizon: completions over which the adaptive coefficient reacts.
        sampler_correction: how the policy term is corrected for an engine whose log-probs are not
            the trainer's, in place of TRL's `vllm_importance_sampling_mode`: a name of
            `objectives.SamplerCorrection`, e.g. `"icepop"`.
        sampler_options: its bounds, `{"lower": 0.5, "upper": 5.0}`; by default its paper's.
        tokens_counted_over: what objectives that weigh every token alike divide by:
            `"generation"`, a window's even share of the generation batch's tokens, as TRL does;
            `"window"`, the tokens of the optimizer step at hand. The same where a generation batch
            is trained in one step.
        dynamic_sampling_rounds: how many times groups whose rewards are all equal are sampled
            anew from other prompts (DAPO, arXiv 2503.14476, section 3.2).
        skip_dead_completions: completions that cannot contribute do not enter the model, where
            that changes nothing (see `grpo_plugin.training.microbatch`).
        trim_padding: columns that are padding in all completions of a micro-batch neither.
        fused_loss: log-probs and gradients of the objective without the logits in memory, where
            the model's head allows it; a warning says why not.
        packed_forward: the model runs on completions laid end to end, each with its prompt and
            without padding, where it gives them the hidden states that it gives padded ones; a
            warning says why not. Needs the fused loss.
        balance_micro_batches: the completions of an optimizer step are shared out over its
            micro-batches and processes so that each holds about as many tokens; the gradient is
            the same, its parts are summed in another order.
        save_rollouts: checkpoints taken in the middle of a window, where completions are still to
            be trained on, contain them.

    Raises:
        ConfigurationError: options that cannot work, or contradict each other.

    >>> GRPOConfig("out", num_generations=4, use_cpu=True, bf16=False).objective is None
    True
    >>> GRPOConfig("out", objective="sequence_grpo", use_cpu=True, bf16=False).objective
    'sequence_grpo'
    """

    recipe: str | None = field(
        default=None, metadata={"help": "A paper whose whole update is set, e.g. dapo."}
    )
    # The function comes first in the unions: transformers' argument parser takes the second type.
    objective: Callable[..., Any] | str | None = field(
        default=None, metadata={"help": "An objective of ours; TRL's own loss without it."}
    )
    objective_options: dict[str, Any] | str | None = field(
        default=None, metadata={"help": "Options of the objective that TRL has no name for (JSON)."}
    )
    advantage_estimator: Callable[..., Any] | str | None = field(
        default=None, metadata={"help": "How rewards become advantages; TRL's own without it."}
    )
    advantage_options: dict[str, Any] | str | None = field(
        default=None, metadata={"help": "Options of the advantage estimator (JSON)."}
    )
    gae_gamma: float = field(default=1.0, metadata={"help": "PPO's discount."})
    gae_lambda: float = field(default=0.95, metadata={"help": "GAE's lambda."})
    value_clip: float = field(default=0.2, metadata={"help": "PPO's clip of value predictions."})
    value_learning_rate: float = field(
        default=9e-6, metadata={"help": "Learning rate of PPO's value model."}
    )
    kl_in: str = field(
        default="loss",
        metadata={"help": "Where the KL goes: loss, reward, advantage or token_reward."},
    )
    kl_estimator: str | None = field(
        default=None, metadata={"help": "k1, k2, k3, abs, k1_st or k3_st."}
    )
    kl_target: float | None = field(
        default=None, metadata={"help": "Nats per completion an adaptive beta steers towards."}
    )
    kl_horizon: int = field(
        default=10_000, metadata={"help": "Completions over which an adaptive beta reacts."}
    )
    sampler_correction: str | None = field(
        default=None, metadata={"help": "Correction for the sampler, e.g. icepop; else TRL's."}
    )
    sampler_options: dict[str, Any] | str | None = field(
        default=None, metadata={"help": "Bounds of the sampler correction (JSON)."}
    )
    tokens_counted_over: str = field(
        default="generation", metadata={"help": "What token means divide by: generation or window."}
    )
    dynamic_sampling_rounds: int = field(
        default=0, metadata={"help": "How often groups of equal rewards are sampled anew."}
    )
    skip_dead_completions: bool = field(
        default=True, metadata={"help": "Keep completions without gradient out of the model."}
    )
    trim_padding: bool = field(
        default=True, metadata={"help": "Keep common padding out of the model."}
    )
    fused_loss: bool = field(
        default=True, metadata={"help": "The objective's loss without logits in memory."}
    )
    packed_forward: bool = field(
        default=False, metadata={"help": "Run the model on rows without padding."}
    )
    balance_micro_batches: bool = field(
        default=False, metadata={"help": "Share tokens out evenly over micro-batches."}
    )
    save_rollouts: bool = field(
        default=True, metadata={"help": "Save completions still to be trained on in checkpoints."}
    )

    def __new__(cls, *args: Any, **named: Any) -> GRPOConfig:  # noqa: PYI034 - Self: Python 3.11
        """Note which fields are given, which a recipe must leave alone."""
        config = object.__new__(cls)
        order = [option.name for option in fields(cls) if option.init]
        config._given = frozenset({*order[: len(args)], *named})
        return config

    def __post_init__(self) -> None:
        self._applied = apply_recipe(self, self._given)
        try:
            super().__post_init__()
        except ValueError as error:
            if self._applied is None:
                raise
            raise ConfigurationError(
                f"{error}\nThe options are those of\n{self._applied}"
            ) from error
        for name in _TABLES:
            setattr(self, name, _table(name, getattr(self, name)))
        plan = plan_from(self)
        if plan.objective is not None:  # what TRL warns of, or refuses, then fits what is asked
            self.loss_type = loss_type_for(plan.objective)

    @property
    def applied_recipe(self) -> AppliedRecipe | None:
        """The recipe, with the fields that were set otherwise; `str` of it is for reading."""
        return self._applied

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for logs and JSON: functions by name."""
        plain: dict[str, Any] = super().to_dict()
        return plain | {name: _named(getattr(self, name)) for name in _FUNCTIONS}

    def __getstate__(self) -> dict[str, Any]:
        # Checkpoints pickle the configuration; a lambda must not make that fail.
        state = self.__dict__.copy()
        return state | {n: state[n] if _pickles(state[n]) else _named(state[n]) for n in _FUNCTIONS}

    def __copy__(self) -> GRPOConfig:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> GRPOConfig:
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        for name, value in self.__dict__.items():
            kept = name in _FUNCTIONS
            twin.__dict__[name] = value if kept else copy.deepcopy(value, memo)
        return twin


def _table(name: str, given: Any) -> dict[str, Any] | None:
    """A mapping of options, also from the JSON that a command line gives."""
    try:
        table = json.loads(given) if isinstance(given, str) else given
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{name} is not JSON: {error}") from error
    if table is not None and not isinstance(table, dict):
        raise ConfigurationError(f"{name} is a {type(table).__name__}; give a mapping")
    return table


def _pickles(value: object) -> bool:
    try:
        pickle.dumps(value)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def _named(chosen: Any) -> str | None:
    if chosen is None or isinstance(chosen, str):
        return chosen
    name = getattr(chosen, "__qualname__", getattr(chosen, "__name__", type(chosen).__name__))
    module = getattr(chosen, "__module__", None)
    return f"{module}:{name}" if callable(chosen) and hasattr(chosen, "__qualname__") else name
