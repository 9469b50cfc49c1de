"""Third-party modules that programs may import: where they lie, and what they need in turn.

Not covered: modules that read files outside of their own folders.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.metadata import packages_distributions as by_module
from importlib.util import find_spec
from pathlib import Path

DEFAULT_MODULES = (
    "numpy", "scipy", "pandas", "sympy", "networkx", "sortedcontainers", "more_itertools", "bs4",
    "regex", "pytest",
)  # fmt: skip
# What a zygote imports before it forks, where a program imports it: each costs a program far more
# than a fork. The order is that of importing.
PRELOADED = ("numpy", "scipy", "pandas", "sympy", "networkx")
_IMPORTED = re.compile(rf"^[ \t]*(?:import|from)[ \t]+({'|'.join(PRELOADED)})\b", re.MULTILINE)
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SUFFIX = re.compile(r"(?:\.(?:cpython|abi3|cp)[\w-]*)?\.(?:py|so)$")


@lru_cache(maxsize=8)
def importable(names: tuple[str, ...]) -> Mapping[str, str]:
    """Those of these modules that are installed, and all that they need: folder or file by name.

    Folders that hold libraries (`numpy.libs`) are among them.
    """
    found: dict[str, str] = {}
    homes = by_module()
    waiting = [name for name in names if _is_installed(name)]
    projects = [home for name in waiting for home in homes.get(name, [])[:1]]
    for name in waiting:
        if name not in homes and (place := _place(name)):
            found[name] = place
    seen: set[str] = set()
    while projects:
        project = projects.pop()
        if project.lower() in seen:
            continue
        seen.add(project.lower())
        try:
            made = distribution(project)
        except PackageNotFoundError:
            continue
        found.update(_parts(made))
        projects += _required(made.requires or [])
    return dict(sorted(found.items()))


def preloaded_for(texts: Iterable[str]) -> tuple[str, ...]:
    """The heavy modules that these sources import, in the order of importing.

    >>> preloaded_for(["import numpy as np", "from pandas import Series"])
    ('numpy', 'pandas')
    """
    wanted: set[str] = set()
    for text in texts:
        wanted |= {*_IMPORTED.findall(text)}
    return tuple(name for name in PRELOADED if name in wanted)


def missing(names: Sequence[str]) -> list[str]:
    """Those of these modules that this interpreter does not have."""
    return [name for name in names if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _place(name: str) -> str | None:
    spec = find_spec(name)
    if spec is None or spec.origin is None or not Path(spec.origin).exists():
        return None
    return str(Path(spec.origin).parent) if spec.submodule_search_locations else spec.origin


def _parts(made: Distribution) -> dict[str, str]:
    """The folders and files at the top of a distribution, by the name they are imported by."""
    parts: dict[str, str] = {}
    for file in made.files or []:
        top = file.parts[0]
        if top in {"..", "__pycache__"} or top.endswith((".dist-info", ".egg-info", ".pth")):
            continue
        name = _SUFFIX.sub("", top) if len(file.parts) == 1 else top
        parts[name] = str(made.locate_file(top))
    return parts


def _required(lines: Iterable[str]) -> list[str]:
    """Projects that a distribution always needs; those of its extras are left out."""
    needed = []
    for line in lines:
        name, _, marker = line.partition(";")
        if "extra" in marker or ("sys_platform" in marker and sys.platform not in marker):
            continue
        found = _REQUIREMENT.match(name.strip())
        if found:
            needed.append(found.group())
    return needed
