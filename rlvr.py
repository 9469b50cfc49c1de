"""The door: checks whose packages it is about to open, then opens them.

Of the command line; of `import rlvr`, which finds what `rewards` offers (`rlvr.accuracy`); and of
verifiers and prime-rl, which take the environment of that name from here.
"""

from __future__ import annotations

import sys
from importlib import import_module

from rlvr_origin import foreign_packages, installed_version, shadowing_message


def main() -> None:
    """Run the command line. Exit code 2 when a foreign package hides ours."""
    if foreign := foreign_packages():
        sys.stderr.write(f"rlvr: {shadowing_message(foreign)}\n")
        raise SystemExit(2)
    from rewards.workbench.cli import app  # not before we know whose it is

    app(prog_name="rlvr")


# There for verifiers alone: the name, what must be imported for it to be there, and its home.
_FOR_VERIFIERS = {
    "RowsTaskset": ("verifiers.v1", "verifiers_taskset"),
    "RowsEnv": ("verifiers.v1", "verifiers_taskset"),
    "load_environment": ("verifiers", "verifiers_legacy"),  # before 0.4
}


def __getattr__(name: str) -> object:
    """What `rewards` offers, `__version__`, and for verifiers its taskset `rlvr`.

    Raises:
        ImportError: a foreign package hides ours.
        AttributeError: `rewards` has no such name.
    """
    if name == "__version__":
        return installed_version()
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module 'rlvr' has no attribute {name!r}")
    if foreign := foreign_packages():
        raise ImportError(shadowing_message(foreign))
    import rewards

    for_verifiers = {at: home for at, (user, home) in _FOR_VERIFIERS.items() if user in sys.modules}
    if name == "__all__":
        return [*rewards.__all__, *for_verifiers]
    if name in for_verifiers:
        made: object = getattr(
            import_module(f"rewards.workbench.environments.{for_verifiers[name]}"), name
        )
        return made
    if name in rewards.__all__:
        found: object = getattr(rewards, name)
        return found
    raise AttributeError(f"module 'rlvr' has no attribute {name!r}; rewards are in `rewards`")


if __name__ == "__main__":
    main()
