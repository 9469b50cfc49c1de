"""Whether the installed TRL still has what the trainer builds on.

The trainer depends on the names of a few TRL methods and on nothing else of TRL's inside. A
release that renames one would not fail: our override would simply never run, and the run would
train something else. So the names are looked up when a trainer is made.
"""

from __future__ import annotations

from grpo_plugin.errors import UnsupportedTRLError

REQUIRED_METHODS = (
    "_calculate_rewards",
    "_compute_loss",
    "_generate_and_score_completions",
    "_get_per_token_logps_and_entropies",
)


def require_methods(trainer: type, *, version: str) -> None:
    """Check that TRL's trainer class has every method ours builds on.

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
            "builds on. Install a TRL release that rlvr supports (see 'train' in its "
            "dependencies), or use trl.GRPOTrainer itself: the rewards work there unchanged."
        )
