"""The untrusted side of stdin tests: run the program as `__main__`, once, then end.

Not covered: `multiprocessing` and anything else that needs a second process.
"""

from __future__ import annotations

import atexit
import builtins
import io
import linecache
import os
import sys
import traceback
from contextlib import suppress
from types import ModuleType
from typing import Any

from sandbox.zygote.function import describe, prepare_for, say
from sandbox.zygote.handed_files import take_files
from sandbox.zygote.protocol import (
    REFUSED,
    SHOWN,
    STARTED,
    frame,
    read_frame,
    read_texts,
    write_all,
)

_SOURCE_MAX = 1 << 28
_FILE_NAME = "solution.py"


def run_program(channel: int) -> None:
    """Run the program between its standard streams; the exit code says how it ended."""
    source, shown = _begin(channel)
    module = ModuleType("__main__")
    module.__dict__["__file__"] = _FILE_NAME
    sys.modules["__main__"] = module
    sys.argv[:] = [_FILE_NAME]
    code = 1
    if "/dev/stdin" in source:
        _open_stdin_by_name()
    prepare_for(source)
    try:
        compiled = compile(source, _FILE_NAME, "exec", dont_inherit=True)
    except BaseException as error:  # noqa: BLE001
        say(channel, b"C", describe(error))
        if shown:
            _show(error, source)
        os._exit(1)
    if shown:
        write_all(channel, frame(STARTED))
    try:
        try:
            exec(compiled, module.__dict__)  # noqa: S102 - our trade
            code = 0
        except SystemExit as error:
            code = _exit_code(error.code)
        _finish()
    except MemoryError as error:
        code = 1
        say(channel, b"M", "MemoryError")
        if shown:
            _show(error, source)
            _finish()
    except BaseException as error:  # noqa: BLE001
        code = 1
        say(channel, b"E", describe(error))
        if shown:
            _show(error, source)
        _finish()
    os._exit(code)


def _begin(channel: int) -> tuple[str, bool]:
    """The source and whether its errors are shown, with its files written, or the end.

    Modules among the files can be imported.
    """
    _, source, errors, *names = read_texts(read_frame(channel, _SOURCE_MAX) or b"")
    if names:
        try:
            take_files(channel, names)
        except (OSError, MemoryError) as error:
            say(channel, REFUSED, str(error) or "no memory is left for them")
            os._exit(1)
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    return source, errors == SHOWN


def _open_stdin_by_name() -> None:
    """Let `open("/dev/stdin")` be the descriptor: the name leads through /proc, not to be had."""
    plain = builtins.open

    def opened(file: Any, *args: Any, **kwargs: Any) -> Any:
        return plain(0 if file in {"/dev/stdin", "/proc/self/fd/0"} else file, *args, **kwargs)

    builtins.open = io.open = opened


def _exit_code(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    sys.stderr.write(f"{value}\n")
    return 1


def _show(error: BaseException, source: str) -> None:
    """Print what an interpreter prints of an error that nobody caught, without our own frames."""
    linecache.cache[_FILE_NAME] = (len(source), None, source.splitlines(True), _FILE_NAME)
    trace = error.__traceback__.tb_next if error.__traceback__ is not None else None
    with suppress(BaseException):  # its hook and its __str__ are the program's
        if sys.excepthook is sys.__excepthook__:
            traceback.print_exception(type(error), error, trace)
        else:
            sys.excepthook(type(error), error, trace)


def _finish() -> None:
    """What the interpreter does at its end: wait for threads, run exit functions, flush."""
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()  # noqa: SLF001
    atexit._run_exitfuncs()  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
