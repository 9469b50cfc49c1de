"""Other verifiers by a short name."""

import importlib.util

import pytest

from rewards.errors import InputError
from rewards.workbench.benchmarking import peers


@pytest.fixture
def no_trl(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(peers, "find_spec", lambda name: None if name == "trl" else found(name))


def test_one_that_is_not_installed_is_told_with_the_mend(no_trl):
    named, missing = peers.read_rewards(["accuracy", "trl"])
    assert [one.label for one in named] == ["accuracy"]
    assert missing == {"trl": "not installed; pip install trl"}


def test_one_that_cannot_be_imported_is_missing_too(monkeypatch):
    monkeypatch.setitem(peers.PEERS, "trl", ("json", "json.nothing:accuracy_reward"))
    _, missing = peers.read_rewards(["accuracy", "trl"])
    assert "importing json.nothing failed" in missing["trl"]


def test_nothing_left_to_measure(no_trl):
    with pytest.raises(InputError, match="--reward trl: not installed; pip install trl"):
        peers.read_rewards(["trl"])
    with pytest.raises(InputError, match="no reward given"):
        peers.read_rewards([])
