"""Input files: checked not to be outputs, and fingerprinted so that a resumed run sees a change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from rewards.errors import InputError
from rewards.workbench.rows.readers import data_files

_HEAD_BYTES = 2**20


def check_apart(source: Path, output: Path) -> None:
    """Refuse to write into what is read.

    Raises:
        InputError: the output is the input or one of its files, or would be one the next time.
        DataFileError: the input is a folder without rows.
    """
    for file in data_files(source):
        if output.resolve() == file.resolve() or (
            output.exists() and file.exists() and output.samefile(file)
        ):
            raise InputError(
                f"{output}: input and output are the same file; choose another --output"
            )
    if source.is_dir() and output.resolve().parent == source.resolve():
        raise InputError(
            f"{output}: lies in the folder that is read, and would be a part of it the next time; "
            "choose another folder for the output"
        )


def stamp(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes (bytes) and modification times (ns) of a file, or of the files of a folder."""
    return tuple(_stamp_file(file) for file in data_files(path))


def describe_input(path: Path) -> Mapping[str, object]:
    """What an input is known by when a run on it is continued.

    Raises:
        OSError: one of its files cannot be read.
    """
    files = stamp(path)
    head = hashlib.sha256()
    for file in data_files(path):
        with file.open("rb") as opened:
            head.update(opened.read(_HEAD_BYTES // len(files)))
    described: dict[str, object] = {
        "size": sum(size for _, size, _ in files),
        "modification time": _format_time(max(time_ns for *_, time_ns in files)),
        "first megabyte": head.hexdigest()[:16],
    }
    if path.is_dir():
        names = repr([(name, size, time_ns) for name, size, time_ns in files])
        described["files"] = len(files)
        described["names"] = hashlib.sha256(names.encode("utf-8", "replace")).hexdigest()[:16]
    return described


def _stamp_file(file: Path) -> tuple[str, int, int]:
    try:
        status = file.stat()
    except OSError:
        return file.name, 0, 0
    return file.name, status.st_size, status.st_mtime_ns


def _format_time(time_ns: int) -> str:
    seconds, rest_ns = divmod(time_ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, tz=timezone.utc):%Y-%m-%d %H:%M:%S}.{rest_ns:09d} UTC"
