"""Packages that import what they offer at its first use: torch and TRL only when asked for.

```python
_HOMES = {"GRPOTrainer": "trainer"}  # what the package offers, and where it is
__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
```

For type checkers the package imports the same names under `TYPE_CHECKING`; a test compares the two.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec

from grpo_plugin.errors import MissingExtraError


def lazy_attributes(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """A package's `__getattr__` and `__dir__`: names from their homes, its modules as themselves.

    What looks a name up raises `MissingExtraError` where it needs a package that is not installed.

    Args:
        package: the package's full name.
        homes: each name that it offers, with the module of the package that defines it.
    """

    def look_up(name: str) -> object:
        if name == "__version__":
            from rlvr_origin import installed_version  # a user's own may stand in its place

            return installed_version()
        if name not in homes and (name.startswith("_") or not find_spec(f"{package}.{name}")):
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            module = import_module(f"{package}.{homes.get(name, name)}")
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] == "grpo_plugin":
                raise
            raise MissingExtraError(
                f"{package}.{name} needs {error.name!r}, which is not installed: "
                "pip install 'rlvr[train]'"
            ) from error
        found: object = getattr(module, name) if name in homes else module
        setattr(sys.modules[package], name, found)
        return found

    def names() -> list[str]:
        dunder = {name for name in vars(sys.modules[package]) if name.startswith("__")}
        return sorted(dunder | homes.keys())

    return look_up, names
