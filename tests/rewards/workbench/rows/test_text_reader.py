"""Reading lines: only a line feed ends one, and a bad one is a row with a flaw."""

from __future__ import annotations

import gzip

import pytest

from rewards.errors import DataFileError
from rewards.workbench.rows import rows
from rewards.workbench.rows.rows import RawRow
from rewards.workbench.rows.text_reader import TextReader


def read(path, content, *, skip=0):
    path.write_bytes(content)
    with TextReader(path) as reader:
        assert reader.skip(skip) == skip
        return list(reader)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "in.jsonl"


def test_only_line_feeds_split(path):
    text = '{"a": "x\u2028y\u2029z\u0085\x0b\x0c\x1c"}'
    assert read(path, f"{text}\r\n{text}".encode()) == [RawRow(1, text), RawRow(2, text)]


def test_blank_lines_count_as_lines_but_are_no_rows(path):
    assert read(path, b"\n1\n \t\r\n2\n\n") == [RawRow(2, "1"), RawRow(4, "2")]
    assert read(path, b"\n1\n \t\r\n2\n\n", skip=1) == [RawRow(4, "2")]


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf{}\n{}", b"\xef\xbb\xbf\n{}\n{}"])
def test_a_byte_order_mark_is_dropped(path, content):
    assert [row.text for row in read(path, content)] == ["{}", "{}"]


def test_gzip_is_known_by_its_content(path):
    content = b"1\n2\n"
    packed = gzip.compress(content) + gzip.compress(b"3\n")  # several members, as `cat` makes them
    assert [row.text for row in read(path, packed)] == ["1", "2", "3"]


def test_a_line_that_is_not_utf8_is_a_flaw(path):
    good, bad, last = read(path, b"good\nb\xffd\nlast")
    assert (good.flaw, last.flaw) == ("", "")
    assert bad == RawRow(2, "b\ufffdd", "not UTF-8 at byte 2")


def test_a_line_that_is_too_long_is_a_flaw_and_is_not_held(path, monkeypatch):
    monkeypatch.setattr(rows, "MAX_LINE_BYTES", 2**20)
    content = b"x" * (2**20 - 1) + b"\n" + b"y" * (3 * 2**20) + b"\nlast\n" + b"z" * (2**21)
    fits, long, last, end = read(path, content)
    assert len(fits.text) == 2**20 - 1
    assert fits.flaw == ""
    assert long.flaw == end.flaw == "the line is longer than 1 MB"
    assert len(long.text) <= 200
    assert last == RawRow(3, "last")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_positions_rise_with_the_rows_to_the_size(path, pack):
    count = 10**5
    path.write_bytes(pack(b"".join(b"%d\n" % (n * n) for n in range(count))))
    with TextReader(path) as reader:
        assert reader.locate(0) == 0
        reader.skip(1000)
        list(reader)
        positions = [reader.locate(row) for row in range(0, count + 1, 1000)]
        assert positions == sorted(positions)
        assert positions[50] == pytest.approx(reader.size_bytes / 2, rel=0.3)
        assert positions[-1] == reader.size_bytes


def test_an_error_in_the_middle_names_the_line(path):
    packed = gzip.compress(b"".join(b"%d\n" % (n * n) for n in range(10**5)))
    path.write_bytes(packed[: len(packed) // 2])
    with (
        TextReader(path) as reader,
        pytest.raises(DataFileError, match=r"in.jsonl:\d{4,}: the gzip"),
    ):
        list(reader)
