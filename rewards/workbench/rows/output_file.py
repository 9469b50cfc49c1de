"""Where an output goes and how it is packed: what every output of rows has in common.

Rows are written as JSONL beside the output's place. When all are there, the file is packed as the
output's name asks (`.gz`, `.zst` or `.parquet`; plain otherwise) and renamed, so that an output is
complete whenever it is there. The same rows give the same bytes.
"""

from __future__ import annotations

import errno
import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rewards.errors import DataFileError
from rewards.extras import require_package
from rewards.text.shorten import shorten
from rewards.workbench.rows.parquet_output import write_parquet

BeforeRename = Callable[[Path, tuple[str, ...]], None]
"""Called with the packed file, and with what `put_in_place` will return."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Formats that somebody would ask for by name and get JSONL instead.
_OTHER_ENDINGS = frozenset(
    {".arrow", ".bz2", ".csv", ".feather", ".json", ".tsv", ".xlsx", ".xz", ".zip"}
)
_LONGEST_NAME = 255  # bytes, on the usual file systems
_LONGEST_SUFFIX = ".partial.json.new"
_COPIED_BYTES = 2**20


def check_place(output: Path) -> None:
    """Refuse a path that no file can be written at.

    Raises:
        DataFileError: its folder is not there, it is a directory or a device, or its name asks for
            a format that is not written.
        MissingExtraError: what packs it is not installed.
    """
    folder = output.parent
    too_long = len(os.fsencode(output.name)) + len(_LONGEST_SUFFIX) - _LONGEST_NAME
    if too_long > 0:
        raise DataFileError(
            f"{shorten(str(output))}: the name is {too_long} bytes too long for the files that are "
            "written beside it; shorten it"
        )
    if not folder.exists():
        raise DataFileError(
            f"{output}: the folder {folder} is not there; make it: mkdir -p {folder}"
        )
    if output.is_dir():
        raise DataFileError(f"{output}: is a directory; name a file in it for --output")
    if not folder.is_dir() or (output.exists() and not output.is_file()):
        raise DataFileError(f"{output}: is no place for a file; name a file for --output")
    ending = output.suffix.lower()
    if ending in _OTHER_ENDINGS:
        raise DataFileError(
            f"{output}: rows are not written as {ending}; end the name in .jsonl, .jsonl.gz, "
            ".jsonl.zst or .parquet"
        )
    package = {".zst": "zstandard", ".parquet": "pyarrow"}.get(ending)
    if package is not None:
        require_package(package, needed_by=str(output), extra="data")


def put_in_place(
    lines: Path, output: Path, *, before: BeforeRename | None = None, flat: bool = False
) -> tuple[str, ...]:
    """Pack a file of lines and rename it to the output, in one step; the lines are gone then.

    Args:
        lines: complete, closed or flushed, and in the output's folder.
        output: where they go.
        before: called before the rename.
        flat: give parquet a column for each field of a verdict.

    Returns:
        What a user should know of how the rows were written, one sentence each.

    Raises:
        OSError: the disk is full, or a file cannot be written; the lines are as they were.
    """
    packers: dict[str, Callable[[Path, Path], tuple[str, ...]]] = {
        ".gz": _gzip,
        ".zst": _zstd,
        ".parquet": partial(write_parquet, flat=flat),
    }
    pack = packers.get(output.suffix.lower())
    packed = lines if pack is None else lines.with_name(lines.name + output.suffix)
    try:
        notes = () if pack is None else pack(lines, packed)
        if before is not None:
            before(packed, notes)
        packed.replace(output)
    except BaseException:
        if packed != lines:
            packed.unlink(missing_ok=True)
        raise
    if packed != lines:
        lines.unlink(missing_ok=True)
    return notes


@contextmanager
def reported(path: Path, *, rows_kept: int | None = None) -> Iterator[None]:
    """Turns a failed write into one clear error.

    Args:
        path: what is written.
        rows_kept: how many rows of it a second run would go on from; `None` where it cannot.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in _FULL
        again = " and run the command again" if full else ""
        if rows_kept is not None:
            again = f"; {rows_kept:,} rows are kept: run the same command again to continue"
        if full:
            raise DataFileError(f"{path}: the disk is full; free some space{again}") from None
        raise DataFileError(
            f"{path}: cannot be written: {error.strerror or error}; check the folder's "
            f"permissions{again}"
        ) from None


def _gzip(lines: Path, packed: Path) -> tuple[str, ...]:
    # No name and no time in the header: the same rows give the same bytes.
    with (
        lines.open("rb") as rows,
        packed.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as file,
    ):
        shutil.copyfileobj(rows, file, _COPIED_BYTES)
        file.close()
        raw.flush()
        os.fsync(raw.fileno())
    return ()


def _zstd(lines: Path, packed: Path) -> tuple[str, ...]:
    import zstandard

    with lines.open("rb") as rows, packed.open("wb") as raw:
        size = os.fstat(rows.fileno()).st_size
        zstandard.ZstdCompressor(write_checksum=True).copy_stream(rows, raw, size=size)
        raw.flush()
        os.fsync(raw.fileno())
    return ()
