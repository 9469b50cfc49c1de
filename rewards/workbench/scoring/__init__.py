"""Scoring a file of completions with rewards: rows in, rows and verdicts out.

`score_file` does the whole job, `score_shards` for several files; the command `rlvr score` is a
thin coat around them.

* `rows`: what a file of rows is to the others; `json_text`: values as JSON text
* `readers`: opening one, whatever its format; `text_reader`, `parquet_reader`, `dataset_folder`
  and `shard_folder` read one each, `zstd_stream` and `arrow_reader` serve them
* `input_files`: what is read is known again, and not written into
* `row_columns`: which columns of the file hold what; `row_parts`: rows as processes hand them
  to each other, completions one by one; `several`: rows that hold a list of completions
* `resolve`: a reward by its name or import path
* `reward_function`: a user's function called as TRL calls it, its numbers made verdicts
* `judge`: a chunk of rows judged, a pure function that runs in a worker process
* `isolation`: rewards in processes, a user's under limits
* `patience`: those limits, and when to stop calling a reward that always hangs
* `dispatch`: chunks over worker processes, in order, nothing lost; `processors`: how many there
  can be; `interruption`: Ctrl-C and what ends like it
* `remembered`: verdicts kept between runs
* `partial`: the unfinished output: locked (`locking`), resumable, renamed when complete;
  `whole_output`: one that is written in one go
* `output_file`: how an output is packed and put in its place; `parquet_output` and `column_types`
  for parquet
* `score`: one file, from options to summary; `shards`: several files, each into a folder
* `tally`: counts by status and the summary
* `written_verdicts`: the verdicts that a file holds already
* `explanation`: one completion judged, step by step
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
