"""Which distributions are installed, read from their metadata without importing them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version

from rewards.workbench.diagnosis.check import Check, Grade

_NEEDED = ("sympy", "math-verify", "latex2sympy2_extended", "typer", "rich")
_EXTRAS = {
    "torch": "train",
    "transformers": "train",
    "trl": "train",
    "datasets": "train",
    "accelerate": "train",
    "pyarrow": "data",
    "zstandard": "data",
    "matplotlib": "report",
    "jinja2": "report",
}
_ALSO_SHOWN = ("triton", "vllm", "numpy")
_MINIMUM = re.compile(r"^([\w.-]+)\s*>=\s*([\d.]+)")


def check_packages() -> list[Check]:
    """The versions of what rlvr needs and of what its extras bring."""
    minimums = _read_minimums(_requirements())
    checks = [Check(group="packages", name="rlvr", found=_version("rlvr") or "not installed")]
    if checks[0].found == "not installed":
        checks = [
            Check(
                group="packages",
                name="rlvr",
                found="a checkout that is not installed",
                grade=Grade.NOTE,
                mend="pip install -e .",
            )
        ]
    for name in _NEEDED:
        checks.append(_check(name, minimums, 'pip install "rlvr"', missing=Grade.BROKEN))
    for name, extra in _EXTRAS.items():
        checks.append(_check(name, minimums, f'pip install "rlvr[{extra}]"', missing=Grade.NOTE))
    for name in _ALSO_SHOWN:
        if found := _version(name):
            checks.append(Check(group="packages", name=name, found=found))
    return checks


def _check(name: str, minimums: dict[str, str], mend: str, *, missing: Grade) -> Check:
    found = _version(name)
    if found is None:
        return Check(group="packages", name=name, found="not installed", grade=missing, mend=mend)
    minimum = minimums.get(_normal(name))
    if minimum is not None and _numbers(found) < _numbers(minimum):
        return Check(
            group="packages",
            name=name,
            found=f"{found}, older than {minimum}",
            grade=missing,
            mend=f'pip install "{name}>={minimum}"',
        )
    return Check(group="packages", name=name, found=found)


def _requirements() -> list[str]:
    try:
        return requires("rlvr") or []
    except PackageNotFoundError:
        return []


def _read_minimums(requirements: Iterable[str]) -> dict[str, str]:
    """The oldest version that each requirement allows.

    >>> _read_minimums(["sympy>=1.13", "trl>=0.29; extra == 'train'", "rich"])
    {'sympy': '1.13', 'trl': '0.29'}
    """
    found = (_MINIMUM.match(requirement) for requirement in requirements)
    return {_normal(match[1]): match[2] for match in found if match}


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def _numbers(text: str) -> list[int]:
    """The leading numbers of a version: enough to compare it with a minimum of numbers."""
    match = re.match(r"\d+(\.\d+)*", text)
    return [int(part) for part in match[0].split(".")] if match else []


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
