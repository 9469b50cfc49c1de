"""The door: checks whose packages it is about to open, then opens them.

Of the command line; and of `import rlvr`, which finds what `rewards` offers (`rlvr.accuracy`).
"""

from __future__ import annotations

import sys

from rlvr_origin import foreign_packages, installed_version, shadowing_message


def main() -> None:
    """Run the command line. Exit code 2 when a foreign package hides ours."""
    if foreign := foreign_packages():
        sys.stderr.write(f"rlvr: {shadowing_message(foreign)}\n")
        raise SystemExit(2)
    from rewards.workbench.cli import app  # not before we know whose it is

    app(prog_name="rlvr")


def __getattr__(name: str) -> object:
    """What `rewards` offers, and `__version__`.

    Raises:
        ImportError: a foreign package hides ours.
        AttributeError: `rewards` has no such name.
    """
    if name == "__version__":
        return installed_version()
    if name.startswith("_"):
        raise AttributeError(f"module 'rlvr' has no attribute {name!r}")
    if foreign := foreign_packages():
        raise ImportError(shadowing_message(foreign))
    import rewards

    if name in rewards.__all__:
        found: object = getattr(rewards, name)
        return found
    raise AttributeError(f"module 'rlvr' has no attribute {name!r}; rewards are in `rewards`")


if __name__ == "__main__":
    main()
