"""Rejection sampling: of a scored file the verified completions, to fine-tune on.

`select_rows` does the whole job; the command `rlvr select` is a thin coat around it.

* `candidates`: which verified completions of one prompt are kept, pure
* `overlap`: how much two texts have in common, from a sketch of constant size
* `training_rows`: a kept row in the form a trainer reads
* `row_counts`: how many rows were kept and dropped, by reason
* `job`: the whole job, two passes over the files
"""

from rewards.workbench.selection.job import SelectOptions, select_rows
from rewards.workbench.selection.row_counts import Selection
from rewards.workbench.selection.training_rows import Form

__all__ = ["Form", "SelectOptions", "Selection", "select_rows"]
