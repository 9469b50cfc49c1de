"""TRL's options of the loss, and ours, as the options of an objective.

For an objective that TRL has too, and for a function of the user's own, TRL's options count as
they stand. For the others two of TRL's defaults would be a silent departure from the paper, and
count only where they were changed: `epsilon` (0.2; GSPO's is 3e-4) and `use_bias_correction_kl`
(the KL term times the ratio).
"""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from typing import Any

import trl

from grpo_plugin.errors import ConfigurationError
from grpo_plugin.kl import KLEstimator
from grpo_plugin.objectives import Objective, ObjectiveConfig, RatioLevel, available

TRL_LOSSES = frozenset({"grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo"})
"""Objectives that TRL has under the same name."""

_SAME_MEANING = {
    "delta": "delta",
    "off_policy_mask_threshold": "off_policy_threshold",
    "entropy_coef": "entropy_coef",
    "sapo_temperature_pos": "sapo_tau_pos",
    "sapo_temperature_neg": "sapo_tau_neg",
    "vespo_k_pos": "vespo_k_pos",
    "vespo_lambda_pos": "vespo_lambda_pos",
    "vespo_k_neg": "vespo_k_neg",
    "vespo_lambda_neg": "vespo_lambda_neg",
}
"""TRL's option -> ours."""

_SET_ELSEWHERE = {"beta": "beta", "kl": "kl_estimator", "dpo_beta": "beta"}
"""Options of ours that have a field of their own -> that field."""


def objective_options(
    args: Any, objective: Objective, estimator: KLEstimator, *, kl_in_loss: bool
) -> ObjectiveConfig:
    """TRL's options and `objective_options`, as the objective's, every one explicit.

    Args:
        args: a `GRPOConfig`.
        objective: the one chosen.
        estimator: of the KL term.
        kl_in_loss: whether that term is in the loss.

    Raises:
        ConfigurationError: an option without effect, or two that contradict each other.
        ValueError: a number out of its range.
    """
    _refuse_contradictions(args, objective)
    native = objective.name in TRL_LOSSES or objective.name not in available()
    found: dict[str, Any] = {}
    for theirs, ours in _SAME_MEANING.items():
        value = getattr(args, theirs, None)
        changed = value != trl_default(theirs)
        if changed and ours not in objective.options:
            raise ConfigurationError(
                f"{theirs} = {value} has no effect on objective={objective.name!r}; leave it out"
            )
        if changed or (native and ours in objective.options and value is not None):
            found[ours] = value
    found |= _clips(args, objective, native=native) | _level(args, objective)
    if "ref_logp" in objective.needs:
        found["dpo_beta"] = args.beta
    elif args.beta != 0 and kl_in_loss:
        found |= {"beta": args.beta, "kl": estimator}
        weighted = args.use_bias_correction_kl
        if weighted != trl_default("use_bias_correction_kl"):
            found["kl_weighted"] = weighted
        elif objective.name in TRL_LOSSES:  # times the ratio the other estimators are biased
            found["kl_weighted"] = weighted and estimator in (KLEstimator.K1, KLEstimator.K3)
    return replace(objective.defaults, **(found | _extra(args, objective)))


def _clips(args: Any, objective: Objective, *, native: bool) -> dict[str, Any]:
    """`epsilon` and `epsilon_high`, which for CISPO is the cap itself."""
    given = {
        name: getattr(args, name)
        for name in ("epsilon", "epsilon_high")
        if getattr(args, name) != trl_default(name)
    }
    if "clip_low" in objective.options:
        both = {"clip_low": args.epsilon, "clip_high": args.epsilon_high}
        return both if given or native else {}
    cap = given.pop("epsilon_high", None) if "cispo_cap" in objective.options else None
    for name, value in given.items():
        raise ConfigurationError(
            f"{name} = {value} has no effect on objective={objective.name!r}; leave it out"
        )
    return {} if cap is None else {"cispo_cap": cap}


def _level(args: Any, objective: Objective) -> dict[str, Any]:
    if args.importance_sampling_level != "sequence":
        return {}
    if "ratio_level" not in objective.options:
        raise ConfigurationError(
            "importance_sampling_level='sequence' has no effect on "
            f"objective={objective.name!r}, whose ratio is its own; leave it out or choose "
            "objective='gspo'"
        )
    return {"ratio_level": RatioLevel.SEQUENCE_MEAN}


def _extra(args: Any, objective: Objective) -> dict[str, Any]:
    given = dict(args.objective_options or {})
    known = {option.name for option in fields(ObjectiveConfig)}
    for name in given:
        if name in _SET_ELSEWHERE:
            raise ConfigurationError(
                f"objective_options[{name!r}] has a field of its own: set {_SET_ELSEWHERE[name]}"
            )
        if name not in known or name not in objective.options:
            reads = ", ".join(sorted(objective.options - set(_SET_ELSEWHERE))) or "none"
            raise ConfigurationError(
                f"objective_options[{name!r}] is no option of objective={objective.name!r}; "
                f"choose among {reads}"
            )
    if given.get("entropy_coef") and not hasattr(args, "entropy_coef"):
        raise ConfigurationError(
            f"objective_options['entropy_coef'] needs a TRL whose entropy has a gradient; "
            f"{trl.__version__} has not. Upgrade TRL or leave it out"
        )
    return given


def loss_type_for(objective: Objective) -> str:
    """What TRL is told: its own name of the loss, or one that it refuses to train.

    `trl.GRPOTrainer`, given a configuration of ours by mistake, would train its default loss.
    """
    if objective.name in TRL_LOSSES:
        return objective.name
    return f"objective={objective.name!r}, which needs grpo_plugin.GRPOTrainer"


def _refuse_contradictions(args: Any, objective: Objective) -> None:
    allowed = (trl_default("loss_type"), objective.name, loss_type_for(objective))
    if args.loss_type not in allowed:
        raise ConfigurationError(
            f"loss_type={args.loss_type!r} and objective={objective.name!r} both choose the loss; "
            "leave loss_type out"
        )
    if getattr(args, "use_adaptive_entropy", False):
        raise ConfigurationError(
            "use_adaptive_entropy steers TRL's own loss only; use entropy_coef with "
            f"objective={objective.name!r}, or leave objective out"
        )
    if args.use_liger_kernel and hasattr(trl.GRPOTrainer, "compute_liger_loss"):
        raise ConfigurationError(
            f"use_liger_kernel=True computes Liger's loss instead of objective={objective.name!r} "
            f"in TRL {trl.__version__}; leave one of them out"
        )
    whole_output = objective.ratio_level is RatioLevel.SEQUENCE_SUM
    if whole_output and args.top_entropy_quantile < 1:
        raise ConfigurationError(
            f"top_entropy_quantile = {args.top_entropy_quantile} picks tokens, but "
            f"objective={objective.name!r} has one ratio and one loss for a whole output; set it "
            "to 1.0 or choose a token-level objective such as 'grpo'"
        )
    if whole_output and args.importance_sampling_level == "sequence":
        raise ConfigurationError(
            "importance_sampling_level='sequence' is TRL's word for the length-normalised ratio; "
            f"objective={objective.name!r} has the ratio of whole outputs by itself: leave it out, "
            "or choose objective='gspo'"
        )


def trl_default(name: str) -> Any:
    """TRL's default of one of its options; `None` where this release has no such option."""
    for option in fields(trl.GRPOConfig):
        if option.name == name:
            return None if option.default is MISSING else option.default
    return None
