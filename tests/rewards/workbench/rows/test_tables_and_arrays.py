"""CSV, TSV and JSON arrays: the rows that they hold, whatever stands in their cells."""

from __future__ import annotations

import csv
import gzip
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.errors import DataFileError
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import parse_row

TEXT = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXT, st.lists, max_leaves=5
)


def read(path):
    with open_rows(path) as rows:
        return [parse_row(row) for row in rows]


def resumed(path, at):
    with open_rows(path) as rows:
        assert rows.skip(at) == at
        return [parse_row(row) for row in rows]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8), st.sampled_from([".csv", ".tsv"]))
def test_what_a_table_holds_comes_out(tmp_path_factory, cells, ending):
    path = tmp_path_factory.mktemp("t") / f"in{ending}"
    text = io.StringIO()
    writer = csv.writer(text, delimiter="," if ending == ".csv" else "\t")
    writer.writerow(["a", "b"])
    writer.writerows(cells)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    expected = [{"a": one or None, "b": two or None} for one, two in cells]
    assert read(path) == expected
    half = len(cells) // 2
    assert resumed(path, half) == expected[half:]


def test_a_spreadsheet_s_mark_blank_lines_and_packing(tmp_path):
    path = tmp_path / "in.csv.gz"
    path.write_bytes(gzip.compress(b'\xef\xbb\xbfa,b\r\n1,"x\ny"\r\n\r\n2,\r\n'))
    assert read(path) == [{"a": "1", "b": "x\ny"}, {"a": "2", "b": None}]


@pytest.mark.parametrize(
    ("content", "flaw"),
    [(b"a,b\n1\n", "has 1 cells for 2 columns"), (b"a,b\n1,2,3\n", "has 3 cells for 2 columns"),
     (b"a\n\xff\n", "not UTF-8")],
)  # fmt: skip
def test_a_row_that_does_not_fit_is_one_flaw(tmp_path, content, flaw):
    path = tmp_path / "in.csv"
    path.write_bytes(content + b"3,4\n" * (b"b" in content))
    found = read(path)
    assert found[0] == flaw
    assert all(isinstance(row, dict) for row in found[1:])


@pytest.mark.parametrize(
    ("content", "said"), [(b"a,a\n1,2\n", "2 columns called 'a'"), (b'a\n"1\n', "quote missing")]
)
def test_a_table_that_cannot_be_read_is_refused(tmp_path, content, said):
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=said):
        read(path)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(TEXT, VALUE, max_size=3), min_size=1, max_size=6),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
    st.booleans(),
)
def test_what_an_array_holds_comes_out(tmp_path_factory, rows, indent, wrapped, escaped):
    path = tmp_path_factory.mktemp("t") / "in.json"
    wrapped = wrapped and indent is not None  # on one line it is one row of JSONL
    value = {"data": rows} if wrapped else rows
    path.write_text(json.dumps(value, indent=indent, ensure_ascii=escaped), encoding="utf-8")
    assert read(path) == rows
    half = len(rows) // 2
    assert resumed(path, half) == rows[half:]


def test_elements_larger_than_what_is_read_at_once(tmp_path):
    rows = [{"completion": "é\n" * n} for n in (1, 200_000, 3)]
    path = tmp_path / "in.json"
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    assert read(path) == rows


@pytest.mark.parametrize("cut", [1, 5, 12])
def test_an_array_that_is_cut_off_is_refused_behind_its_last_row(tmp_path, cut):
    path = tmp_path / "in.json"
    path.write_text(json.dumps([{"a": 1}, {"a": 22}])[:-cut])
    with pytest.raises(DataFileError, match=r"broken or cut off behind row [012]"):
        read(path)


@pytest.mark.parametrize(
    "line", ['{"messages": [{"role": "user"}]}', '{"messages": [{"role": "us', '{"a": 1}', "[1]"]
)
def test_jsonl_stays_jsonl(tmp_path, line):
    path = tmp_path / "in.jsonl"
    path.write_text(f"{line}\n" + '{"a": 2}\n')
    assert len(read(path)) == 2
