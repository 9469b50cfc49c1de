"""What `rlvr doctor` looks at: the interpreter, the packages, whose they are, workers, sandbox.

`diagnose` runs every check; each is a function that returns `Check`s and never raises.
"""

from rewards.workbench.diagnosis.check import Check, Grade
from rewards.workbench.diagnosis.checkup import diagnose

__all__ = ["Check", "Grade", "diagnose"]
