"""`-` and addresses: rows from standard input or `s3://…`, and rows to standard output.

All go through a file: a run reads its input more than once, and an output is packed and renamed
when it is complete. Standard output, or the address, gets it then, whole.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

STREAM = Path("-")
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/{1,2}(.+)")
_SNIFFED_BYTES = 2**16
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # gzip, zstd


@contextmanager
def files_for_streams(
    inputs: Sequence[Path], output: Path | None
) -> Iterator[tuple[list[Path], Path | None]]:
    """The files in place of `-` and addresses: what came from there, and what goes there.

    Raises:
        InputError: standard input is a terminal or holds nothing, or an address cannot be read or
            written.
        MissingExtraError: fsspec is not installed.
    """
    with ExitStack() as stack:
        folder = Path()
        address = None if output is None else address_of(output)
        if output == STREAM or address or any(one == STREAM or address_of(one) for one in inputs):
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="rlvr-")))
        files = []
        for one in inputs:
            source = address_of(one)
            local = _spool(folder) if one == STREAM else one
            files.append(_fetched(source, folder) if source else local)
        if address and output is not None:
            written = folder / f"written-{output.name}"
            yield files, written
            _sent(written, address)
            return
        if output != STREAM:
            yield files, output
            return
        written = folder / "rows.jsonl"
        yield files, written
        if written.exists():
            with written.open("rb") as rows:
                shutil.copyfileobj(rows, sys.stdout.buffer)
            sys.stdout.buffer.flush()


def address_of(path: Path) -> str:
    """The address that a path stands for, "" for a path of this machine.

    >>> address_of(Path("s3://bucket/rows.parquet")), address_of(Path("rows.parquet"))
    ('s3://bucket/rows.parquet', '')
    """
    found = _ADDRESS.fullmatch(str(path))  # a Path has made one slash of two
    return f"{found[1]}://{found[2]}" if found and not path.exists() else ""


def _fetched(address: str, folder: Path) -> Path:
    """A file with what lies at an address."""
    local = folder / f"{len(list(folder.iterdir()))}-{address.rpartition('/')[2] or 'rows'}"
    with (
        _reported(address, "read") as fsspec,
        fsspec.open(address, "rb") as source,
        local.open("wb") as file,
    ):
        shutil.copyfileobj(source, file)
    return local


def _sent(written: Path, address: str) -> None:
    if not written.exists():
        return
    with (
        _reported(address, "written") as fsspec,
        fsspec.open(address, "wb") as target,
        written.open("rb") as rows,
    ):
        shutil.copyfileobj(rows, target)


@contextmanager
def _reported(address: str, verb: str) -> Iterator[ModuleType]:
    """fsspec, whose errors are ours: each of its file systems raises others."""
    from rewards.errors import InputError
    from rewards.extras import require_package

    require_package("fsspec", needed_by=address, extra="remote")
    import fsspec

    try:
        yield fsspec
    except Exception as error:
        raise InputError(
            f"{address}: cannot be {verb}: {type(error).__name__}: {error}; check the address, "
            "its credentials, and that its file system's package is installed"
        ) from error


def _spool(folder: Path) -> Path:
    """A file with what stands on standard input, named so that its format is known."""
    from rewards.errors import InputError  # `--help` is quick

    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("- reads standard input, which is a terminal; pipe rows into it")
    source = sys.stdin.buffer
    start = source.read(_SNIFFED_BYTES)
    if not start:
        raise InputError("-: standard input is empty; pipe rows into it")
    file = folder / f"standard-input{_ending(start)}"
    with file.open("wb") as spooled:
        spooled.write(start)
        shutil.copyfileobj(source, spooled)
    return file


def _ending(start: bytes) -> str:
    r"""How a file that starts so is called; only tables need it, all else is known by its content.

    >>> _ending(b"question,answer\n1+1,2\n"), _ending(b"a\tb, c\n"), _ending(b'{"a": "b,c"}\n')
    ('.csv', '.tsv', '.jsonl')
    """
    first = start.lstrip(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
    if first[:1] in {b"{", b"["} or b"\0" in start or start.startswith(_PACKED):
        return ".jsonl"
    if b"\t" in first:
        return ".tsv"
    return ".csv" if b"," in first else ".jsonl"
