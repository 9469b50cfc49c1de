"""Programs compiled once: a cache of work folders by language, source and compiler.

The folders go when the sandbox is closed; what outlives it is in a `build_store`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox.build_store import BuildStore, KeptFile, build_key
from sandbox.languages.language import Language, Toolchain
from sandbox.limits import Limits
from sandbox.outcome import Status
from sandbox.runs.commands import Command, Ran, run_command
from sandbox.worker import Worker, WorkerLostError
from sandbox.zygote.protocol import Ended

_KEPT = 256
_KEPT_BYTES = 1 << 30  # beyond that the oldest go, or programs could fill the disk
_FREE_BYTES_MIN = 32 << 20
_FREE_BYTES_WANTED = 512 << 20  # enough for the largest that a compiler may write


@dataclass
class Build:
    """A compiled program's folder, or why there is none."""

    folder: Path
    status: Status | None = None
    reason: str = ""
    said: str = ""  # by the compiler that refused, at length
    cpu_s: float = 0.0
    done: bool = False
    users: int = 0
    size_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Builds:
    """The compile cache of one sandbox.

    Args:
        store: where compiled programs outlive it; `None` for nowhere.
    """

    def __init__(self, store: BuildStore | None = None) -> None:
        self._store = store
        self.root = Path(tempfile.mkdtemp(prefix="rlvr-sandbox-"))
        # Not the folder itself: launchers of another user must get through, and no further.
        self.root.chmod(0o711)
        self._lock = threading.Lock()
        self._builds: OrderedDict[str, Build] = OrderedDict()
        self._shared: dict[str, Build] = {}
        self._count = 0

    @contextmanager
    def build(
        self, launcher: Worker, language: Language, tools: Toolchain, source: str, limits: Limits
    ) -> Iterator[Build]:
        """The program's build, made now or found; it stays while the context is open.

        Raises:
            WorkerLostError: the launcher failed, or the disk is full.
            MissingToolchainError: the compiler could not be executed.
        """
        key = hashlib.sha256(f"{language.name}\0{source}".encode("utf-8", "replace")).hexdigest()
        build = self._entry(key)
        try:
            with build.lock:
                if not build.done:
                    self._make(launcher, build, language, tools, source, limits)
            yield build
        finally:
            with self._lock:
                build.users -= 1

    def _make(  # noqa: PLR0913, PLR0917 - one call
        self,
        launcher: Worker,
        build: Build,
        language: Language,
        tools: Toolchain,
        source: str,
        limits: Limits,
    ) -> None:
        """Fill a build's folder: from the store, or by the compiler."""
        key = "" if self._store is None else build_key(language, tools, source, limits)
        kept = None if self._store is None else self._store.load(key)
        if kept is not None:
            self._write(launcher, build.folder, kept)
            build.size_bytes = sum(len(file.data) for file in kept.values())
            build.done = True
            return
        shared = self._shared_build(launcher, language, tools, limits)
        if shared.status is not None:
            raise WorkerLostError(f"preparing {language.name} failed: {shared.reason}")
        files = {**language.files, language.file_name: source}
        self._write(launcher, build.folder, _as_files(files))
        commands = language.compile(tools, limits)
        self._compile(launcher, build, shared.folder, commands, tools, limits)
        again = language.retry(tools, build.reason) if build.status else []
        if again:
            refused = build.status, build.reason, build.said
            self._compile(launcher, build, shared.folder, again, tools, limits)
            if build.status is not None:
                build.status, build.reason, build.said = refused
        if self._store is not None and build.status is None:
            self._store.save(key, build.folder)  # before the program runs for the first time

    def close(self) -> None:
        """Remove every folder."""
        shutil.rmtree(self.root, ignore_errors=True)

    def _entry(self, key: str) -> Build:
        stale: list[Build] = []
        with self._lock:
            build = self._builds.get(key)
            if build is None:
                self._count += 1
                build = self._builds[key] = Build(self.root / str(self._count))
                spare = sum(each.size_bytes for each in self._builds.values()) - _KEPT_BYTES
                for old in list(self._builds):
                    if len(self._builds) <= _KEPT and spare <= 0:
                        break
                    if self._builds[old].users == 0 and old != key:
                        stale.append(self._builds.pop(old))
                        spare -= stale[-1].size_bytes
            self._builds.move_to_end(key)
            build.users += 1
        for old_build in stale:
            shutil.rmtree(old_build.folder, ignore_errors=True)
        return build

    def _shared_build(
        self, launcher: Worker, language: Language, tools: Toolchain, limits: Limits
    ) -> Build:
        """What every program of a language shares, made once, whatever the first one's limits."""
        usual = Limits()
        limits = replace(
            limits,
            compile_wall_s=max(limits.compile_wall_s, usual.compile_wall_s),
            compile_memory_mb=max(limits.compile_memory_mb, usual.compile_memory_mb),
        )
        with self._lock:
            build = self._shared.setdefault(language.name, Build(self.root / language.name))
        with build.lock:
            if not build.done:
                self._write(launcher, build.folder, _as_files(language.shared_files))
                commands = language.prepare(tools)
                self._compile(launcher, build, build.folder, commands, tools, limits)
        return build

    def _write(self, launcher: Worker, folder: Path, files: Mapping[str, KeptFile]) -> None:
        if self._free_bytes() < _FREE_BYTES_MIN:
            raise WorkerLostError(f"the disk under {self.root} is full")
        try:
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)  # another launcher, which is another user, may run what this makes
            for name, file in files.items():
                path = folder / name
                path.parent.mkdir(exist_ok=True, parents=True)
                path.write_bytes(file.data)
                path.chmod(0o755 if file.executable else 0o644)
            uid = launcher.start().uid
            if os.geteuid() == 0 and uid != 0:
                for place_ in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
                    os.chown(place_, uid, uid)
        except OSError as error:
            raise WorkerLostError(f"cannot write a source: {error}") from error

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self.root).free

    def _compile(  # noqa: PLR0913, PLR0917 - one call
        self,
        launcher: Worker,
        build: Build,
        shared: Path,
        commands: list[list[str]],
        tools: Toolchain,
        limits: Limits,
    ) -> None:
        for argv in commands:
            command = Command(
                argv=place(argv, build.folder, shared),
                folder=str(build.folder),
                readable=(*tools.readable, str(shared)),
                compiles=True,
                counts_data=True,
                environment=tools.environment,
            )
            ran = run_command(launcher, command, limits)
            build.cpu_s += ran.report.cpu_s
            build.status, build.reason = _judge(ran, limits)
            build.said = ran.stderr if build.status is not None else ""
            if build.status is not None:
                # A compiler removes what it could not finish, so there may be room again.
                said_full = os.strerror(errno.ENOSPC) in ran.stderr
                if self._free_bytes() < (_FREE_BYTES_WANTED if said_full else _FREE_BYTES_MIN):
                    raise WorkerLostError(f"the disk under {self.root} is full")
                break
        build.size_bytes = sum(file.lstat().st_size for file in build.folder.rglob("*"))
        build.done = True


def _as_files(texts: Mapping[str, str]) -> dict[str, KeptFile]:
    return {name: KeptFile(text.encode("utf-8", "replace")) for name, text in texts.items()}


def place(
    argv: list[str], folder: Path, shared: Path | None = None, *, entry: str = ""
) -> list[str]:
    """A language's command with its folders, and what it starts, filled in."""
    filled = {"FOLDER": str(folder), "SHARED": str(shared or folder), "ENTRY": entry}
    for mark, meant in filled.items():
        argv = [part.replace(mark, meant) for part in argv]
    return argv


def command_to_run(  # noqa: PLR0913 - one call
    language: Language,
    tools: Toolchain,
    build: Build,
    limits: Limits,
    entry: str,
    *,
    tests: bool = False,
) -> Command:
    """What executes a built program, or the one that holds the tests."""
    run = (language.run_tests or language.run) if tests else language.run
    return Command(
        argv=place(run(tools, limits), build.folder, entry=entry),
        folder=str(build.folder),
        readable=tools.needed_to_run,
        counts_data=language.counts_data,
        extra_memory_mb=language.extra_memory_mb,
        environment=tools.environment,
    )


def _judge(ran: Ran, limits: Limits) -> tuple[Status | None, str]:
    if ran.report.ended == Ended.MEMORY:
        return Status.COMPILE_ERROR, f"the compiler needed over {limits.compile_memory_mb} MB"
    if ran.report.ended != Ended.ITSELF:
        return Status.COMPILE_ERROR, f"the compiler took more than {limits.compile_wall_s:g} s"
    if ran.report.wait_status == 0:
        return None, ""
    said = " ".join(ran.stderr.split())[:400]
    return Status.COMPILE_ERROR, said or f"the compiler ended with {ran.report.exit_code}"
