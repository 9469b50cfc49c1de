"""Packing an output and putting it in its place."""

from __future__ import annotations

import gzip
import sys

import pytest

from rewards.errors import DataFileError, MissingExtraError
from rewards.workbench.rows.output_file import check_place, put_in_place, reported
from rewards.workbench.rows.readers import open_rows

ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")
TEXT = '{"a": "é"}\n{"a": "x"}\n'


def needs(ending):
    pytest.importorskip({".jsonl.zst": "zstandard", ".parquet": "pyarrow"}.get(ending, "json"))


def place(folder, name, **options):
    lines = folder / f"{name}.lines"
    lines.write_text(TEXT, encoding="utf-8")
    put_in_place(lines, folder / name, **options)
    return folder / name


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_written_is_read(tmp_path, ending):
    needs(ending)
    path = place(tmp_path, f"out{ending}")
    with open_rows(path) as reader:
        assert [row.text for row in reader] == TEXT.splitlines()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_rows_give_the_same_bytes(tmp_path, ending):
    needs(ending)
    first, second = (place(tmp_path, f"{name}{ending}").read_bytes() for name in "ab")
    assert first == second


def test_gzip_is_what_gzip_reads(tmp_path):
    packed = place(tmp_path, "out.jsonl.gz").read_bytes()
    assert gzip.decompress(packed).decode() == TEXT
    assert packed[3:8] == bytes(5)  # neither a name nor a time


def test_zstd_is_what_zstd_reads(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    packed = place(tmp_path, "out.jsonl.zst").read_bytes()
    assert zstandard.decompress(packed).decode() == TEXT
    assert zstandard.get_frame_parameters(packed).has_checksum


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_failure_leaves_the_lines_and_nothing_else(tmp_path, ending):
    needs(ending)

    def fail(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place(tmp_path, f"out{ending}", before=fail)
    assert not (tmp_path / f"out{ending}").exists()
    assert [path.name for path in tmp_path.iterdir()] == [f"out{ending}.lines"]
    assert (tmp_path / f"out{ending}.lines").read_text(encoding="utf-8") == TEXT
    place(tmp_path, f"out{ending}")
    assert [path.name for path in tmp_path.iterdir()] == [f"out{ending}"]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
@pytest.mark.parametrize("ending", ENDINGS[1:])
def test_a_full_disk_while_packing(tmp_path, ending):
    import os
    import resource  # POSIX

    needs(ending)
    lines, output = tmp_path / "lines", tmp_path / f"out{ending}"
    lines.write_text("".join(f'{{"a": "{os.urandom(50).hex()}"}}\n' for _ in range(2000)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with (
            pytest.raises(DataFileError, match="the disk is full; free some space; 7 rows are"),
            reported(output, rows_kept=7),
        ):
            put_in_place(lines, output)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == [lines]


@pytest.mark.parametrize(
    ("ending", "package"), [(".jsonl.zst", "zstandard"), (".parquet", "pyarrow")]
)
def test_a_missing_package_is_named_before_any_work(tmp_path, ending, package, monkeypatch):
    monkeypatch.setattr("rewards.extras.find_spec", lambda _: None)
    check_place(tmp_path / "out.jsonl.gz")
    with pytest.raises(MissingExtraError, match=rf"out{ending} needs the package {package}"):
        check_place(tmp_path / f"out{ending}")


@pytest.mark.parametrize("name", ["out.csv", "out.json", "out.jsonl.XZ", "out.arrow"])
def test_a_format_that_is_not_written_is_refused(tmp_path, name):
    with pytest.raises(DataFileError, match="rows are not written as"):
        check_place(tmp_path / name)
