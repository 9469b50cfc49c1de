"""Whether an answer says what a reference says, typed by the reference.

Classes that derive from one another, each in a file of its own: `base`, `words`, `sets`,
`equations`, `lists`, and `matcher` on top. `assignments` reads `x = 5` as naming 5, `real_sets`
does unions of intervals, `polynomial_sets` solves `x² > 4`, `quantities` compares numbers with
units, `closeness` allows for rounding and a tolerance, `letter_units` finds units among letters,
`signs` spreads ±. `letters` renames constants, parameters and i, `lettering` takes arrows off
vectors that the other side sets in bold, `chemistry` spells formulas one way, `ellipses` reads sums
with dots.
"""
