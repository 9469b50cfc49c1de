"""A report one can look at: scored rows in, one self-contained HTML page out.

`write_report` does the whole job; the command `rlvr report` is a thin coat around it.

* `report`: the whole job, in two passes over each file at most
* `scored_rows`: what `rlvr score` wrote, read row by row; `training_logs`: what a trainer wrote
* `figures`: statistics over all rows, kept while they go by: `breakdowns` by group, length and
  step, `prompts` (pass@k), `confusion` with labels, `same_answers` that score everywhere
* `alerts`: what spoils training
* `sample`: which rows the page lists when there are too many; `listed_rows`: each cut to size
* `run_changes`: several runs matched row by row, on disk
* `typesetting`: formulas as MathML; `packed_rows`: rows as the page holds them
* `addresses`: of rows on the page
* `display`: text from a model made fit to be shown
* `charts`: where the bars and lines of a plot go
* `page`: the page itself (`template/` holds its HTML, style and script)
"""

from rewards.workbench.reporting.report import ReportOptions, ReportSummary, write_report

__all__ = ["ReportOptions", "ReportSummary", "write_report"]
