"""Whose packages these are: `rewards`, `sandbox` and `grpo_plugin` are plain names.

A file `rewards.py` in the working directory, or another installed package, can stand before ours
on the import path. This module lies beside ours and imports none of them.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("rewards", "sandbox", "grpo_plugin")
HOME = Path(__file__).resolve().parent


def origin_of(name: str) -> str:
    """The file that `import name` would load, or a word that there is none."""
    spec = find_spec(name)
    return (spec.origin if spec else None) or "nothing that can be imported"


def foreign_packages() -> dict[str, str]:
    """Our package names that resolve to somebody else's file, with that file.

    Ours all lie beside this module; anything else under one of our names is foreign.

    >>> foreign_packages()
    {}
    """
    found = {name: origin_of(name) for name in PACKAGES}
    return {n: origin for n, origin in found.items() if Path(origin).resolve().parent != HOME / n}


def shadowing_message(foreign: dict[str, str]) -> str:
    """What to tell a user whose files hide ours."""
    found = "; ".join(f"{name!r} is {origin}" for name, origin in foreign.items())
    return (
        f"another package hides rlvr's own: {found}. rlvr's lies in {HOME}. "
        "Rename your file or folder, start from another directory, or put "
        f"{HOME} first in PYTHONPATH."
    )


def installed_version() -> str:
    """The version of this distribution; `unknown` for a checkout that is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # takes a while

    try:
        return version("rlvr")
    except PackageNotFoundError:
        return "unknown"
