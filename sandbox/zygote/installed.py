"""Imports of third-party modules in a place where no folder of packages can be listed.

Not covered: modules that were not named to the zygote: they are not there.

The usual finder lists folders; a program may read a module's own folder but not the one that holds
it. This one knows where each module lies and looks nowhere else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType


class InstalledFinder:
    """Finds the modules of a table; an entry of `sys.meta_path`."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module at the top lies; `None` for any other."""
        del target
        place = self._places.get(name) if path is None else None
        if place is None:
            return None
        if not os.path.isdir(place):  # noqa: PTH112
            return spec_from_file_location(name, place)
        start = os.path.join(place, "__init__.py")  # noqa: PTH118
        if not os.path.exists(start):  # noqa: PTH110
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [place]
            return spec
        return spec_from_file_location(name, start, submodule_search_locations=[place])


def install(places: Mapping[str, str]) -> None:
    """Let this interpreter and its children find these modules."""
    sys.meta_path.append(InstalledFinder(places))
