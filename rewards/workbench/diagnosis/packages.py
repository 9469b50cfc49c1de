"""Which distributions are installed, read from their metadata without importing them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import TYPE_CHECKING

from rewards.extras import version_of
from rewards.workbench.diagnosis.check import Check, Grade

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_DEVELOPMENT = "dev"  # the extra of those who work on rlvr itself
_ALSO_SHOWN = ("triton", "vllm", "numpy")


@dataclass(frozen=True)
class Declared:
    """What rlvr's own metadata says that it needs.

    Attributes:
        requirements: as `pip` reads them, extras as markers (`trl>=0.29; extra == "train"`).
        extras: the names of the extras, in their order.
    """

    requirements: tuple[str, ...]
    extras: tuple[str, ...]


def check_packages() -> list[Check]:
    """The versions of what rlvr needs and of what each of its extras brings."""
    if version_of("packaging") is None:  # it reads all that follows
        return [_missing("packaging", 'pip install "rlvr"', Grade.BROKEN)]
    found = version_of("rlvr")
    if found is not None:
        checks = [Check(group="packages", name="rlvr", found=found)]
    else:
        checks = [
            Check(
                group="packages",
                name="rlvr",
                found="a checkout that is not installed",
                grade=Grade.NOTE,
                mend="pip install -e .",
            )
        ]
    shown = set()
    for requirement, extra in _wanted(_declared()):
        if requirement.name not in shown:
            checks.append(_check(requirement, extra))
            shown.add(requirement.name)
    checks += [
        Check(group="packages", name=name, found=found)
        for name in _ALSO_SHOWN
        if name not in shown and (found := version_of(name))
    ]
    return checks


def _declared() -> Declared:
    """From the metadata of the installation, or from the checkout's pyproject.toml."""
    try:
        said = metadata("rlvr")
    except PackageNotFoundError:
        return _declared_in(Path(__file__).resolve().parents[3] / "pyproject.toml")
    return Declared(
        tuple(said.get_all("Requires-Dist") or ()), tuple(said.get_all("Provides-Extra") or ())
    )


def _declared_in(pyproject: Path) -> Declared:
    if sys.version_info < (3, 11) or not pyproject.is_file():  # tomllib came with 3.11
        return Declared((), ())
    import tomllib

    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    optional = [
        f'{name}; extra == "{extra}"'
        for extra, names in extras.items()
        for name in names
        if ";" not in name
    ]
    return Declared((*project["dependencies"], *optional), tuple(extras))


def _wanted(declared: Declared) -> Iterator[tuple[Requirement, str]]:
    """Each requirement that applies on this platform, with its extra (`""`: always needed)."""
    from packaging.requirements import Requirement

    requirements = [Requirement(text) for text in declared.requirements]
    for extra in ("", *(name for name in declared.extras if name != _DEVELOPMENT)):
        for requirement in requirements:
            marker = requirement.marker
            if marker is None or marker.evaluate({"extra": ""}):
                if not extra:
                    yield requirement, ""
            elif extra and marker.evaluate({"extra": extra}):
                yield requirement, extra


def _check(requirement: Requirement, extra: str) -> Check:
    name, grade = requirement.name, Grade.NOTE if extra else Grade.BROKEN
    found = version_of(name)
    if found is None:
        whole = f"rlvr[{extra}]" if extra else "rlvr"
        return _missing(name, f'pip install "{whole}"', grade)
    if not _fits(found, requirement):
        return Check(
            group="packages",
            name=name,
            found=f"{found}, but rlvr needs {requirement.specifier}",
            grade=grade,
            mend=f'pip install "{name}{requirement.specifier}"',
        )
    return Check(group="packages", name=name, found=found)


def _fits(found: str, requirement: Requirement) -> bool:
    from packaging.version import InvalidVersion

    try:
        return requirement.specifier.contains(found, prereleases=True)
    except InvalidVersion:  # an odd build, named by hand
        return False


def _missing(name: str, mend: str, grade: Grade) -> Check:
    return Check(group="packages", name=name, found="not installed", grade=grade, mend=mend)
