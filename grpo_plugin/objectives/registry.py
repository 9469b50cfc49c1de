"""What an objective is, what it declares about itself, and where it is found by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from enum import Enum, IntEnum
from functools import partial
from typing import cast

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.kl import KLLevel
from grpo_plugin.objectives.config import ObjectiveConfig, RatioLevel

ObjectiveFunction = Callable[[Tensor, Batch, ObjectiveConfig], Tensor]


class Coupling(IntEnum):
    """Which other tokens' log-probs ∂loss/∂logp of a token depends on."""

    TOKEN = 0
    """None: a tile of tokens can be finished alone."""
    SEQUENCE = 1
    """Those of its own completion."""
    BATCH = 2
    """Those of other completions in the micro-batch."""


class Dependence(Enum):
    """Through what ∂loss/∂logp depends on the log-probs (before a KL term)."""

    NOTHING = "nothing"
    """It does not: −w A and the like. Known before the model runs."""
    RATIO = "ratio"
    """Through π_θ/π_old only: known before the model runs when the two are the same."""
    VALUE = "value"
    """Through the log-probs themselves."""


TERMS = frozenset(
    {"beta", "kl", "kl_level", "kl_weighted", "entropy_coef", "entropy_mean"}
    | {"off_policy_threshold", "log_ratio_cap", "aggregation"}
)
"""Options of the terms that any policy objective can have besides its own."""

CLIP = frozenset({"clip_low", "clip_high", "delta", "ratio_level"})
"""Options of the clipped surrogate."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Objective:
    """A loss to minimise, with what a trainer and the fused loss must know about it.

    Call it: `objective(logp, batch, config)` gives a scalar whose gradient with respect to `logp`
    (B, T) is the gradient coefficient of every token (`gradient_coefficient`).

    Attributes:
        name: what `resolve` finds it by.
        function: `(logp, batch, config) -> scalar`; it sees zeros outside the mask.
        coupling: the least coupling; `coupling_of` adds what the options bring.
        dependence: see `Dependence`.
        splits: whether the sum of the losses of micro-batches, with the window's counts, equals
            the loss of the whole; false where a micro-batch is coupled by definition.
        ratio_level: its own level of the importance ratio; `None` when it has no ratio.
        kl_level: its own level of the KL term.
        zero_without_advantage: whether a completion whose advantages are all zero adds nothing to
            the policy term, neither value nor gradient, whatever its log-probs.
        needs: fields of the batch without which it cannot run.
        options: fields of `ObjectiveConfig` that it reads.
        defaults: its paper's numbers where they differ from `ObjectiveConfig`'s.
        paper: where it is from.
        aliases: further names.
    """

    name: str
    function: ObjectiveFunction
    coupling: Coupling = Coupling.BATCH
    dependence: Dependence = Dependence.VALUE
    splits: bool = False
    ratio_level: RatioLevel | None = None
    kl_level: KLLevel = KLLevel.TOKEN
    zero_without_advantage: bool = False
    needs: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset(option.name for option in fields(ObjectiveConfig))
    defaults: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    paper: str = ""
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", inspect.getdoc(self.function))
        object.__setattr__(self, "__name__", self.name)

    def __reduce__(self) -> tuple[Callable[..., Objective], tuple[object, ...]]:
        # A decorated function is found under its own name as an `Objective`: pickle the name.
        if _REGISTRY.get(self.name) is self:
            return resolve, (self.name,)
        return partial(Objective, **{f.name: getattr(self, f.name) for f in fields(self)}), ()

    def __call__(self, logp: Tensor, batch: Batch, config: ObjectiveConfig | None = None) -> Tensor:
        """The loss of a micro-batch.

        Args:
            logp: (B, T) log π_θ of the sampled tokens; half precision is widened to float32.
            batch: everything else.
            config: the options; by default the paper's.

        Raises:
            ValueError: shapes differ, or the batch lacks what the objective or an option needs.
        """
        if logp.shape != batch.mask.shape:
            raise ValueError(
                f"logp has shape {tuple(logp.shape)}; the batch's mask {tuple(batch.mask.shape)}"
            )
        if not logp.is_floating_point():
            raise ValueError(f"logp has dtype {logp.dtype}; it must be floating point")
        settled = self.settle(config)
        self.check(batch, settled)
        wide = logp.float() if logp.dtype in (torch.float16, torch.bfloat16) else logp
        clean = torch.where(batch.live, wide, torch.zeros_like(wide))
        return self.function(clean, batch.masked(), settled)

    def settle(self, config: ObjectiveConfig | None) -> ObjectiveConfig:
        """The options with every `None` that means "the objective's own" filled in.

        Options that are settled come back as they are, so whoever asks often asks for nothing:
        the trainer settles once a run.
        """
        config = self.defaults if config is None else config
        if config.ratio_level is not None and config.kl_level is not None:
            return config
        return replace(
            config,
            ratio_level=config.ratio_level or self.ratio_level or RatioLevel.TOKEN,
            kl_level=config.kl_level or self.kl_level,
        )

    def check(self, batch: Batch, config: ObjectiveConfig) -> None:
        """Raise unless the batch has what this objective and its options need."""
        wanted = dict.fromkeys(self.needs, f"the objective {self.name!r}")
        if config.beta != 0 and "beta" in self.options:
            wanted["ref_logp"] = f"beta = {config.beta}"
        if config.entropy_coef != 0 and "entropy_coef" in self.options:
            wanted["entropy"] = f"entropy_coef = {config.entropy_coef}"
        for name, reason in wanted.items():
            if getattr(batch, name) is None:
                raise ValueError(f"{reason} needs batch.{name}, which is None")

    def check_options(self, config: ObjectiveConfig) -> None:
        """Raise if an option was changed that this objective does not read.

        Raises:
            ValueError: names the option, the objective and what it does read.
        """
        plain = ObjectiveConfig()
        for option in fields(ObjectiveConfig):
            value = getattr(config, option.name)
            unchanged = value in (getattr(plain, option.name), getattr(self.defaults, option.name))
            if option.name not in self.options and not unchanged:
                reads = ", ".join(sorted(self.options)) or "no options"
                raise ValueError(
                    f"{option.name} = {value!r} has no effect on the objective {self.name!r}, "
                    f"which reads {reads}; leave it out or choose another objective"
                )


_REGISTRY: dict[str, Objective] = {}


def register(objective: Objective, *, replace_existing: bool = False) -> Objective:
    """Make an objective known by its name and aliases.

    Raises:
        ValueError: another objective has one of the names.
    """
    for name in (objective.name, *objective.aliases):
        if name in _REGISTRY and not replace_existing:
            raise ValueError(f"an objective named {name!r} is registered; choose another name")
    for name in (objective.name, *objective.aliases):
        _REGISTRY[name] = objective
    return objective


def objective(  # noqa: PLR0913 - what an objective declares
    *,
    coupling: Coupling,
    dependence: Dependence,
    splits: bool = True,
    ratio_level: RatioLevel | None = None,
    kl_level: KLLevel = KLLevel.TOKEN,
    zero_without_advantage: bool = False,
    needs: Iterable[str] = (),
    options: Iterable[str] = (),
    defaults: ObjectiveConfig | None = None,
    paper: str = "",
    aliases: tuple[str, ...] = (),
) -> Callable[[ObjectiveFunction], Objective]:
    """Turn a function `(logp, batch, config) -> scalar` into a registered `Objective`."""

    def declare(function: ObjectiveFunction) -> Objective:
        return register(
            Objective(
                name=getattr(function, "__name__", "objective"),
                function=function,
                coupling=coupling,
                dependence=dependence,
                splits=splits,
                ratio_level=ratio_level,
                kl_level=kl_level,
                zero_without_advantage=zero_without_advantage,
                needs=frozenset(needs),
                options=frozenset(options),
                defaults=defaults or ObjectiveConfig(),
                paper=paper,
                aliases=aliases,
            )
        )

    return declare


def available() -> tuple[str, ...]:
    """Names of all registered objectives, without aliases, sorted."""
    return tuple(sorted({found.name for found in _REGISTRY.values()}))


def resolve(objective: str | Objective | Callable[..., Tensor]) -> Objective:
    """The objective for a name, or for a callable of one's own.

    A plain function is taken as coupling the whole micro-batch, which is always right and never
    fast; declare more with the `objective` decorator.

    Raises:
        ValueError: no objective has that name; the message lists those there are.
    """
    if isinstance(objective, Objective):
        return objective
    if isinstance(objective, str):
        if objective not in _REGISTRY:
            raise ValueError(
                f"objective {objective!r} is unknown; choose one of {', '.join(available())}, "
                "or give a function (logp, batch, config) -> scalar"
            )
        return _REGISTRY[objective]
    if not callable(objective):
        raise TypeError(f"objective is a {type(objective).__name__}; give a name or a function")
    name = getattr(objective, "__name__", type(objective).__name__)
    return Objective(name=name, function=cast("ObjectiveFunction", objective))


def coupling_of(objective: Objective, config: ObjectiveConfig | None = None) -> Coupling:
    """The coupling with these options: ratio, KL or dropping of whole outputs couple a sequence."""
    settled = objective.settle(config)
    sequence_wide = (
        ("ratio_level" in objective.options and settled.ratio_level is not RatioLevel.TOKEN)
        or (settled.beta != 0 and settled.kl_level is KLLevel.SEQUENCE)
        or settled.off_policy_threshold is not None
    )
    return max(objective.coupling, Coupling.SEQUENCE if sequence_wide else Coupling.TOKEN)
