"""Scoring a file of completions with rewards: rows in, rows and verdicts out.

`score_file` does the whole job, `score_shards` for several files; the command `rlvr score` is a
thin coat around them.

* `row_columns`: which columns of the file hold what
* `reward_arguments`: what `--reward` was given
* `row_parts`: what travels between the processes of a run: rows, and single completions of rows
* `judge`: a chunk of rows judged, a pure function that runs in a worker process
* `completion_lists`: rows that hold a list of completions, one verdict each, and a summary
* `verdict_cache`: equal pairs judged once, also over runs
* `supervision`: a reward asked for rows in processes that can be ended; `rlvr bench` shares it
* `chunk_judge`: chunks of rows judged so, and what is written of them
* `row_limits`: those limits, and when to stop calling a reward that always hangs
* `dispatch`: chunks over worker processes, in order, nothing lost
* `ray_blocks`, `ray_shards`: blocks of rows, and whole files, on the nodes of a Ray cluster
* `unfinished_output`: the unfinished output: locked, resumable, renamed when complete
* `written_verdicts`: verdicts read back from an output
* `prepared_run`: options and the head of the input looked at, the output planned
* `score`, `shards`: one file, and several files, each into a folder
* `tally`: counts by status and the summary
* `warning_signs`: one cause behind nearly all rows, said in a line
* `in_memory`: rows of a list, a frame, a data set, scored as a file's are
* `explanation`: one verdict, stage by stage
"""

from rewards.workbench.scoring.prepared_run import ScoreOptions
from rewards.workbench.scoring.row_limits import RowLimits
from rewards.workbench.scoring.score import score_file
from rewards.workbench.scoring.shards import ShardsSummary, score_shards
from rewards.workbench.scoring.tally import Summary, Tally

__all__ = [
    "RowLimits",
    "ScoreOptions",
    "ShardsSummary",
    "Summary",
    "Tally",
    "score_file",
    "score_shards",
]
