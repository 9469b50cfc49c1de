"""From a tree to a value: exact where that is possible, else enclosed in a ball of proven radius.

Every numeric decision keeps one rule. "Equal" needs small balls that overlap, and the proof that
both sides have a value; "different" needs balls that do not overlap; all else is undecided.

* `values`: exact values
* `special_values`: those that functions have at special places
* `linear_forms`: those of sums in which all that is irrational cancels
* `enclosures`: balls at a point, with `functions`, `complexes` and `precision`
* `numeric`: decimals
* `definedness`: whether the constants in an expression have values
* `points`: where expressions with variables are compared
* `sameness`: whether two expressions are the same, with `agreement` at points and `modular` proofs
* `clearing`: an expression as one fraction
* `matrices`, `contradictions`: what their names say
"""
