"""Rows in any format, scored into any format: the same verdicts, however often interrupted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.workbench.rows.readers import open_rows
from rewards.workbench.scoring import ScoreOptions, score_file
from rewards.workbench.scoring.unfinished_output import partial_path

pytest.importorskip("pyarrow")
pytest.importorskip("zstandard")

FORMATS = ("gz", "zst", "parquet", "saved", "shards")
ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")
LABELS = ("accuracy", "format")

ANSWERS = st.sampled_from(["1", "2", "\\frac12", "x+1", "", "0.5", "[0,1)", "A"])
COMPLETIONS = (
    ANSWERS.map(lambda answer: f"so \\boxed{{{answer}}}")
    | ANSWERS.map(lambda answer: f"<think>hm</think> \\boxed{{{answer}}} \u2028é")
    | st.text(max_size=20)
    | st.none()
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"completion": COMPLETIONS, "answer": ANSWERS | st.none()},
        optional={"n": st.integers(0, 9), "tags": st.lists(st.text(max_size=3), max_size=2)},
    ),
    max_size=12,
).map(lambda rows: [{"completion": "\\boxed{1}", "answer": "1", "n": 0, "tags": [""]}, *rows])


def score(source, output, **options):
    return score_file(
        ScoreOptions(input=source, output=output, rewards=LABELS, workers=0, overwrite=True),
        **options,
    )


def verdicts(path):
    with open_rows(path) as reader:
        rows = [json.loads(raw.text) for raw in reader]
    return [[_without_gaps(row[label]) for label in LABELS] for row in rows]


def _without_gaps(verdict):
    """A verdict without the fields that not each has: parquet cannot leave one out of a row."""
    return {
        name: value
        for name, value in verdict.items()
        if value is not None or name not in {"found_in", "basis"}
    }


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=12, deadline=None)
@given(rows=ROWS)
def test_the_verdicts_are_those_of_jsonl(formats, name, rows):
    calm = score(formats.jsonl(rows), formats.folder / "calm.jsonl")
    source = formats.write(name, rows)
    expected = verdicts(formats.folder / "calm.jsonl")
    for ending in ENDINGS:
        output = formats.folder / f"out{ending}"
        assert score(source, output).tally == calm.tally
        assert verdicts(output) == expected


def many(count):
    return [
        {"completion": rf"\boxed{{{n % 7}}}" if n % 9 else None, "answer": str(n % 5), "n": n}
        for n in range(count)
    ]


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
@pytest.mark.parametrize("name", FORMATS)
def test_interrupted_in_the_middle_the_bytes_are_the_same(formats, name, ending):
    source = formats.write(name, many(600))
    calm, output = formats.folder / f"calm{ending}", formats.folder / f"out{ending}"
    score(source, calm)

    for rows in (1, 150, 333):

        def interrupt(progress, rows=rows):
            if progress.rows >= rows:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            score(source, output, on_progress=interrupt)
        assert not output.exists()
    with partial_path(output).open("ab") as file:
        file.write(b'{"n": 3')
    assert score(source, output).resumed_rows >= 333
    assert output.read_bytes() == calm.read_bytes()


def test_a_column_without_a_type_is_named_and_comes_back(formats):
    rows = [{"completion": "\\boxed{1}", "answer": answer} for answer in ("1", 1, ["1", 2])]
    summary = score(formats.jsonl(rows), formats.folder / "out.parquet")
    assert any("'answer' is written as JSON text" in note for note in summary.notes)
    with open_rows(formats.folder / "out.parquet") as reader:
        assert [json.loads(raw.text)["answer"] for raw in reader] == ["1", 1, ["1", 2]]


def test_a_row_that_cannot_be_read_is_recorded_in_parquet_too(formats):
    source = formats.jsonl(many(20))
    with source.open("a") as file:
        file.write("broken\n")
    summary = score(source, formats.folder / "out.parquet")
    assert summary.tally.rows == 21
    with open_rows(formats.folder / "out.parquet") as reader:
        last = json.loads(list(reader)[-1].text)
    assert (last["line"], last["raw"]) == (21, "broken")
    assert last["accuracy"]["status"] == "error"
