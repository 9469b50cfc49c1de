"""A report one can look at: scored rows in, one self-contained HTML page out.

`write_report` does the whole job, `serve_report` shows what is too large for a page; the command
`rlvr report` is a thin coat around them.

* `report`: the whole job, in two passes over each file at most; `summary`: what it found
* `scored_rows`: what `rlvr score` wrote, read row by row
* `figures`: statistics over all rows, kept while they go by: `breakdowns` by group, length and
  step, `prompts` (pass@k), `confusion` with labels, `same_answers` that score everywhere
* `alerts`: what spoils training
* `sample`: which rows the page lists when there are too many; `listed_rows`: each cut to size
* `matching`, `run_changes`: several runs matched row by row, on disk
* `row_store`, `serving`: a million rows in a database, and over loopback; `text_search`: words in
  their text
* `typesetting`: formulas as MathML; `packed_rows`: rows as the page holds them
* `addresses`: of rows on the page
* `display`: text from a model made fit to be shown
* `charts`: where the bars and lines of a plot go
* `templates`: the engine that makes pages, its settings in one place
* `page`: the page itself (`template/` holds its HTML, style and script)
"""

from rewards.workbench.reporting.report import ReportOptions, serve_report, write_report
from rewards.workbench.reporting.summary import ReportSummary

__all__ = ["ReportOptions", "ReportSummary", "serve_report", "write_report"]
