"""Whether the installed TRL still has what the trainer builds on.

The trainer depends on the names of a few TRL methods, their first arguments, a few attributes and
the keys of TRL's batch (`training.microbatch` looks at those), and on nothing else of TRL's inside.
A release that renames one would not fail: our override would simply never run, and the run would
train something else. So the names are looked up when a trainer is made.
"""

from __future__ import annotations

import inspect

from grpo_plugin.errors import UnsupportedTRLError

REQUIRED_METHODS: dict[str, tuple[str, ...]] = {
    "_calculate_rewards": ("inputs", "prompts", "completions", "completion_ids_list"),
    "_compute_loss": ("model", "inputs"),
    "_generate": (),
    "_generate_and_score_completions": ("inputs",),
    "_get_per_token_logps_and_entropies": (
        *("model", "input_ids", "attention_mask", "logits_to_keep"),
        *("batch_size", "compute_entropy"),
    ),
    "_prepare_inputs": (),
    "get_high_entropy_mask": (),
    "_load_optimizer_and_scheduler": ("checkpoint",),
    "_save_rng_state": ("output_dir",),
}
"""Method -> names of arguments it must take."""

REQUIRED_ATTRIBUTES = (
    "_buffered_inputs",
    "_logs",
    "_metrics",
    "_step",
    "max_completion_length",
    "num_generations",
    "num_generations_eval",
    "num_iterations",
    "reward_weights",
    "top_entropy_quantile",
)

_ADVICE = (
    "Install a TRL release that rlvr supports (see 'train' in its dependencies), or use "
    "trl.GRPOTrainer itself: the rewards work there unchanged."
)


def require_methods(trainer: type, *, version: str) -> None:
    """Check that TRL's trainer class has every method ours builds on, with the arguments it takes.

    Args:
        trainer: TRL's trainer class, not a subclass of ours.
        version: TRL's version, for the message.

    Raises:
        UnsupportedTRLError: one is missing; the message names it.
    """
    missing = [name for name in REQUIRED_METHODS if not callable(getattr(trainer, name, None))]
    if missing:
        raise UnsupportedTRLError(
            f"TRL {version} has no {trainer.__name__}.{', '.join(missing)}, which grpo_plugin "
            f"builds on. {_ADVICE}"
        )
    for name, wanted in REQUIRED_METHODS.items():
        taken = inspect.signature(getattr(trainer, name)).parameters
        lacking = [argument for argument in wanted if argument not in taken]
        if lacking:
            raise UnsupportedTRLError(
                f"{trainer.__name__}.{name} of TRL {version} does not take "
                f"{', '.join(lacking)}, which grpo_plugin gives it. {_ADVICE}"
            )


def require_attributes(trainer: object, *, version: str) -> None:
    """Check that a trainer that TRL has made has every attribute ours reads.

    Raises:
        UnsupportedTRLError: one is missing; the message names it.
    """
    missing = [name for name in REQUIRED_ATTRIBUTES if not hasattr(trainer, name)]
    if missing:
        raise UnsupportedTRLError(
            f"A GRPOTrainer of TRL {version} has no attribute {', '.join(missing)}, which "
            f"grpo_plugin reads. {_ADVICE}"
        )
