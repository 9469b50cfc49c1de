"""The small values every reward is made of."""

import dataclasses
import json
import pickle

import pytest

from rewards import Status, Verdict
from rewards.columns import COLUMN_ALIASES, Role, columns_for, missing_column
from rewards.errors import InputError, MissingColumnError, RlvrError
from rewards.verdict import Basis

UNSCORED = {Status.BAD_REFERENCE, Status.NOT_APPLICABLE, Status.ERROR}


@pytest.mark.parametrize("status", Status)
def test_a_score_belongs_to_a_scored_status(status):
    assert status.is_scored == (status not in UNSCORED)
    right, wrong = (0.0, None) if status.is_scored else (None, 0.0)
    assert Verdict(right, status).status is status
    with pytest.raises(ValueError, match=status.name):
        Verdict(wrong, status)


def test_a_verdict_is_a_value():
    verdict = Verdict(1.0, Status.CORRECT, "a", "b", "c", 0.5)
    assert pickle.loads(pickle.dumps(verdict)) == verdict
    assert hash(verdict) == hash(dataclasses.replace(verdict))
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict.score = 0.0


def test_a_verdict_repeated_is_the_same_but_for_its_time_and_place():
    verdict = Verdict(0.0, Status.WRONG, "a", "b", "c", 0.5, "box", Basis.WORDS)
    again = verdict.repeated(0.25, "hashes")
    assert again == dataclasses.replace(verdict, seconds=0.25, found_in="hashes")
    with pytest.raises(dataclasses.FrozenInstanceError):
        again.score = 1.0


def test_a_verdict_is_json():
    found = json.loads(json.dumps(Verdict(None, Status.ERROR, reason="ü").to_dict()))
    fields = ["score", "status", "extracted", "expected", "reason", "seconds"]
    assert list(found) == fields
    assert found["status"] == "error"


def test_columns_in_order_of_preference():
    available = ["target", "answer", "prompt", "solution"]
    assert columns_for(Role.REFERENCE, available) == ["answer", "solution", "target"]
    assert columns_for(Role.TESTS, available) == []
    assert columns_for(Role.REFERENCE, available, column="prompt") == ["prompt"]
    assert columns_for(Role.REFERENCE, available, column="other") == []


def test_a_label_is_never_a_reference():
    assert columns_for(Role.REFERENCE, ["label", "correct", "is_correct"]) == []
    for role, names in COLUMN_ALIASES.items():
        others = {name for other, more in COLUMN_ALIASES.items() if other != role for name in more}
        assert not others & set(names), role


def test_a_missing_column_names_the_mend():
    error = missing_column(Role.REFERENCE, ["weather", "prompt"], needed_by="accuracy")
    assert isinstance(error, MissingColumnError)
    for part in ("accuracy", "prompt, weather", "ground_truth", "--reference-column"):
        assert part in str(error)
    named = missing_column(Role.REFERENCE, [], needed_by="accuracy", column="gold")
    assert "'gold'" in str(named)
    assert "none" in str(named)


def test_errors_are_a_tree():
    assert issubclass(MissingColumnError, InputError)
    assert issubclass(InputError, RlvrError)
    assert issubclass(InputError, ValueError)


def test_a_verdict_is_neither_true_nor_false():
    with pytest.raises(TypeError, match=r"write verdict\.score == 1\.0"):
        bool(Verdict(0.0, Status.WRONG))


@pytest.mark.parametrize("status", Status)
def test_a_verdict_comes_back_from_what_files_hold_of_it(status):
    score = 0.5 if status.is_scored else None
    verdict = Verdict(score, status, extracted="a", reason="why", seconds=2.0)
    assert Verdict.from_dict(verdict.to_dict()) == verdict
    assert Verdict.from_dict(verdict.to_dict(seconds=False)) == dataclasses.replace(
        verdict, seconds=0.0
    )


@pytest.mark.parametrize(
    "written",
    [
        None, "correct", {}, {"score": 1.0}, {"status": "correct"},
        {"score": True, "status": "correct"}, {"score": "1", "status": "correct"},
        {"score": 1.0, "status": "right"}, {"score": 1.0, "status": "error"},
        {"score": None, "status": "wrong"}, {"score": float("nan"), "status": "wrong"},
        {"score": 10**400, "status": "scored"},
    ],
)  # fmt: skip
def test_what_is_no_verdict_becomes_none(written):
    with pytest.raises(ValueError, match=r"\w"):
        Verdict.from_dict(written)
