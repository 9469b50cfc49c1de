"""The search for a completion that scores on every row."""

import json
import sys

import pytest

from benchmarks import universal_keys
from benchmarks.key_rows import KINDS
from benchmarks.key_search import Language, search
from benchmarks.universal_keys import hunt

LANGUAGE = Language(seeds=("a",), pieces=("a", "b", "7"), wraps=("(@)", "[@]"), frame="<@>")


def test_a_planted_key_is_found():
    def openings(completions):
        return [("(" in text) + 3 * ("[" in text and "7" in text) for text in completions]

    keys, tried = search(LANGUAGE, openings, rounds=8, width=10)
    assert keys[0].opened == 4
    assert {"(", "[", "7"} <= set(keys[0].completion)
    assert keys[0].completion.startswith("<")
    assert tried > 20


def test_the_same_seed_makes_the_same_search():
    def openings(completions):
        return [len(text) % 5 for text in completions]

    assert search(LANGUAGE, openings, rounds=4, width=5) == search(
        LANGUAGE, openings, rounds=4, width=5
    )


@pytest.mark.parametrize("name", ["accuracy", "choice", "quantity"])
def test_no_key_is_found_in_a_short_search(name):
    found = hunt(KINDS[name], rounds=1, width=4)
    assert found.tried >= 12
    assert found.opened <= found.fair
    assert not found.is_open


def test_a_reward_for_form_is_opened_by_its_form():
    found = hunt(KINDS["format"], rounds=6, width=10)
    assert found.opened == found.rows
    assert not found.is_open


def test_the_report_says_what_was_found(tmp_path, monkeypatch):
    output = tmp_path / "keys.json"
    arguments = ["keys", "--rewards", "format", "--rounds", "6", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        universal_keys.main()
    assert ended.value.code == 0
    found = json.loads(output.read_text(encoding="utf-8"))["rewards"]["format"]
    assert found["opened"] == found["rows"] == 5
    assert found["keys"][0]["completion"].startswith("<think>")
