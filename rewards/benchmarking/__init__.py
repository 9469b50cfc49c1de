"""Reward functions measured against labels and against each other.

`run_bench` does the whole job; the command `rlvr bench` is a thin coat around it.

* `labelled`: rows with a completion, a reference and whether the completion is right
* `judging`: each reward on each row, in processes that can be ended
* `peers`: other verifiers by a short name
* `counts`: errors, and how sure the figures are; pure
* `pairs`: two rewards on the same rows; pure
* `bench`: the figures of a run
* `tables`: the figures as Markdown and CSV
"""

from rewards.benchmarking.bench import BenchOptions, BenchReport, run_bench

__all__ = ["BenchOptions", "BenchReport", "run_bench"]
