"""Objectives of the GRPO family, as pure functions `objective(logp, batch, config) -> loss`.

| level    | objectives                                                                  |
|----------|-----------------------------------------------------------------------------|
| token    | grpo, bnpo, dr_grpo, dapo, ppo_clip, dual_clip, cispo, sapo, gpg, reinforce |
| sequence | sequence_grpo (DeepSeek-V2, V3, R1), gspo, gspo_token, gmpo, luspo, vespo   |
| old data | dppo_tv, dppo_kl, dro, m2po, fipo                                           |
| unified  | sft, rft, online_rft, dpo (DeepSeekMath section 5.2.1)                      |
| entropy  | clip_cov, kl_cov; any other with `ObjectiveConfig(entropy_coef=…)`          |

`ObjectiveConfig(aggregation=…)` changes how any of them averages its tokens, or sums them.

Left out, with the reason: GTPO (2508.03772) and VACO (2603.01365), which one trainer each has;
A*-PO (2505.20686), which needs samples of the reference policy for its V*; RLSD, SDAR, SDPO and
OPSD, whose teacher is a second forward pass conditioned on the answer; prime-rl's penalty on the
sampler's log-ratio beside DPPO (give it as a function of your own); TPO and FlowGRPO, which are
about triples and images.

A new one is a function under the `objective` decorator, or any callable given to `resolve`.
"""

from __future__ import annotations

from grpo_plugin.objectives.aggregation import Aggregation, aggregate, aggregation_weights
from grpo_plugin.objectives.closed_forms import closed_form_coefficient
from grpo_plugin.objectives.coefficient import (
    Coefficients,
    coefficients,
    gradient_coefficient,
    known_beforehand,
)
from grpo_plugin.objectives.config import EntropyMean, ObjectiveConfig, RatioLevel
from grpo_plugin.objectives.covariance import clip_cov, kl_cov
from grpo_plugin.objectives.metrics import objective_metrics
from grpo_plugin.objectives.off_policy import dppo_kl, dppo_tv, dro, fipo, m2po
from grpo_plugin.objectives.registry import (
    Coupling,
    Dependence,
    Objective,
    available,
    coupling_of,
    objective,
    register,
    resolve,
)
from grpo_plugin.objectives.sampling import (
    SamplerCorrection,
    sampler_correction,
    usual_bounds,
)
from grpo_plugin.objectives.sequence_level import (
    gmpo,
    gspo,
    gspo_token,
    luspo,
    sequence_grpo,
    vespo,
)
from grpo_plugin.objectives.token_level import (
    bnpo,
    cispo,
    dapo,
    dr_grpo,
    dual_clip,
    gpg,
    grpo,
    ppo_clip,
    reinforce,
    sapo,
)
from grpo_plugin.objectives.unified import Paradigm, dpo, online_rft, paradigm_coefficient, rft, sft

__all__ = [
    "Aggregation",
    "Coefficients",
    "Coupling",
    "Dependence",
    "EntropyMean",
    "Objective",
    "ObjectiveConfig",
    "Paradigm",
    "RatioLevel",
    "SamplerCorrection",
    "aggregate",
    "aggregation_weights",
    "available",
    "bnpo",
    "cispo",
    "clip_cov",
    "closed_form_coefficient",
    "coefficients",
    "coupling_of",
    "dapo",
    "dpo",
    "dppo_kl",
    "dppo_tv",
    "dr_grpo",
    "dro",
    "dual_clip",
    "fipo",
    "gmpo",
    "gpg",
    "gradient_coefficient",
    "grpo",
    "gspo",
    "gspo_token",
    "kl_cov",
    "known_beforehand",
    "luspo",
    "m2po",
    "objective",
    "objective_metrics",
    "online_rft",
    "paradigm_coefficient",
    "ppo_clip",
    "register",
    "reinforce",
    "resolve",
    "rft",
    "sampler_correction",
    "sapo",
    "sequence_grpo",
    "sft",
    "usual_bounds",
    "vespo",
]
