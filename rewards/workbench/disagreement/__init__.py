"""Where rewards disagree: the same rows judged by two or more, side by side.

`compare_rewards` does the whole job; the command `rlvr compare` is a thin coat around it.

* `agreement`: Cohen's κ, pure
* `decisions`: one row's verdicts as decisions, and the counts of a pair of rewards, pure
* `examples`: the rows to show, worst kinds first
* `judged_rows`: the verdicts of a file, judged now or read from it
* `job`: the whole job
"""

from rewards.workbench.disagreement.job import (
    DisagreementOptions,
    RewardComparison,
    compare_rewards,
)

__all__ = ["DisagreementOptions", "RewardComparison", "compare_rewards"]
