"""Scoring a file of completions with rewards: rows in, rows and verdicts out.

`score_file` does the whole job; the command `rlvr score` is a thin coat around it.

* `rows`: reading lines, whatever is in them
* `row_columns`: which columns of the file hold what
* `resolve`: a reward by its name or import path
* `judge`: a chunk of rows judged, a pure function that runs in a worker process
* `dispatch`: chunks over worker processes, in order, nothing lost
* `partial`: the unfinished output: locked, resumable, renamed when complete
* `tally`: counts by status and the summary
"""

from rewards.scoring.resolve import resolve_reward
from rewards.scoring.score import ScoreOptions, score_file
from rewards.scoring.tally import Summary, Tally

__all__ = ["ScoreOptions", "Summary", "Tally", "resolve_reward", "score_file"]
