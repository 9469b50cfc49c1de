"""What `module:object` and `path/to/file.py:object` name, imported.

Importing runs what stands there: only what the user of this machine wrote may come here.
"""

from __future__ import annotations

import re
import sys
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from rewards.errors import InputError

_MODULE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_FILE = re.compile(r"(.+\.py):([A-Za-z_][\w.]*)", re.DOTALL)


def is_own_code(path: str) -> bool:
    """Whether this is written as a path to an object.

    >>> is_own_code("mine.py:fn"), is_own_code("lib.mine:fn"), is_own_code("accuracy")
    (True, True, False)
    """
    return bool(_MODULE.fullmatch(path) or _FILE.fullmatch(path))


def is_file_path(path: str) -> bool:
    """Whether an object is named by its file.

    >>> is_file_path("lib/mine.py:fn"), is_file_path("lib.mine:fn")
    (True, False)
    """
    return _FILE.fullmatch(path) is not None


def source_file(path: str, search_path: Path) -> Path:
    """The file that `path/mine.py:function` names, from a folder."""
    return (search_path / path.rpartition(":")[0]).resolve()


def import_object(path: str, search_path: Path) -> object:
    """The object at a path.

    Args:
        path: `module:object` or `file.py:object`.
        search_path: a folder in which the module may lie besides the import path; searched last,
            so that it hides nothing.

    Raises:
        InputError: it cannot be imported, or is not there.
    """
    module_name, _, name_path = path.rpartition(":")
    of_file = is_file_path(path)
    folder = source_file(path, search_path).parent if of_file else search_path
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    try:
        found: object = (
            _load_file(source_file(path, search_path)) if of_file else import_module(module_name)
        )
    except InputError:
        raise
    except Exception as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == module_name
        mend = f"; start from the folder that holds {module_name}.py" if missing else ""
        raise InputError(
            f"reward {path}: importing {module_name} failed with {type(error).__name__}: "
            f"{error}{mend}"
        ) from error
    for name in name_path.split("."):
        if not hasattr(found, name):
            raise InputError(f"reward {path}: {module_name} has no {name!r}; check the name")
        found = getattr(found, name)
    return found


def _load_file(file: Path) -> ModuleType:
    """The module in a file, loaded once in this process, under a name that hides no other."""
    if not file.is_file():
        raise InputError(f"{file}: no such file; check the path before the colon")
    name = (
        file.stem
        if _is_module_of(file.stem, file)
        else f"_rlvr_{file.stem}_{blake2b(bytes(file), digest_size=6).hexdigest()}"
    )
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InputError(f"{file}: cannot be loaded as Python")
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_module_of(name: str, file: Path) -> bool:
    """Whether importing `name` gives this very file."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == file
