"""`-`: rows from standard input, and rows to standard output.

Both go through a file: a run reads its input more than once, and an output is packed and renamed
when it is complete. Standard output gets it then, whole.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

STREAM = Path("-")
_SNIFFED_BYTES = 2**16
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # gzip, zstd


@contextmanager
def files_for_streams(
    inputs: Sequence[Path], output: Path | None
) -> Iterator[tuple[list[Path], Path | None]]:
    """The files in place of `-`: what came on standard input, and what standard output gets.

    Raises:
        InputError: standard input is a terminal or holds nothing.
    """
    with ExitStack() as stack:
        folder = Path()
        if STREAM in inputs or output == STREAM:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="rlvr-")))
        files = [_spool(folder) if one == STREAM else one for one in inputs]
        if output != STREAM:
            yield files, output
            return
        written = folder / "rows.jsonl"
        yield files, written
        if written.exists():
            with written.open("rb") as rows:
                shutil.copyfileobj(rows, sys.stdout.buffer)
            sys.stdout.buffer.flush()


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
