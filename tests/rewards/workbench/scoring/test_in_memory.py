"""`rewards.score`: rows in memory, whatever holds them, judged as files are."""

from __future__ import annotations

import json

import pytest

import grpo_plugin
import rewards
import rlvr
import sandbox
from rewards import Accuracy, Status, accuracy, format, score, to_frame
from rewards.errors import InputError

ROWS = [{"completion": rf"\boxed{{{n}}}", "answer": "1", "extra": n} for n in range(3)]
SCORES = [0.0, 1.0, 0.0]


def length(completions, **_):
    return [float(len(text)) for text in completions]


def holders():
    pa = pytest.importorskip("pyarrow")
    pd = pytest.importorskip("pandas")
    datasets = pytest.importorskip("datasets")
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    return {
        "generator": (row for row in ROWS),
        "columns": columns,
        "pandas": pd.DataFrame(ROWS),
        "pyarrow": pa.Table.from_pylist(ROWS),
        "datasets": datasets.Dataset.from_list(ROWS),
    }


@pytest.mark.parametrize("kind", ["generator", "columns", "pandas", "pyarrow", "datasets"])
def test_rows_in_whatever_holds_them(kind):
    assert score(holders()[kind]).scores("accuracy") == SCORES


def test_rows_of_polars():
    polars = pytest.importorskip("polars")
    assert score(polars.DataFrame(ROWS)).scores("accuracy") == SCORES


def test_a_file(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert score(path).scores("accuracy") == score(str(path)).scores("accuracy") == SCORES


def test_rewards_as_text_as_they_are_and_as_functions():
    given = [accuracy, "near=accuracy(tolerance=0.1)".partition("=")[2], length]
    with pytest.raises(InputError, match="two rewards are called 'accuracy'"):
        score(ROWS, given)
    found = score(ROWS, {"a": Accuracy(tolerance=0.5), "b": "Gate(format, accuracy)", "c": length})
    assert list(found[0]) == ["a", "b", "c"]
    assert found[0]["c"].score == len(ROWS[0]["completion"])
    assert found[1]["b"].status is Status.BAD_FORMAT


def test_workers_say_the_same():
    rows = ROWS * 10
    assert score(rows, workers=1).scores("accuracy") == SCORES * 10


def test_a_column_may_be_called_like_a_reward():
    rows = [row | {"accuracy": "mine", "error": 1} for row in ROWS]
    found = score(rows, [accuracy, format])
    assert found.scores("accuracy") == SCORES
    assert set(found.means) == {"accuracy", "format"}


def test_several_completions():
    found = score([{"completion": [r"\boxed{1}", r"\boxed{2}"], "answer": "1"}])
    assert [one.score for one in found[0]["accuracy"]] == [1, 0]
    assert found.scores("accuracy") == [0.5]
    assert to_frame(found)["accuracy.score"][0] == [1.0, 0.0]


def test_a_frame_and_a_notebook():
    found = score(ROWS, {"a": accuracy})
    frame = found.to_frame()
    assert list(frame["a.score"]) == SCORES
    assert list(to_frame([accuracy.verify(r"\boxed{1}", "1")])["status"]) == ["correct"]
    shown = found._repr_html_() + accuracy.verify(r"\boxed{<script>}", "1")._repr_html_()
    assert "<td>correct</td>" in shown
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_shell_shows_the_counts_and_what_looks_wrong():
    shown = repr(score([{"completion": "I do not know it.", "answer": "4"}] * 30, {"a": accuracy}))
    first, counts, sign = shown.splitlines()
    assert (first, counts) == ("Scored, 30 rows", "  a: mean 0.0000; no_answer 30")
    assert sign.startswith("  look: a: 100% of the rows are no_answer")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "there are no rows"),
        ([1], "row 0 is a int"),
        ({"a": [1], "b": [1, 2]}, "different lengths"),
        (7, "rows are a list"),
        ([{"completion": object()}], "row 0 holds what JSON cannot hold"),
        ([{"completion": "x"}], "lacks a reference column"),
    ],
)
def test_what_cannot_be_scored(rows, said):
    with pytest.raises(InputError, match=said):
        score(rows)


@pytest.mark.parametrize("package", [rewards, sandbox, grpo_plugin, rlvr])
def test_every_package_knows_its_version(package):
    assert isinstance(package.__version__, str)


@pytest.mark.parametrize("package", [rewards, sandbox, grpo_plugin])
def test_dir_lists_what_a_package_offers(package):
    assert {name for name in dir(package) if not name.startswith("__")} == set(package.__all__)


def test_the_door_leads_to_rewards():
    assert rlvr.accuracy is accuracy
    with pytest.raises(AttributeError, match="rewards are in `rewards`"):
        _ = rlvr.no_such_thing
