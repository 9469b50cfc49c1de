"""Reward functions measured: against labels, against each other, under attack, and as a trainer
sees them.

`run_bench` does the whole job; the command `rlvr bench` is a thin coat around it.

* `labelled`: rows with a completion, a reference and whether the completion is right
* `grouping`: which completions belong to one prompt
* `sets`: the sets of a run
* `judging`: each reward on each row, in processes that can be ended
* `shapes`: functions that return a wrong number of values
* `peers`: other verifiers by a short name
* `counts`: errors, and how sure the figures are; pure
* `intervals`: how sure they are where completions of one prompt belong together; pure
* `pairs`: two rewards on the same rows; pure
* `stress`: the attacks, and how often they win
* `correlation`, `group_signal`: the training signal a reward gives; pure
* `throughput`: completions a second by worker processes
* `figures`, `bench`: the figures of a set and of a run
* `environment`: versions and hardware
* `tables`, `spreadsheets`: the figures as Markdown and CSV; `narrow_tables` for a narrow screen
"""

from rewards.workbench.benchmarking.bench import BenchOptions, BenchReport, run_bench

__all__ = ["BenchOptions", "BenchReport", "run_bench"]
