"""The scorer `rewards/rlvr`; inspect_ai imports this through an entry point, nobody else does."""

from __future__ import annotations

from inspect_ai.scorer import Scorer, accuracy, scorer, stderr

from rewards.adapters.bridge import bridge
from rewards.adapters.inspect_ai import judge_by


@scorer(metrics=[accuracy(), stderr()])  # type: ignore[untyped-decorator,unused-ignore]
def rlvr(reward: str | list[str] | None = None) -> Scorer:
    """A reward by its spec, as a scorer: `--scorer rewards/rlvr -S reward=accuracy`."""
    # The command line makes a list of what has commas, such as `Gate(format, accuracy)`.
    spec = ",".join(reward) if isinstance(reward, list) else reward
    return judge_by(bridge("inspect_ai", spec))
