"""Where `rewards`, `sandbox` and `grpo_plugin` come from, and what could hide them."""

from __future__ import annotations

from pathlib import Path

from rewards.workbench.diagnosis.check import Check, Grade
from rlvr_origin import HOME, PACKAGES, foreign_packages, origin_of


def check_origins() -> list[Check]:
    """Whether each name is ours, and whether a file here would hide it from a script."""
    foreign = foreign_packages()
    checks = []
    for name in PACKAGES:
        if name not in foreign:
            checks.append(Check(group="origins", name=name, found=origin_of(name)))
        else:
            checks.append(
                Check(
                    group="origins",
                    name=name,
                    found=foreign[name],
                    grade=Grade.BROKEN,
                    mend=f"rlvr's own lies in {HOME / name}: rename the other one, or put {HOME} "
                    "first in PYTHONPATH",
                )
            )
        checks += _check_neighbours(name)
    return checks


def _check_neighbours(name: str) -> list[Check]:
    """Files in the working directory that a script started here would import instead of ours."""
    here = Path.cwd()
    if here.resolve() == HOME:
        return []
    found = [path for path in (here / f"{name}.py", here / name / "__init__.py") if path.exists()]
    return [
        Check(
            group="origins",
            name=name,
            found=f"{path} would hide it from scripts started in this folder",
            grade=Grade.NOTE,
            mend="rename that file, or start your scripts from another folder",
        )
        for path in found
        if path.resolve().parent != HOME / name
    ]
