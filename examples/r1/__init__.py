"""The parts of `r1_pipeline.py`.

* `held_out`: what a model answers, and how much of it is right.
* `selection`: rejection sampling through `rlvr score` and `rlvr select`.
* `sources`: the rows of mathematics, code and instructions, and the rewards for them.
* `stages`: stages that are skipped when they are finished, and the two trainers.
* `tiny_sources`: rows for `--tiny`, and a sloppy teacher.
"""
