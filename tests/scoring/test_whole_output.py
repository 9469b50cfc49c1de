"""An output that is there whole or not at all."""

from __future__ import annotations

import gzip
import sys

import pytest

from rewards.errors import DataFileError
from rewards.scoring.whole_output import WholeOutput


def names(folder):
    return [path.name for path in folder.iterdir()]


def write(path, lines, error=None, **options):
    with WholeOutput(path, **options) as output:
        for line in lines:
            output.write(line)
        if error is not None:
            raise error


def test_appears_at_the_end(tmp_path):
    path = tmp_path / "out.jsonl"
    with WholeOutput(path) as output:
        output.write("é")
        assert not path.exists()
    assert path.read_bytes() == "é\n".encode()
    assert names(tmp_path) == ["out.jsonl"]


def test_gzip_gives_the_same_bytes_twice(tmp_path):
    for name in ("a.gz", "b.gz"):
        with WholeOutput(tmp_path / name) as output:
            output.write("x")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"x\n"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_an_error_leaves_what_was_there(tmp_path, error, name):
    path = tmp_path / name
    path.write_bytes(b"before")
    with pytest.raises(error):
        write(path, ["x"], error, overwrite=True)
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == [name]


def test_refuses_to_overwrite(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"before")
    with pytest.raises(DataFileError, match="is there already; --overwrite"):
        WholeOutput(path)
    with WholeOutput(path, overwrite=True):
        pass
    assert path.read_bytes() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    import resource  # noqa: PLC0415 - POSIX
    import signal  # noqa: PLC0415

    path = tmp_path / "out.jsonl"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(DataFileError, match="the disk is full"):
            write(path, ["x" * 1000] * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(tmp_path) == []
