"""Every format gives the same rows; what is damaged is named."""

from __future__ import annotations

import json
import sys
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.errors import DataFileError, MissingExtraError
from rewards.workbench.rows.readers import data_files, open_rows

FORMATS = ("jsonl", "gz", "zst", "parquet", "saved", "shards")
ROWS = [
    {
        "completion": f"\\boxed{{{n}}} ü\u2028",
        "answer": str(n % 5),
        "n": n,
        "half": n / 2,
        "even": n % 2 == 0,
        "messages": [{"role": "user", "content": "x" * n}],
    }
    for n in range(50)
]


def read(path, *, skip=0):
    with open_rows(path) as reader:
        assert reader.skip(skip) == min(skip, len(ROWS))
        rows = list(reader)
    assert not any(row.flaw for row in rows)
    return [json.loads(row.text) for row in rows]


@pytest.mark.parametrize("name", FORMATS)
def test_the_rows_come_as_they_went(formats, name):
    assert read(formats.write(name, ROWS)) == ROWS


@pytest.mark.parametrize("name", FORMATS)
def test_rows_are_numbered_from_one(formats, name):
    with open_rows(formats.write(name, ROWS)) as reader:
        assert [row.line for row in reader] == list(range(1, 51))


@pytest.mark.parametrize("name", FORMATS)
def test_any_number_of_rows_can_be_passed_over(formats, name):
    path = formats.write(name, ROWS)
    for count in (1, 6, 7, 8, 14, 49, 50, 60):
        assert read(path, skip=count) == ROWS[count:]


@pytest.mark.parametrize("name", FORMATS)
@settings(
    max_examples=15,
    deadline=None,
)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=8))
def test_reading_and_passing_over_can_be_mixed(formats, name, steps):
    path = formats.write(name, ROWS[:20])
    at = 0
    with open_rows(path) as reader:
        for skips, count in steps:
            if skips:
                assert reader.skip(count) == min(count, 20 - at)
            else:
                raws = list(islice(reader, count))
                assert [json.loads(raw.text) for raw in raws] == ROWS[at : min(20, at + count)]
                assert [raw.line for raw in raws] == list(range(at + 1, at + len(raws) + 1))
            at = min(20, at + count)


@pytest.mark.parametrize("name", FORMATS)
def test_positions_rise_to_the_size(formats, name):
    with open_rows(formats.write(name, ROWS)) as reader:
        assert reader.locate(0) == 0
        list(reader)
        positions = [reader.locate(row) for row in range(51)]
        assert positions == sorted(positions)
        assert positions[-1] == reader.size_bytes > 0


def test_a_folder_of_parquet_shards(formats):
    folder = formats.folder / "mixed"
    folder.mkdir()
    formats.parquet(ROWS[20:], name="mixed/b.parquet")
    formats.jsonl(ROWS[:20], name="mixed/a.jsonl")
    assert read(folder) == ROWS
    assert read(folder, skip=30) == ROWS[30:]


def test_an_error_in_a_shard_names_the_shard_and_its_line(formats):
    folder = formats.shards(ROWS)
    (folder / "part-3.jsonl").write_bytes(b"PK\x03\x04")
    with open_rows(folder) as reader, pytest.raises(DataFileError, match=r"part-3.jsonl: is a zip"):
        list(reader)


def test_a_flawed_row_of_a_folder_is_numbered_through(formats):
    folder = formats.shards(ROWS)
    (folder / "part-10.jsonl").write_bytes(b"\n\xff\n")
    with open_rows(folder) as reader:
        (flawed,) = [row for row in reader if row.flaw]
    assert flawed.line == 50 + 2


def test_several_splits_are_refused_with_their_names(formats):
    datasets = pytest.importorskip("datasets")
    one = datasets.Dataset.from_list(ROWS)
    datasets.DatasetDict(train=one, test=one).save_to_disk(formats.folder / "both")
    with pytest.raises(DataFileError, match=r"several splits; name one of them: \S+both/train, "):
        open_rows(formats.folder / "both")
    assert read(formats.folder / "both" / "test") == ROWS


def test_a_folder_without_rows_says_what_it_looked_for(formats):
    (formats.folder / "data").mkdir()
    with pytest.raises(DataFileError, match=r"neither \*.jsonl, .*there is the folder \S+data"):
        open_rows(formats.folder)


def test_an_unfinished_shard_does_not_go_missing(formats):
    folder = formats.shards(ROWS)
    (folder / "part-12.jsonl.partial").write_text("{}")
    with pytest.raises(DataFileError, match=r"part-12.jsonl.partial: is the unfinished output"):
        open_rows(folder)


def test_a_saved_dataset_without_rows(formats):
    datasets = pytest.importorskip("datasets")
    path = formats.folder / "saved"
    datasets.Dataset.from_list(ROWS).select([]).save_to_disk(path)
    assert read(path) == []


@pytest.mark.parametrize("state", ["{", "[]", "{}", '{"_data_files": [1]}'])
def test_a_saved_dataset_with_a_broken_list(formats, state):
    path = formats.saved(ROWS)
    (path / "state.json").write_text(state)
    with pytest.raises(DataFileError, match=r"state.json: does not list"):
        open_rows(path)


def test_an_unflattened_selection_is_refused(formats):
    path = formats.saved(ROWS)
    state = json.loads((path / "state.json").read_text())
    state["_indices_data_files"] = [{"filename": "indices.arrow"}]
    (path / "state.json").write_text(json.dumps(state))
    with pytest.raises(DataFileError, match="flatten_indices"):
        open_rows(path)


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def scratch(path, share):
    """Overwrite a few bytes."""
    content = bytearray(path.read_bytes())
    at = int(len(content) * share)
    content[at : at + 40] = b"\xa5" * 40
    path.write_bytes(bytes(content))


def complaint(path, file=None):
    """What is said on reading, which names the file."""
    with pytest.raises(DataFileError) as caught, open_rows(path) as reader:
        list(reader)
    assert str(file or path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("name", ["gz", "zst", "parquet"])
def test_a_file_that_was_cut_off(formats, name, share):
    path = formats.write(name, ROWS)
    cut(path, share)
    assert "again" in complaint(path)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.6])
@pytest.mark.parametrize("name", ["zst", "parquet"])
def test_a_file_that_was_scratched(formats, name, share):
    path = formats.write(name, ROWS)
    scratch(path, share)
    try:
        with open_rows(path) as reader:
            rows = list(reader)
    except DataFileError as error:
        assert str(path) in str(error)  # noqa: PT017 - or nothing is raised
    else:  # without a checksum some damage looks like data
        assert len(rows) <= len(ROWS)


def test_parquet_pages_with_a_checksum_are_checked(formats):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = formats.folder / "in.parquet"
    table = pa.Table.from_pylist([{"completion": "abcdefgh" * 50 + str(n)} for n in range(50)])
    options = {"compression": "none", "use_dictionary": False}
    pq.write_table(table, path, write_page_checksum=True, **options)
    scratch(path, 0.5)
    assert "cannot be read (could not verify page integrity" in complaint(path)


@pytest.mark.parametrize("cut_bytes", [1, 8, 100, 1000])
def test_a_file_of_a_saved_dataset_that_was_cut_off(formats, cut_bytes):
    path = formats.saved(ROWS)
    last = max(path.glob("*.arrow"))
    last.write_bytes(last.read_bytes()[:-cut_bytes])
    assert "ends early" in complaint(path, last)


def test_a_file_of_a_saved_dataset_that_is_missing_or_scratched(formats):
    path = formats.saved(ROWS)
    first = min(path.glob("*.arrow"))
    scratch(first, 0.01)
    assert "cannot be read" in complaint(path, first)
    first.unlink()
    assert "no such file" in complaint(path, first)


def test_one_file_of_a_saved_dataset_names_the_way_out(formats):
    path = formats.saved(ROWS)
    assert "name the folder" in complaint(next(path.glob("*.arrow")))


@pytest.mark.parametrize(
    ("name", "package"), [("zst", "zstandard"), ("parquet", "pyarrow"), ("saved", "pyarrow")]
)
def test_a_missing_package_is_named(formats, name, package, monkeypatch):
    path = formats.write(name, ROWS)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr("rewards.extras.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=rf"{package}: pip install 'rlvr\[data\]'"):
        open_rows(path)


def test_the_files_of_an_input(formats):
    assert data_files(formats.jsonl(ROWS)) == [formats.folder / "in.jsonl"]
    assert [path.name for path in data_files(formats.shards(ROWS))][:3] == [
        "part-0.jsonl",
        "part-1.jsonl",
        "part-2.jsonl",
    ]
    saved = data_files(formats.saved(ROWS))
    assert [path.name for path in saved][:2] == ["state.json", "data-00000-of-00003.arrow"]


def test_a_shard_that_is_a_link_to_nothing_is_missed(tmp_path):
    (tmp_path / "part-1.jsonl").write_text("{}\n")
    (tmp_path / "part-2.jsonl").symlink_to(tmp_path / "gone.jsonl")
    with pytest.raises(DataFileError, match=r"part-2\.jsonl: is a link to nothing"):
        open_rows(tmp_path)
