"""Packages that only some rewards need."""

from __future__ import annotations

from importlib.util import find_spec

from rewards.errors import MissingExtraError

EXTRA = "extra"  # the name of the extra in pyproject.toml


def require_package(package: str, *, needed_by: str) -> None:
    """Make sure that a package of the extra is installed.

    Raises:
        MissingExtraError: it is not; the message says how to install it.
    """
    if find_spec(package) is None:
        raise MissingExtraError(
            f"{needed_by} needs the package {package}: pip install 'rlvr[{EXTRA}]' "
            f"(or pip install {package})"
        )
