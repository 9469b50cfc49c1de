"""Scoring a file of completions with rewards: rows in, rows and verdicts out.

`score_file` does the whole job, `score_shards` for several files; the command `rlvr score` is a
thin coat around them.

* `rows`: what a file of rows is to the others
* `readers`: opening one, whatever its format; `text_reader`, `parquet_reader`, `dataset_folder`
  and `shard_folder` read one each, `zstd_stream` and `arrow_reader` serve them
* `input_files`: what is read is known again, and not written into
* `row_columns`: which columns of the file hold what
* `resolve`: a reward by its name or import path
* `reward_function`: a user's function called as TRL calls it, its numbers made verdicts
* `judge`: a chunk of rows judged, a pure function that runs in a worker process
* `isolation`: rewards in processes, a user's under limits
* `patience`: those limits, and when to stop calling a reward that always hangs
* `dispatch`: chunks over worker processes, in order, nothing lost
* `partial`: the unfinished output: locked, resumable, renamed when complete
* `output_file`: how an output is packed and put in its place; `parquet_output` and `column_types`
  for parquet
* `shards`: several files, each into a folder
* `tally`: counts by status and the summary
"""

from rewards.workbench.scoring.resolve import resolve_reward
from rewards.workbench.scoring.row_limits import RowLimits
from rewards.workbench.scoring.score import ScoreOptions, score_file
from rewards.workbench.scoring.shards import ShardsSummary, score_shards
from rewards.workbench.scoring.tally import Summary, Tally

__all__ = [
    "RowLimits",
    "ScoreOptions",
    "ShardsSummary",
    "Summary",
    "Tally",
    "resolve_reward",
    "score_file",
    "score_shards",
]
