"""Packages that not every user needs, and which version of one is there."""

from __future__ import annotations

from importlib.util import find_spec

from rewards.errors import MissingExtraError

EXTRA = "extra"  # the extra in pyproject.toml with what single rewards need


def require_package(package: str, *, needed_by: str, extra: str = EXTRA) -> None:
    """Make sure that a package of an extra is installed.

    Raises:
        MissingExtraError: it is not; the message says how to install it.
    """
    if find_spec(package) is None:
        raise MissingExtraError(
            f"{needed_by} needs the package {package}: pip install 'rlvr[{extra}]' "
            f"(or pip install {package})"
        )


def version_of(distribution: str) -> str | None:
    """The installed version of a distribution; `None` where it is not installed.

    >>> version_of("no such distribution") is None
    True
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
