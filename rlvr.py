"""The door of the command line: checks whose packages it is about to open, then opens them."""

from __future__ import annotations

import sys

from rlvr_origin import foreign_packages, shadowing_message


def main() -> None:
    """Run the command line. Exit code 2 when a foreign package hides ours."""
    if foreign := foreign_packages():
        sys.stderr.write(f"rlvr: {shadowing_message(foreign)}\n")
        raise SystemExit(2)
    from rewards.workbench.cli import app  # not before we know whose it is

    app(prog_name="rlvr")


if __name__ == "__main__":
    main()
