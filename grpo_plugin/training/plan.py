"""What a configuration asks for: every option read once, checked, and in the plugin's own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from torch import Tensor

from grpo_plugin.advantages import OutcomeEstimator
from grpo_plugin.advantages import resolve as resolve_advantage
from grpo_plugin.errors import ConfigurationError
from grpo_plugin.kl import AdaptiveKL, FixedKL, KLEstimator
from grpo_plugin.objectives import (
    Objective,
    ObjectiveConfig,
    SamplerCorrection,
    sampler_correction,
    usual_bounds,
)
from grpo_plugin.objectives import resolve as resolve_objective
from grpo_plugin.training.estimating import KLPlace, advantages_asked_for, imported
from grpo_plugin.training.options import objective_options

_OF_TOKEN_REWARDS = frozenset({"reinforce_plus_plus", "gae"})
"""Advantage estimators that work on the reward of each token."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingPlan:
    """What to train, and how.

    Attributes:
        objective: `None` for TRL's own loss.
        options: its options, every one explicit and settled (`Objective.settle`).
        estimator: advantages from rewards (N,), groups (N,) and lengths (N,).
        own_advantages: whether `estimator` replaces TRL's advantages throughout; otherwise it is
            used only where TRL's no longer hold (KL in the reward, refilled groups).
        every_reward: `estimator` takes rewards (N, F), a column for each function, and `weights`.
        by_value: advantages come of a value model, by GAE.
        by_energy: advantages have a baseline for each token, weighted by log π and Σπ².
        kl_in: where the KL term goes.
        kl_estimator: how it is estimated.
        kl: its coefficient, fixed or adaptive, as it is at the start.
        sampler: (old, sampling, mask) -> `Batch.sampling_ratio`, or `None` for what TRL computes.
        exact_tokens: token means divide by the window's own tokens, not by a share of the
            generation batch's.
        dynamic_sampling_rounds: how often dead groups may be refilled.
        skip_dead_completions: keep completions without gradient out of the model.
        trim_padding: and the columns that are padding in all that remain.
        fused_loss: make gradients with the log-probs, where the model allows it.
        packed_forward: run the model on rows without padding, where it allows that.
        balance_micro_batches: let the micro-batches of a window hold about as many tokens each.
    """

    objective: Objective | None = None
    options: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    estimator: OutcomeEstimator = field(default_factory=lambda: resolve_advantage("grpo"))
    own_advantages: bool = False
    every_reward: bool = False
    by_value: bool = False
    by_energy: bool = False
    kl_in: KLPlace = KLPlace.LOSS
    kl_estimator: KLEstimator = KLEstimator.K3
    kl: FixedKL | AdaptiveKL = field(default_factory=lambda: FixedKL(coefficient=0.0))
    sampler: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None
    exact_tokens: bool = False
    dynamic_sampling_rounds: int = 0
    skip_dead_completions: bool = True
    trim_padding: bool = True
    fused_loss: bool = True
    packed_forward: bool = False
    balance_micro_batches: bool = False

    @property
    def scores(self) -> bool:
        """Whether the trainer has to look at a generation batch after TRL has scored it."""
        return self.objective is not None or self.own_advantages or self.dynamic_sampling_rounds > 0

    @property
    def name(self) -> str:
        """The objective's name, for messages."""
        return "None" if self.objective is None else self.objective.name


def plan_from(args: Any) -> TrainingPlan:
    """The plan of a `GRPOConfig`, or of `trl.GRPOConfig`, which asks for nothing of ours.

    Raises:
        ConfigurationError: options that cannot work; names the field and the choices.
    """
    if not hasattr(args, "objective"):
        return TrainingPlan()
    rounds = args.dynamic_sampling_rounds
    if rounds < 0:
        raise ConfigurationError(f"dynamic_sampling_rounds is {rounds}; it must be at least 0")
    if rounds and args.generation_batch_size <= args.num_generations:
        raise ConfigurationError(
            f"dynamic_sampling_rounds = {rounds} refills some groups of a generation batch with "
            f"others, but generation_batch_size = num_generations = {args.num_generations} makes "
            "one group; raise generation_batch_size or set dynamic_sampling_rounds=0"
        )
    common = advantages_asked_for(args) | {
        "dynamic_sampling_rounds": rounds,
        "skip_dead_completions": args.skip_dead_completions,
        "trim_padding": args.trim_padding,
        "fused_loss": args.fused_loss,
        "packed_forward": args.packed_forward,
        "balance_micro_batches": args.balance_micro_batches,
        "exact_tokens": _counts_exactly(args),
        "sampler": _sampler(args),
    }
    if args.objective is None:
        _refuse_without_objective(args)
        return TrainingPlan(**common)
    chosen = imported(args.objective, "objective")
    try:
        objective = resolve_objective(chosen)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(str(error)) from error
    try:
        kl = _divergence(args, objective)
        in_loss = kl["kl_in"] is KLPlace.LOSS
        options = objective_options(args, objective, kl["kl_estimator"], kl_in_loss=in_loss)
        objective.check_options(options)
    except ConfigurationError:
        raise
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"objective={objective.name!r}: {error}") from error
    return TrainingPlan(objective=objective, options=objective.settle(options), **kl, **common)


def _divergence(args: Any, objective: Objective) -> dict[str, Any]:
    """kl_in, kl_estimator and kl of the plan."""
    try:
        place = KLPlace(args.kl_in)
    except ValueError:
        raise ConfigurationError(
            f"kl_in is {args.kl_in!r}; choose one of "
            + ", ".join(repr(member.value) for member in KLPlace)
        ) from None
    if place is not KLPlace.LOSS and args.beta == 0:
        raise ConfigurationError(
            f"kl_in={args.kl_in!r} needs a reference model, which beta = 0 leaves out; set beta > 0"
        )
    of_tokens = args.advantage_estimator in _OF_TOKEN_REWARDS
    if place is KLPlace.TOKEN_REWARD and not of_tokens:
        raise ConfigurationError(
            f"kl_in={args.kl_in!r} needs an advantage_estimator that works on the rewards of "
            f"tokens, and advantage_estimator={args.advantage_estimator!r} does not; choose "
            + " or ".join(map(repr, sorted(_OF_TOKEN_REWARDS)))
        )
    if "ref_logp" in objective.needs and (args.beta <= 0 or place is not KLPlace.LOSS):
        raise ConfigurationError(
            f"objective={objective.name!r} compares with a reference model and takes beta for its "
            f"slope; set beta > 0 (it is {args.beta}) and kl_in='loss' (it is {args.kl_in!r})"
        )
    usual = KLEstimator.K3 if place is KLPlace.LOSS else KLEstimator.K1
    try:
        estimator = KLEstimator(args.kl_estimator or usual)
    except ValueError:
        raise ConfigurationError(
            f"kl_estimator is {args.kl_estimator!r}; choose one of "
            + ", ".join(repr(member.value) for member in KLEstimator)
        ) from None
    if args.kl_target is None:
        return {
            "kl_in": place,
            "kl_estimator": estimator,
            "kl": FixedKL(coefficient=args.beta),
        }
    if args.beta <= 0:
        raise ConfigurationError(
            f"kl_target = {args.kl_target} steers beta, which is {args.beta}; set beta > 0"
        )
    try:
        adaptive = AdaptiveKL(coefficient=args.beta, target=args.kl_target, horizon=args.kl_horizon)
    except ValueError as error:
        raise ConfigurationError(f"kl_target, kl_horizon: {error}") from error
    return {"kl_in": place, "kl_estimator": estimator, "kl": adaptive}


def _counts_exactly(args: Any) -> bool:
    over = args.tokens_counted_over
    if over not in ("generation", "window"):
        raise ConfigurationError(
            f"tokens_counted_over is {over!r}; choose one of 'generation', 'window'"
        )
    accumulation, every = args.gradient_accumulation_steps, args.steps_per_generation
    if over == "window" and every % accumulation:
        raise ConfigurationError(
            "tokens_counted_over='window' must know an optimizer step's completions when it "
            f"begins, but gradient_accumulation_steps = {accumulation} micro-batches do not divide "
            f"the steps_per_generation = {every} that are generated together; make "
            "steps_per_generation a multiple of gradient_accumulation_steps, or choose 'generation'"
        )
    return bool(over == "window")


def _sampler(args: Any) -> Callable[[Tensor, Tensor, Tensor], Tensor] | None:
    if args.sampler_correction is None:
        if args.sampler_options:
            raise ConfigurationError("sampler_options needs sampler_correction; set it")
        return None
    try:
        mode = SamplerCorrection(args.sampler_correction)
    except ValueError:
        raise ConfigurationError(
            f"sampler_correction is {args.sampler_correction!r}; choose one of "
            + ", ".join(repr(member.value) for member in SamplerCorrection)
        ) from None
    bounds = dict(zip(("lower", "upper"), usual_bounds(mode), strict=True))
    given = args.sampler_options or {}
    if unknown := sorted(set(given) - set(bounds)):
        raise ConfigurationError(f"sampler_options has {unknown[0]!r}; it takes lower and upper")
    return partial(sampler_correction, mode=mode, **(bounds | given))


def _refuse_without_objective(args: Any) -> None:
    for name in (
        *("sampler_correction", "objective_options", "kl_estimator", "kl_target"),
        *("packed_forward", "balance_micro_batches"),
    ):
        if getattr(args, name):
            raise ConfigurationError(
                f"{name} = {getattr(args, name)!r} belongs to an objective of ours; set objective, "
                "e.g. objective='grpo'"
            )
    if args.kl_in != KLPlace.LOSS.value:
        raise ConfigurationError(
            f"kl_in={args.kl_in!r} needs objective=…, because TRL's own loss always has the KL "
            "term in it; set objective, e.g. objective='grpo'"
        )
