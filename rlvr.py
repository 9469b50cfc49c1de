"""The door of the command line: checks whose packages it is about to open, then opens them.

`rewards`, `sandbox` and `grpo_plugin` are plain names. A file `rewards.py` in the working
directory, or another installed package, can stand before ours on the import path; this module
therefore imports none of them until it has looked where they come from.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("rewards", "sandbox", "grpo_plugin")


def foreign_packages() -> dict[str, str]:
    """Our package names that resolve to somebody else's file, with that file.

    Ours all lie beside this module; anything else under one of our names is foreign.

    >>> foreign_packages()
    {}
    """
    home = Path(__file__).resolve().parent
    foreign = {}
    for name in PACKAGES:
        spec = find_spec(name)
        origin = spec.origin if spec else None
        if origin is None or Path(origin).resolve().parent != home / name:
            foreign[name] = origin or "nothing that can be imported"
    return foreign


def shadowing_message(foreign: dict[str, str]) -> str:
    """What to tell a user whose files hide ours."""
    found = "; ".join(f"{name!r} is {origin}" for name, origin in foreign.items())
    home = Path(__file__).resolve().parent
    return (
        f"another package hides rlvr's own: {found}. rlvr's lies in {home}. "
        "Rename your file or folder, start from another directory, or put "
        f"{home} first in PYTHONPATH."
    )


def main() -> None:
    """Run the command line. Exit code 2 when a foreign package hides ours."""
    if foreign := foreign_packages():
        sys.stderr.write(f"rlvr: {shadowing_message(foreign)}\n")
        raise SystemExit(2)
    from rewards.workbench.cli import app  # noqa: PLC0415 - not before we know whose it is

    app(prog_name="rlvr")


if __name__ == "__main__":
    main()
