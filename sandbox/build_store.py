"""Compiled programs kept from session to session, in a folder that only its user can reach.

Not covered: whoever may already act as this user, or as root.

An entry is one file: a digest, and below it a program's work folder as the compiler left it, before
the program ran for the first time. It is read and written by the process that holds the sandbox,
never by what runs inside, which cannot see the folder. An entry that anybody else owns or could
have written to, that is a link, or whose digest does not fit, is no entry: the program is compiled
again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sandbox.languages.language import Language, Toolchain
from sandbox.limits import Limits

VARIABLE = "RLVR_BUILD_CACHE"
_FORMAT = "1"
_KEPT_BYTES = 512 << 20
_KEPT = 4096
_ENTRY_BYTES = 64 << 20
_ON, _OFF = ("on", "1", "yes", "true"), ("", "off", "0", "no", "false")


@dataclass(frozen=True)
class KeptFile:
    """A file of a program's work folder."""

    data: bytes
    executable: bool = False


def named_store(named: str | os.PathLike[str] | None = None) -> BuildStore | None:
    """The store in a folder, or what `RLVR_BUILD_CACHE` says: `on`, `off` or a folder.

    >>> named_store("off") is None
    True
    """
    said = os.environ.get(VARIABLE, "") if named is None else os.fspath(named)
    if said.strip().lower() in _OFF:
        return None
    return BuildStore(users_folder() if said.strip().lower() in _ON else Path(said).expanduser())


def users_folder() -> Path:
    """Where a user's compiled programs are kept: below `XDG_CACHE_HOME`, or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "rlvr" / "builds"


class BuildStore:
    """A folder of compiled programs, of bounded size.

    Args:
        folder: it is made with mode 0700 where it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, key: str) -> dict[str, KeptFile] | None:
        """The files of a program's work folder, by name; `None` where there is no sound entry."""
        with self._opened() as folder:
            if folder is None:
                return None
            try:
                handle = os.open(key, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            except OSError:
                return None
            with os.fdopen(handle, "rb") as file:
                if not _is_private(os.fstat(handle), stat.S_IFREG):
                    _warn_once(f"{self.folder / key}: is not this user's alone, so it is not used")
                    return None
                content = file.read(_ENTRY_BYTES + 1)
                with suppress(OSError):
                    os.utime(handle)  # the entries that nobody asks for go first
            files = _unpacked(key, content)
            if files is None:
                with suppress(OSError):
                    os.unlink(key, dir_fd=folder)
            return files

    def save(self, key: str, work: Path) -> None:
        """Keep a work folder. What cannot be kept is not, and is compiled again the next time."""
        files = _files_of(work)
        content = None if files is None else _packed(key, files)
        if content is None or len(content) > _ENTRY_BYTES:
            return
        with self._opened() as folder:
            if folder is None:
                return
            fresh = f"new-{secrets.token_hex(8)}"
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                with os.fdopen(os.open(fresh, flags, 0o600, dir_fd=folder), "wb") as file:
                    file.write(content)
                os.replace(fresh, key, src_dir_fd=folder, dst_dir_fd=folder)
                _trim(folder)
            except OSError as error:
                with suppress(OSError):
                    os.unlink(fresh, dir_fd=folder)
                _warn_once(f"{self.folder}: a program cannot be kept: {error.strerror}")

    @contextmanager
    def _opened(self) -> Iterator[int | None]:
        """A descriptor of the folder; `None` where it is not this user's alone."""
        try:
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                self.folder.mkdir(mode=0o700)
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(self.folder, flags)
        except OSError as error:
            _warn_once(f"{self.folder}: compiled programs are not kept: {error.strerror}")
            yield None
            return
        try:
            if _is_private(os.fstat(handle), stat.S_IFDIR):
                yield handle
            else:
                _warn_once(
                    f"{self.folder}: compiled programs are not kept: the folder must be yours and "
                    "closed to others (chmod 700)"
                )
                yield None
        finally:
            os.close(handle)


def build_key(language: Language, tools: Toolchain, source: str, limits: Limits) -> str:
    """A name for everything that a program's build depends on: sources, commands, toolchain."""
    told = [
        _FORMAT,
        *os.uname()[::4],  # another system or machine
        language.name,
        sorted({**language.shared_files, **language.files, language.file_name: source}.items()),
        [*language.prepare(tools), *language.compile(tools, limits)],
        sorted(tools.programs.items()),
        sorted(tools.environment.items()),
        [_identity(path) for path in (*tools.programs.values(), *tools.readable)],
    ]
    return hashlib.sha256(json.dumps(told).encode("utf-8", "surrogatepass")).hexdigest()


def _identity(path: str) -> list[object]:
    """What changes when a tool, or a folder of its parts, is replaced by another version."""
    try:
        real = os.path.realpath(path)
        found = Path(real).stat()
    except OSError:
        return [path]
    size = found.st_size if stat.S_ISREG(found.st_mode) else 0
    return [path, real, size, found.st_mtime_ns]


def _is_private(found: os.stat_result, kind: int) -> bool:
    """Whether it is of this kind, this user's, and nobody else may even read it."""
    mine = found.st_uid == os.geteuid() and stat.S_IFMT(found.st_mode) == kind
    once = kind != stat.S_IFREG or found.st_nlink == 1
    return mine and once and not stat.S_IMODE(found.st_mode) & 0o077


def _files_of(work: Path) -> dict[str, KeptFile] | None:
    """A folder's files; `None` where there is something else in it, such as a link, or too much."""
    files: dict[str, KeptFile] = {}
    left = _ENTRY_BYTES
    for path in sorted(work.rglob("*")):
        found = path.lstat()
        if stat.S_ISDIR(found.st_mode):
            continue
        left -= found.st_size
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or left < 0:
            return None
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            data = file.read(found.st_size + 1)
        name = path.relative_to(work).as_posix()
        files[name] = KeptFile(data, executable=bool(found.st_mode & stat.S_IXUSR))
    return files


def _packed(key: str, files: Mapping[str, KeptFile]) -> bytes:
    listed = [[name, len(file.data), file.executable] for name, file in files.items()]
    header = json.dumps({"key": key, "files": listed}).encode()
    body = b"\n".join([header, b"".join(file.data for file in files.values())])
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _unpacked(key: str, content: bytes) -> dict[str, KeptFile] | None:
    digest, _, body = content.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    header, _, data = body.partition(b"\n")
    told = json.loads(header)
    if told["key"] != key:  # the entry of another program under this one's name
        return None
    files: dict[str, KeptFile] = {}
    at = 0
    for name, size, executable in told["files"]:
        files[name] = KeptFile(data[at : at + size], executable=executable)
        at += size
    return files


def _trim(folder: int) -> None:
    """Remove what was not asked for the longest, until the rest is within bounds."""
    entries = []
    for entry in os.scandir(folder):
        with suppress(OSError):  # another session removed it
            found = entry.stat(follow_symlinks=False)
            entries.append((found.st_mtime_ns, found.st_size, entry.name))
    total = sum(size for _, size, _ in entries)
    count = len(entries)
    for _, size, name in sorted(entries):
        if total <= _KEPT_BYTES and count <= _KEPT:
            break
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        total -= size
        count -= 1


@lru_cache(maxsize=64)
def _warn_once(message: str) -> None:
    logging.getLogger(__name__).warning(message)
