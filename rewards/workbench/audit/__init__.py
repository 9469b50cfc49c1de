"""Whether a data set's references are fit for rules: what `rlvr audit` finds.

* `references`: what one reference's text gives rise to
* `job`: a file of rows looked at, with the counts and the rows kept, mended or set aside
"""
