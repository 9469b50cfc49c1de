"""Parquet: every type becomes JSON or a flaw of its row, and memory stays bounded."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from rewards.errors import DataFileError
from rewards.workbench.rows import arrow_reader, rows
from rewards.workbench.rows.parquet_reader import ParquetReader

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

HOME = str(Path(rows.__file__).resolve().parents[3])


def write(folder, group_rows=None, **columns):
    path = folder / "in.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=group_rows)
    return path


def read(path):
    with ParquetReader(path) as reader:
        return list(reader)


MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5)  # noqa: DTZ001 - a column without a zone


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([1], pa.uint64()), 1),
        (pa.array([2**64 - 1], pa.uint64()), 2**64 - 1),
        (pa.array([1.5], pa.float32()), 1.5),
        (pa.array([float("nan")]), None),
        (pa.array([MOMENT], pa.timestamp("s")), "2020-01-02T03:04:05"),
        (pa.array([MOMENT], pa.timestamp("us", tz="UTC")), "2020-01-02T03:04:05+00:00"),
        (pa.array([dt.date(2020, 1, 2)]), "2020-01-02"),
        (pa.array([dt.timedelta(seconds=90)]), 90.0),
        (pa.array([Decimal("1.10")]), "1.10"),
        (pa.array([b"text"]), "text"),
        (pa.array([b"\xff"]), "/w=="),
        (pa.array(["a"]).dictionary_encode(), "a"),
        (pa.array(["a"], pa.large_string()), "a"),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), [["k", 1]]),
        (pa.array([[{"at": MOMENT}]]), [{"at": "2020-01-02T03:04:05"}]),
        (pa.array([[1, 2]], pa.list_(pa.int8(), 2)), [1, 2]),
    ],
)
def test_a_type(tmp_path, array, expected):
    (row,) = read(write(tmp_path, x=array))
    assert row.flaw == ""
    assert json.loads(row.text, parse_constant=pytest.fail) == {"x": expected}


def test_a_value_that_cannot_be_read_is_a_flaw_of_its_row(tmp_path):
    bad = pa.array([b"good", b"b\xff", b"last"], pa.binary()).view(pa.string())
    first, second, last = read(write(tmp_path, n=[1, 2, 3], text=bad))
    assert (first.text, last.text) == ('{"n": 1, "text": "good"}', '{"n": 3, "text": "last"}')
    assert second.line == 2
    assert second.text == '{"n": 2}'
    assert second.flaw.startswith("the column 'text' holds what cannot be read: 'utf-8' codec")


def test_a_row_that_is_too_long_is_a_flaw(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "MAX_LINE_BYTES", 2**20)
    fits, long = read(write(tmp_path, x=["y", "z" * 2**20]))
    assert fits.flaw == ""
    assert long.flaw == "the row is longer than 1 MB"
    assert len(long.text) <= 200


def test_columns_of_one_name_are_refused(tmp_path):
    path = tmp_path / "in.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(DataFileError, match="2 columns called 'a'; rename"):
        ParquetReader(path)


def test_passing_over_row_groups_does_not_read_them(tmp_path):
    path = write(tmp_path, 10, n=list(range(100)), text=["x" * 1000] * 100)
    content = bytearray(path.read_bytes())
    first = pq.ParquetFile(path).metadata.row_group(5).column(0)
    content[4 : first.dictionary_page_offset or first.data_page_offset] = b"\0" * (
        (first.dictionary_page_offset or first.data_page_offset) - 4
    )
    path.write_bytes(bytes(content))
    with pytest.raises(DataFileError, match=r"in.parquet: row 1: cannot be read"):
        read(path)
    with ParquetReader(path) as reader:
        assert reader.skip(57) == 57
        assert [json.loads(row.text)["n"] for row in reader] == list(range(57, 100))


def test_an_empty_row_group_is_passed_over(tmp_path):
    path = tmp_path / "in.parquet"
    schema = pa.schema([("n", pa.int64())])
    with pq.ParquetWriter(path, schema) as writer:
        for values in ([], [1, 2], [], [3]):
            writer.write_table(pa.table({"n": pa.array(values, pa.int64())}))
    for count in range(5):
        with ParquetReader(path) as reader:
            assert reader.skip(count) == min(count, 3)
            assert [row.line for row in reader] == list(range(count + 1, 4))


# Reads a file under a limit on what the process may allocate beyond what its imports took.
LIMITED = """
import resource, sys
import pyarrow as pa, pyarrow.parquet
from pathlib import Path
from rewards.workbench.rows.parquet_reader import ParquetReader
held = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status")
            if line.startswith("VmData:"))
resource.setrlimit(resource.RLIMIT_DATA, (held + int(sys.argv[2]) * 2**20,) * 2)
with ParquetReader(Path(sys.argv[1])) as reader:
    reader.skip(10)
    assert sum(len(row.text) > 900 for row in reader) == int(sys.argv[3]) - 10
print(pa.default_memory_pool().max_memory())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="limits of memory are Linux's")
def test_one_huge_row_group_is_not_held(tmp_path):
    """200 MB of text that does not shrink, read within 50 MB, some 10 of them Arrow's."""
    import random

    chance = random.Random(0)
    count = 200_000
    path = tmp_path / "in.parquet"
    texts = [chance.randbytes(500).hex() for _ in range(count // 100)]
    schema = pa.schema([("n", pa.int64()), ("completion", pa.string())])
    options = {"use_dictionary": False, "compression": "none"}
    with pq.ParquetWriter(path, schema, **options) as writer:
        table = pa.table({"n": range(count), "completion": texts * 100})
        writer.write_table(table, row_group_size=count)
    assert pq.ParquetFile(path).metadata.num_row_groups == 1
    assert path.stat().st_size > 200 * 10**6
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), "50", str(count)],
        cwd=HOME,
        env=os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system"},  # others reserve far more
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 20 * 2**20


def test_few_rows_are_python_objects_at_a_time(tmp_path):
    path = write(tmp_path, x=list(range(1000)))
    with ParquetReader(path) as reader:
        batches = list(reader._read_batches())
    assert max(batch.num_rows for batch in batches) <= arrow_reader.PIECE_ROWS


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_small_file_of_long_rows_takes_the_memory_of_one(tmp_path):
    """Each row points to one text of 40 MB, which the file holds once."""
    path = tmp_path / "bomb.parquet"
    column = pa.array(["x" * (40 * 2**20)] * 12)
    pq.write_table(
        pa.table({"completion": column}), path, dictionary_pagesize_limit=2**30, compression="zstd"
    )
    assert path.stat().st_size < 10_000
    code = (
        "from pathlib import Path\n"
        "from rewards.workbench.rows.readers import open_rows\n"
        f"found = [row.flaw for row in open_rows(Path({str(path)!r}))]\n"
        "assert len(found) == 12 and set(found) == {'the row is longer than 32 MB'}, found[:2]\n"
        "(peak,) = [line.split()[1] for line in open('/proc/self/status') if 'VmHWM' in line]\n"
        "print(int(peak) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": HOME},
    )  # fmt: skip
    assert int(done.stdout) < 900


def test_rows_of_plain_pages_are_decoded_by_their_weight(tmp_path):
    path = tmp_path / "plain.parquet"
    pq.write_table(
        pa.table({"completion": ["y" * (8 * 2**20)] * 64}), path, use_dictionary=False,
        compression="zstd",
    )  # fmt: skip
    with ParquetReader(path) as reader:
        assert reader._rows_at_once(0) == 15
    pq.write_table(pa.table({"completion": [str(n) for n in range(1000)]}), path)
    with ParquetReader(path) as reader:
        assert reader._rows_at_once(0) == 64
