"""Whether a data set's references are fit for rules: what `rlvr audit` finds.

* `references`: what one reference's text gives rise to
* `rewritings`: a text as somebody else would write the same
* `programs`: what a row's tests give rise to
* `job`: a file of rows looked at, with the counts and the rows kept, mended or set aside
* `page`: what was found as a page to look at
"""
