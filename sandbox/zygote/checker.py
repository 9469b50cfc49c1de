"""A test author's checker: trusted source that judges untrusted answers, confined like them.

Not covered: what the checker's verdict is worth; its author answers for that.

Each question is a case's input, what it expects and an answer. `D` says that the answer could be
read, so that an answer that cannot, or that takes for ever, is not blamed on the checker.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Any

from sandbox.wire import WireError
from sandbox.zygote.function import decode_arguments, describe, execute, say
from sandbox.zygote.protocol import frame, read_frame, read_texts, write_all

CHECKER_FILE = "checker.py"
_MODULE = "checker"
_ENTRY = "check"
_FRAME_MAX = 1 << 30
_READ = frame(b"D")


def check_answers(channel: int) -> None:
    """Serve the questions about one program's answers, then end the process."""
    (source,) = read_texts(read_frame(channel, _FRAME_MAX) or b"")
    module = ModuleType(_MODULE)
    sys.modules[_MODULE] = module
    namespace = module.__dict__
    try:
        execute(source, CHECKER_FILE, namespace)
        check = namespace[_ENTRY]
    except KeyError:
        say(channel, b"B", f"it defines no function `{_ENTRY}`")
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - SystemExit too
        say(channel, b"B", describe(error, CHECKER_FILE))
        os._exit(0)
    while (question := read_frame(channel, _FRAME_MAX)) is not None:
        _check_one(channel, question, check, namespace)
    os._exit(0)


def _check_one(channel: int, question: bytes, check: Any, namespace: dict[str, Any]) -> None:
    try:
        given, expected, answer = decode_arguments(question, namespace)
    except WireError as error:
        say(channel, b"W", str(error))
        return
    write_all(channel, _READ)
    try:
        verdict = check(given, expected, answer)
        reason = ""
        if type(verdict) is tuple and len(verdict) == 2:
            verdict, reason = verdict[0], str(verdict[1])
        if type(verdict) is not bool:
            raise TypeError(f"it returned {type(verdict).__name__}, not True or False")  # noqa: TRY301
    except BaseException as error:  # noqa: BLE001
        say(channel, b"E", describe(error, CHECKER_FILE))
        return
    say(channel, b"Y" if verdict else b"N", reason)
