"""Where jobs are run, behind one interface.

* `job`: what is run, and the interface of an executor
* `local`: zygotes of this machine
* `ray_actors`: a pool on every node of a Ray cluster
"""
