"""What a zygote is told at its start: paths it may read, layers to put on.

Not covered: limits, which go with each order.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.modules import DEFAULT_MODULES, importable
from sandbox.worker import base_python

FILES_MB = 32
# Shared libraries that the interpreter and its extension modules load.
LIBRARY_FOLDERS = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
# Threads and processes of one worker at a time. Runtimes start dozens, compilers a process a pass.
_PYTHON_TASKS = 256
_COMMAND_TASKS = 1024
_SYSTEM_PROGRAMS = ("/bin", "/usr/bin", "/etc/alternatives")
_LIBRARY_FILES = ("/etc/ld.so.cache", "/usr/share/zoneinfo")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random", "/dev/full")


def python_settings(  # noqa: PLR0913 - options, by keyword
    *,
    namespaces: bool,
    modules: Sequence[str] = DEFAULT_MODULES,
    preloaded: Sequence[str] = (),
    files_mb: float = FILES_MB,
    processes: bool = False,
    without: Iterable[str] = (),
) -> dict[str, Any]:
    """Settings of a zygote that runs Python programs.

    Args:
        namespaces: try to enter namespaces.
        modules: third-party modules that programs may import; those not installed are left out.
        preloaded: those of them that the zygote itself imports, once.
        files_mb: what a run may keep in its files; 0 for none.
        processes: its children may start others, and run the system's programs.
        without: layers to leave out, for tests of degraded operation.
    """
    needed = [base_python(), *_standard_library()]
    places = importable(tuple(modules))
    return {
        "kind": "python",
        "python": base_python(),
        "namespaces": namespaces,
        "readable": [
            *needed,
            *LIBRARY_FOLDERS,
            *_LIBRARY_FILES,
            *places.values(),
            *(_SYSTEM_PROGRAMS if processes else ()),
        ],
        "writable": [],
        "devices": list(DEVICES),
        "needed": needed,
        "modules": [name for name in preloaded if name in places],
        "places": dict(places),
        "files_bytes": int(files_mb * (1 << 20)),
        "temporary": tempfile.gettempdir() if files_mb else "/",
        "processes": processes,
        "tasks_max": _PYTHON_TASKS,
        "without": sorted(without),
    }


def launcher_settings(
    *,
    namespaces: bool,
    readable: Sequence[str],
    writable: Sequence[str],
    without: Iterable[str] = (),
) -> dict[str, Any]:
    """Settings of a zygote that executes compilers and compiled programs.

    Args:
        namespaces: try to enter namespaces.
        readable: toolchains.
        writable: the folder that holds the work folders.
        without: layers to leave out, for tests of degraded operation.
    """
    own = [base_python(), *_standard_library()]
    return {
        "kind": "launcher",
        "python": base_python(),
        "namespaces": namespaces,
        "readable": [*own, *readable],
        "writable": list(writable),
        "devices": list(DEVICES),
        "needed": [*own, *readable],
        "modules": [],
        "places": {},
        "files_bytes": 0,
        "processes": False,
        "open_files": 256,
        "tasks_max": _COMMAND_TASKS,
        "without": sorted(without),
    }


def _standard_library() -> list[str]:
    paths = sysconfig.get_paths(vars={"base": sys.base_prefix, "platbase": sys.base_exec_prefix})
    found = [paths["stdlib"], paths["platstdlib"]]
    library = sysconfig.get_config_var("LIBDIR")  # where a shared libpython lies
    if isinstance(library, str) and os.path.isdir(library):  # noqa: PTH112
        found.append(library)
    return list(dict.fromkeys(os.path.realpath(path) for path in found))
