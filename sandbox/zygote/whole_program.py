"""The untrusted side of stdin tests: run the program as `__main__`, once, then end.

Not covered: `multiprocessing` and anything else that needs a second process.
"""

from __future__ import annotations

import atexit
import builtins
import io
import os
import sys
from types import ModuleType
from typing import Any

from sandbox.zygote.function import describe, say
from sandbox.zygote.protocol import read_frame, read_texts

_SOURCE_MAX = 1 << 28


def run_program(channel: int) -> None:
    """Run the program between its standard streams; the exit code says how it ended."""
    _, source, _ = read_texts(read_frame(channel, _SOURCE_MAX) or b"")
    module = ModuleType("__main__")
    module.__dict__["__file__"] = "solution.py"
    sys.modules["__main__"] = module
    sys.argv[:] = ["solution.py"]
    code = 1
    if "/dev/stdin" in source:
        _open_stdin_by_name()
    try:
        compiled = compile(source, "solution.py", "exec", dont_inherit=True)
    except BaseException as error:  # noqa: BLE001
        say(channel, b"C", describe(error))
        os._exit(1)
    try:
        try:
            exec(compiled, module.__dict__)  # noqa: S102 - our trade
            code = 0
        except SystemExit as error:
            code = _exit_code(error.code)
        _finish()
    except MemoryError:
        code = 1
        say(channel, b"M", "MemoryError")
    except BaseException as error:  # noqa: BLE001
        code = 1
        say(channel, b"E", describe(error))
        _finish()
    os._exit(code)


def _open_stdin_by_name() -> None:
    """Let `open("/dev/stdin")` be the descriptor: the name leads through /proc, not to be had."""
    plain = builtins.open

    def opened(file: Any, *args: Any, **kwargs: Any) -> Any:
        return plain(0 if file in {"/dev/stdin", "/proc/self/fd/0"} else file, *args, **kwargs)

    builtins.open = io.open = opened


def _exit_code(value: object) -> int:
    if value is None:
        return 0
    return value & 0xFF if isinstance(value, int) else 1


def _finish() -> None:
    """What the interpreter does at its end: wait for threads, run exit functions, flush."""
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()  # noqa: SLF001
    atexit._run_exitfuncs()  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
