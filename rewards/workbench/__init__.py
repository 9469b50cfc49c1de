"""What works with files of completions and verdicts: the commands and what stands behind them.

* `rows`: files of rows, read and written in every format
* `scoring`: rows judged · `selection`: the verified ones kept for fine-tuning
* `disagreement`: rewards held against each other · `benchmarking`: against labels
* `audit`: references looked at before training
* `reporting`: a page to look at · `diagnosis`: what `rlvr doctor` checks
* `environments`: a file of rows as what another trainer loads
* `commands` and `cli`: the command line

May import everything that judges; nothing that judges imports it.
"""

from rewards.lazy import lazy_attributes

__getattr__, __dir__ = lazy_attributes(__name__, {})  # `rewards.workbench.scoring` after one import
