"""Saying so when somebody else's `rewards` or `sandbox` stands before ours on the import path.

`rewards` is a name that users like as well, and TRL's own command line puts the working directory
first on the path before it imports reward functions. The plugin does not need `rewards` (any
reward function will do), so this is a warning; the demo, which does, refuses.
"""

from __future__ import annotations

import warnings
from pathlib import Path

from grpo_plugin.errors import ForeignPackageWarning


def shadowing_problem() -> str | None:
    """What hides our packages, in one sentence with the mend, or `None` when nothing does."""
    home = Path(__file__).resolve().parent.parent
    try:
        import rlvr_origin  # a user's own may stand in its place

        foreign = rlvr_origin.foreign_packages()
        return rlvr_origin.shadowing_message(foreign) if foreign else None
    except (ImportError, AttributeError, ValueError) as error:
        return (
            f"could not find out whose `rewards` would be imported ({error}): the module "
            f"`rlvr_origin` beside {home / 'grpo_plugin'} does not answer. Rename your own "
            f"rlvr_origin.py, if any, or put {home} first in PYTHONPATH."
        )


def warn_of_foreign_packages() -> None:
    """Warn, once per cause, when `from rewards import …` would not import ours."""
    if problem := shadowing_problem():
        warnings.warn(problem, ForeignPackageWarning, stacklevel=3)
