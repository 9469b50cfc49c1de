"""Where `rewards`, `sandbox` and `grpo_plugin` come from, and what could hide them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from rewards.workbench.diagnosis.check import Check, Grade

_NAMES = ("rewards", "sandbox", "grpo_plugin")


def check_origins() -> list[Check]:
    """Whether each name is ours, and whether a file here would hide it from a script."""
    home = Path(__file__).resolve().parents[2]
    checks = []
    for name in _NAMES:
        spec = find_spec(name)
        origin = spec.origin if spec else None
        if origin is not None and Path(origin).resolve().parent == home / name:
            checks.append(Check(group="origins", name=name, found=origin))
        else:
            checks.append(
                Check(
                    group="origins",
                    name=name,
                    found=origin or "nothing that can be imported",
                    grade=Grade.BROKEN,
                    mend=f"rlvr's own lies in {home / name}: rename the other one, or put {home} "
                    "first in PYTHONPATH",
                )
            )
        checks += _check_neighbours(name, home)
    return checks


def _check_neighbours(name: str, home: Path) -> list[Check]:
    """Files in the working directory that a script started here would import instead of ours."""
    here = Path.cwd()
    if here.resolve() == home:
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
        if path.resolve().parent != home / name
    ]
