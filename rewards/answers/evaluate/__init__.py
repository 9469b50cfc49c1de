"""From a tree to a value: exact where that is possible, else in as many digits as it takes.

* `values`: exact values · `numeric`: values in many digits, with `functions`, `complexes` and
  `precision` · `points`: where expressions with variables are compared
* `sameness`: whether two expressions are the same · `modular`: a quick proof that they are not
* `matrices`, `contradictions`: what their names say
"""
