"""An output that is there whole or not at all."""

from __future__ import annotations

import sys

import pytest

from rewards.errors import DataFileError, InputError
from rewards.workbench.rows.whole_output import WholeOutput


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


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_an_error_leaves_what_was_there(tmp_path, error, name):
    if name == "out.parquet":
        pytest.importorskip("pyarrow")
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
    import resource  # POSIX
    import signal

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


def test_the_same_file_is_refused(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text("{}")
    with pytest.raises(InputError, match="same file"):
        WholeOutput(path, overwrite=True, inputs=[path])
    with pytest.raises(InputError, match="lies in the folder that is read"):
        WholeOutput(tmp_path / "out.jsonl", inputs=[tmp_path])
    assert names(tmp_path) == ["in.jsonl"]
