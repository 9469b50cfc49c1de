"""This process's sandboxes: made at the first use, kept, and tried out for a look."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewards.errors import WorkerError

if TYPE_CHECKING:
    from sandbox import Executor, Sandbox

_Key = tuple[int | None, frozenset[str], tuple[str, ...] | None]
_lock = threading.Lock()
_kept: dict[_Key, tuple[int, Sandbox]] = {}


def sandbox_with(
    workers: int | None,
    allowed: frozenset[str],
    modules: tuple[str, ...] | None,
    executor: Executor | None = None,
) -> Sandbox:
    """This process's sandbox with these settings; made at the first use, and anew after a fork.

    One whose programs run elsewhere is as good as its executor, which whoever made it keeps.

    Raises:
        SandboxError: none can be started here.
    """
    from sandbox import Sandbox  # only where programs are run

    if executor is not None:
        return Sandbox(executor=executor)
    key = (workers, allowed, modules)
    with _lock:
        kept = _kept.get(key)
        if kept is None or kept[0] != os.getpid():
            box = Sandbox(workers=workers, allow_degraded=allowed, modules=modules)
            if kept is None:
                atexit.register(box.close)
            _kept[key] = kept = (os.getpid(), box)
        return kept[1]


@dataclass(frozen=True)
class SandboxTrial:
    """What a sandbox that was started for a look says of itself.

    Attributes:
        layers: each layer of confinement; `None` where it is active, else why it is not.
        required: the layers without which no program is run, unless `allow_degraded` names them.
        works: whether a program ran as it should, with every layer that is required.
        reason: why it did not.
    """

    layers: Mapping[str, str | None]
    required: tuple[str, ...]
    works: bool
    reason: str = ""


@dataclass(frozen=True)
class Tools:
    """A language of the sandbox here.

    Attributes:
        language: its name.
        tool: what compiles or runs it; `None` where there is none.
        missing: what to install then.
    """

    language: str
    tool: str | None
    missing: str


def compilers() -> list[Tools]:
    """What each language of the sandbox, other than Python, is compiled or run with here."""
    from sandbox.languages import LANGUAGES

    found = [(language, language.find()) for language in LANGUAGES]
    return [
        Tools(each.name, next(iter(tools.programs.values())) if tools else None, each.missing)
        for each, tools in found
    ]


def programs_modules() -> tuple[list[str], list[str]]:
    """Modules that programs may import by default: those that are here, those that are not."""
    from sandbox.modules import DEFAULT_MODULES, missing

    lacking = missing(DEFAULT_MODULES)
    return [name for name in DEFAULT_MODULES if name not in lacking], lacking


def try_sandbox() -> SandboxTrial:
    """Start a sandbox with one worker, run a program in it and close it again.

    Raises:
        WorkerError: none can be started on this platform, whatever may be missing.
    """
    from sandbox import Case, Sandbox, SandboxError, StdinTests
    from sandbox.box import REQUIRED

    lacks = ""
    try:
        box = Sandbox(workers=1)
    except SandboxError as error:
        lacks = str(error)
        try:
            box = Sandbox(workers=1, allow_degraded=REQUIRED)
        except SandboxError:
            raise WorkerError(lacks) from error
    with box:
        outcome = box.run("print(6 * 7)", StdinTests([Case(stdin="", expected="42")]))
        report = box.report()
    active, missing = report["active"], report["unavailable"]
    layers: dict[str, str | None] = dict.fromkeys(active) if isinstance(active, list) else {}
    layers |= missing if isinstance(missing, dict) else {}
    works = not lacks and outcome.passed == outcome.total
    return SandboxTrial(layers, REQUIRED, works, lacks or outcome.reason)
