"""What the adapters share: references found, combinations, records, missing scores, counts."""

import logging
import math
import pickle

import pytest

from rewards import Accuracy, Gate, Route, WeightedSum, accuracy, exact_match, format, pattern_match
from rewards.adapters.bridge import Bridge, Row, bridge, last_message, peer_module
from rewards.adapters.counting import counts
from rewards.adapters.peer_columns import NO_CELL, REFERENCE_PATHS, cell_at, reference_paths
from rewards.columns import Role
from rewards.errors import InputError, MissingExtraError
from rewards.verdict import Status, Verdict

RIGHT = r"\boxed{2}"


def score(peer, source, cells, completion=RIGHT):
    return bridge(peer, source).verdict(Row(completion, cells)).score


def nested(path, value):
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


@pytest.mark.parametrize(
    ("peer", "path"), [(peer, path) for peer, paths in REFERENCE_PATHS.items() for path in paths]
)
def test_the_reference_is_found_where_the_peers_data_have_it(peer, path):
    assert score(peer, "accuracy", nested(path, "2")) == 1.0
    assert score(peer, "accuracy", nested(path, "3")) == 0.0


@pytest.mark.parametrize("peer", REFERENCE_PATHS)
def test_the_usual_names_serve_where_the_peers_own_is_missing(peer):
    assert score(peer, "accuracy", {"reference_answer": "2"}) == 1.0
    assert score(peer, "accuracy", {"unrelated": "2"}) is None


def test_the_peers_own_name_comes_before_a_worked_solution_beside_it():
    # openai/gsm8k as verl prepares it: extra_info keeps the raw answer
    cells = {"reward_model": {"ground_truth": "2"}, "answer": "1 + 2 = 3 #### 3"}
    assert score("verl", "accuracy", cells) == 1.0


def test_a_rewards_own_column_comes_first_and_may_be_a_path():
    cells = {"reward_model": {"ground_truth": "3"}, "final": {"value": "2"}}
    assert score("verl", Accuracy(column="final.value"), cells) == 1.0
    assert score("verl", Accuracy(column="elsewhere"), cells) is None
    assert score("verl", "accuracy", cells) == 0.0


def test_a_falsy_reference_is_one():
    assert score("slime", "accuracy", {"label": 0}, r"\boxed{0}") == 1.0
    assert score("slime", "accuracy", {"label": None, "answer": "2"}) == 1.0


def test_answers_are_no_tests_where_the_column_says_answers():
    assert "answer" not in reference_paths("areal", Role.TESTS)
    assert reference_paths("verl", Role.TESTS)[-1] == "reward_model.ground_truth"
    assert reference_paths("verl", Role.TESTS)[0] == "tests"


def test_cell_at_takes_a_column_of_that_very_name_first():
    assert cell_at({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert cell_at({"a": {"b": 2}}, "a.b") == 2
    assert cell_at({"a": "text"}, "a.b") is NO_CELL


def test_parts_that_need_other_things_find_their_own():
    mixed = Route({"sum": accuracy, "date": pattern_match}, by="data_source")
    rows = [
        Row(RIGHT, {"data_source": "sum", "reward_model": {"ground_truth": "2"}}),
        Row("2024-05-01", {"data_source": "date", "pattern": r"\d{4}-\d\d-\d\d"}),
        Row("yesterday", {"data_source": "date", "pattern": r"\d{4}-\d\d-\d\d"}),
        Row(RIGHT, {"data_source": "poem"}),
        Row(RIGHT, {"data_source": "sum"}),
    ]
    assert [v.score for v in bridge("verl", mixed).verdicts(rows)] == [1.0, 1.0, 0.0, None, None]
    # one at a time, as most peers ask, it is the same
    alone = [bridge("verl", mixed).verdict(row).score for row in rows]
    assert alone == [1.0, 1.0, 0.0, None, None]


def test_parts_told_two_columns_read_two():
    both = WeightedSum([Accuracy(column="a", name="one"), Accuracy(column="b", name="two")], [1, 1])
    cells = {"a": "2", "b": "3"}
    assert score("areal", both, cells) == pytest.approx(1.0)
    assert score("areal", both, {"a": "2", "b": "2"}) == pytest.approx(2.0)


def test_a_row_without_the_column_that_chooses_costs_that_row_alone():
    mixed = Route({"sum": accuracy, "date": pattern_match}, by="data_source")
    verdict = bridge("swift", mixed).verdict(Row(RIGHT, {"solution": "2"}))
    assert verdict.status is Status.NOT_APPLICABLE
    assert "data_source" in verdict.reason


def test_a_gate_judges_by_one_reference():
    gate = Gate(format, exact_match)
    cells = {"label": "blue"}
    assert score("slime", gate, cells, "<think>hm</think>\nblue") == 1.0
    assert score("slime", gate, cells, "blue") == 0.0


def test_records_are_numbers_and_texts_under_the_same_keys():
    crossed = bridge("verl", "accuracy", unscored=-1.0)
    cells = [{"answer": "2"}, {"answer": ""}, {}, {"answer": "3"}]
    records = [crossed.record(crossed.verdict(Row(RIGHT, one))) for one in cells]
    assert len({tuple(record) for record in records}) == 1
    assert all(isinstance(cell, float | str) for one in records for cell in one.values())
    assert [record["score"] for record in records] == [1.0, -1.0, -1.0, 0.0]
    assert [record["unscored"] for record in records] == [0.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize("unscored", [math.nan, math.inf, -math.inf])
def test_what_stands_for_a_missing_score_is_a_number(unscored):
    with pytest.raises(InputError, match="finite"):
        bridge("verl", "accuracy", unscored=unscored)


def test_the_best_of_several_references():
    crossed = bridge("inspect_ai", "accuracy")
    right, wrong = Verdict(1.0, Status.CORRECT), Verdict(0.0, Status.WRONG)
    unread = Verdict(None, Status.BAD_REFERENCE)
    assert crossed.best([wrong, right]) is right
    assert crossed.best([unread, right]) is right
    assert crossed.best([wrong, unread]) is unread
    assert crossed.best([wrong, wrong]) is wrong
    with pytest.raises(InputError, match="no reference"):
        crossed.best([])


def test_no_rows_no_verdicts():
    assert bridge("verl", "accuracy").verdicts([]) == []


def test_a_spec_is_read_once():
    assert bridge("verl", "accuracy") is bridge("verl", "accuracy")
    assert bridge("verl", "accuracy") is not bridge("verl", "accuracy", unscored=1.0)


def test_a_bridge_is_picklable():
    crossed = bridge("areal", "accuracy(tolerance=1e-3)")
    again = pickle.loads(pickle.dumps(crossed))
    assert again == crossed
    assert again.verdict(Row(RIGHT, {"answer": "2"})).score == 1.0


def test_every_status_is_counted_and_missing_scores_are_warned_of(caplog):
    crossed = Bridge("lm_eval", Accuracy(name="counted_here"), unscored=0.5)
    with caplog.at_level(logging.WARNING, logger="rewards.adapters.counting"):
        for cells in [{"answer": "2"}, *[{"answer": ""}] * 10, {"answer": "3"}]:
            crossed.verdict(Row(RIGHT, cells))
    assert counts("lm_eval")["counted_here"] == {"correct": 1, "bad_reference": 10, "wrong": 1}
    assert "counted_here" not in counts("verl")
    assert counts()["counted_here"]["wrong"] == 1
    said = [one.getMessage() for one in caplog.records if "counted_here in" in one.getMessage()]
    assert [text.partition("completions")[0] for text in said] == [
        "counted_here in lm_eval: 1 of 2 ",
        "counted_here in lm_eval: 10 of 11 ",
    ]
    assert "counts 0.5" in said[0]


def test_a_conversation_is_divided_at_the_last_turn_of_the_model():
    user, turn = {"role": "user", "content": "?"}, {"role": "assistant", "content": "4"}
    assert last_message([user, turn, user, turn]) == ([user, turn, user], [turn])
    assert last_message([user]) == ([user], [])
    assert last_message([]) == ([], [])


def test_what_a_peer_itself_lacks_is_not_called_the_peer(monkeypatch, tmp_path):
    (tmp_path / "halfpeer.py").write_text("import surely_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="surely_not_there") as caught:
        peer_module("halfpeer", install="pip install halfpeer")
    assert not isinstance(caught.value, MissingExtraError)
    with pytest.raises(MissingExtraError, match="pip install quarterpeer"):
        peer_module("quarterpeer.inner", install="pip install quarterpeer")
