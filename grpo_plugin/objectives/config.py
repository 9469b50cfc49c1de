"""The numbers an objective can be given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from grpo_plugin.exponential import LOG_RATIO_CAP
from grpo_plugin.kl import KLEstimator, KLLevel
from grpo_plugin.objectives.aggregation import Aggregation


class RatioLevel(str, Enum):
    """What the importance ratio is a ratio of."""

    TOKEN = "token"  # noqa: S105 - a unit of text
    """r_t = π_θ(o_t) / π_old(o_t)."""
    SEQUENCE_MEAN = "sequence_mean"
    """The geometric mean of r_t over the output: (π_θ(o) / π_old(o))^(1/|o|) (GSPO)."""
    SEQUENCE_SUM = "sequence_sum"
    """The product of r_t, i.e. of whole outputs: π_θ(o) / π_old(o) (DeepSeek-V2, V3, R1)."""


class EntropyMean(str, Enum):
    """Over what the entropy bonus averages."""

    MICRO_BATCH = "micro_batch"
    """The live tokens of each micro-batch, then over micro-batches (as TRL does)."""
    WINDOW = "window"
    """All live tokens of the optimizer step, so that splitting changes nothing (the divisor counts
    every live token, whatever its `policy_weight`)."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveConfig:
    """Options of the objectives. Each objective names those it reads in `Objective.options`.

    Attributes:
        clip_low: the ratio is clipped below at 1 − clip_low (GMPO: at e^−clip_low).
        clip_high: and above at 1 + clip_high (GMPO: e^clip_high); `None` means clip_low.
        delta: a cap on the unclipped ratio, > 1 (two-sided clipping, INTELLECT-2,
            arXiv 2505.07291): bounds the loss of tokens with a negative advantage.
        ratio_level: what the ratio is of; `None` means the objective's own.
        log_ratio_cap: log-ratio beyond which exp continues as its tangent (`bounded_exp`).
        off_policy_threshold: completions with a negative advantage whose mean log π_old/π_θ
            exceeds this are dropped (DeepSeek-V3.2, arXiv 2512.02556, eq. 9); `None` keeps all.
        dual_clip: c of dual clip: with A < 0 a token's term is no lower than c · A.
        cispo_cap: CISPO's largest weight, the ratio itself (5.0 is ScaleRL's, arXiv 2510.13786).
        sapo_tau_pos: SAPO's gate temperature for positive advantages.
        sapo_tau_neg: and for the others.
        vespo_k_pos: power of VESPO's gamma weight for non-negative advantages.
        vespo_lambda_pos: its decay.
        vespo_k_neg: power for negative advantages.
        vespo_lambda_neg: its decay.
        dppo_low: DPPO-TV masks a token with A < 0 whose probability has fallen by more than this,
        dppo_high: and one with A > 0 whose probability has risen by more.
        dppo_kl: DPPO-KL masks a token beyond this binary KL divergence, in nats.
        dppo_cap: the largest weight of a token in DPPO.
        dro_beta: DRO's pull towards π_old, half the coefficient of the squared log-ratio.
        m2po_bound: M2PO's bound on the mean squared log-ratio of the tokens that are kept.
        fipo_decay: what a step ahead counts in FIPO's future log-ratio, in (0, 1].
        fipo_low: the least weight of a token in FIPO,
        fipo_high: and the largest.
        aggregation: how token losses become one number; `None` means the objective's own.
        beta: coefficient of the KL term in the loss; 0 for none.
        kl: the estimator of that term.
        kl_level: per token or of whole outputs; `None` means the objective's own.
        kl_weighted: multiply the KL term by the ratio, gradient included (DeepSeek-V3.2; TRL's
            `use_bias_correction_kl`).
        entropy_coef: the mean entropy times this is subtracted from the loss.
        entropy_mean: over what that mean is taken.
        correct_above: RFT's indicator: a completion counts when its reward exceeds this.
        dpo_beta: DPO's β, the slope of its sigmoid.
        cov_fraction: the share of tokens that clip-cov drops or kl-cov penalises.
        cov_low: clip-cov draws from tokens whose covariance exceeds this
        cov_high: and is below this.
        cov_kl_coef: kl-cov's penalty on the tokens it picks.

    Raises:
        ValueError: a number out of its range; the message names the field.
    """

    clip_low: float = 0.2
    clip_high: float | None = None
    delta: float | None = None
    ratio_level: RatioLevel | None = None
    log_ratio_cap: float = LOG_RATIO_CAP
    off_policy_threshold: float | None = None
    dual_clip: float = 3.0
    cispo_cap: float = 5.0
    sapo_tau_pos: float = 1.0
    sapo_tau_neg: float = 1.05
    vespo_k_pos: float = 2.0
    vespo_lambda_pos: float = 3.0
    vespo_k_neg: float = 3.0
    vespo_lambda_neg: float = 2.0
    dppo_low: float = 0.2
    dppo_high: float = 0.2
    dppo_kl: float = 0.05
    dppo_cap: float = 20.0
    dro_beta: float = 0.05
    m2po_bound: float = 0.04
    fipo_decay: float = 0.5 ** (1 / 32)
    fipo_low: float = 0.8
    fipo_high: float = 1.2
    aggregation: Aggregation | None = None
    beta: float = 0.0
    kl: KLEstimator = KLEstimator.K3
    kl_level: KLLevel | None = None
    kl_weighted: bool = False
    entropy_coef: float = 0.0
    entropy_mean: EntropyMean = EntropyMean.MICRO_BATCH
    correct_above: float = 0.5
    dpo_beta: float = 0.1
    cov_fraction: float = 2e-4
    cov_low: float = 1.0
    cov_high: float = 5.0
    cov_kl_coef: float = 1.0

    def __post_init__(self) -> None:
        for name, kind in _ENUMS.items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _member(kind, value, name))
        for names, allowed, wanted in _RANGES:
            for name in names:
                value = getattr(self, name)
                if value is not None and not allowed(value):
                    raise ValueError(f"{name} is {value}; it must be {wanted}")

    @property
    def upper_clip(self) -> float:
        """clip_high, or clip_low where it is not given."""
        return self.clip_low if self.clip_high is None else self.clip_high


_ENUMS: dict[str, type[Enum]] = {
    "kl": KLEstimator,
    "kl_level": KLLevel,
    "ratio_level": RatioLevel,
    "entropy_mean": EntropyMean,
    "aggregation": Aggregation,
}
_RANGES: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
    (
        (
            *("clip_low", "clip_high", "beta", "off_policy_threshold", "cov_kl_coef"),
            *("dppo_low", "dppo_high", "dppo_kl", "dro_beta", "m2po_bound", "fipo_low"),
        ),
        lambda value: value >= 0,
        "at least 0",
    ),
    (
        (
            "log_ratio_cap",
            "cispo_cap",
            "sapo_tau_pos",
            "sapo_tau_neg",
            "dpo_beta",
            "vespo_lambda_pos",
            "vespo_lambda_neg",
            "dppo_cap",
            "fipo_high",
        ),
        lambda value: value > 0,
        "above 0",
    ),
    (("delta", "dual_clip"), lambda value: value > 1, "above 1: it caps a ratio"),
    (("cov_fraction", "fipo_decay"), lambda value: 0 < value <= 1, "in (0, 1]"),
)


def _member(kind: type[Enum], value: object, name: str) -> Enum:
    try:
        return kind(value)
    except ValueError:
        choices = ", ".join(repr(member.value) for member in kind)
        raise ValueError(f"{name} is {value!r}; choose one of {choices}") from None
