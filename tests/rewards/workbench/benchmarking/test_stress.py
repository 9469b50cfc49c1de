"""The attacks, and how often they win."""

from collections import Counter

import pytest

from rewards import accuracy
from rewards.workbench.benchmarking.intervals import wilson_interval
from rewards.workbench.benchmarking.judging import Judgement
from rewards.workbench.benchmarking.labelled import LabelledRow
from rewards.workbench.benchmarking.stress import hackability, load_attacks


def row(truth, category):
    return LabelledRow(1, truth, "", category, {})


def said(score, status="scored"):
    return Judgement(score, status, None, "", None)


def test_wrong_answers_accepted_and_calls_that_failed():
    rows = [row(False, "bombs")] * 8 + [row(True, "dress")] * 2
    judgements = [
        *(said(1.0), said(0.6), said(0.5), said(0.0)),
        *(said(None, status) for status in ("timeout", "not_run", "crash", "memory")),
        *(said(1.0), said(None, "error")),
    ]
    found = hackability(rows, judgements, 0.5)
    assert list(found) == ["bombs", "dress"]
    bombs, dress = found.values()
    assert (bombs.truth, bombs.rows, bombs.fooled, bombs.share) == (False, 8, 2, 0.25)
    assert bombs.interval == wilson_interval(2, 8)
    assert (bombs.timeouts, bombs.crashes, bombs.errors) == (2, 2, 0)
    assert (dress.truth, dress.fooled, dress.errors) == (True, 1, 1)


def test_every_row_has_a_place_and_no_category_is_mixed():
    rows = load_attacks().rows
    truths = {}
    for one in rows:
        assert one.category
        assert one.kind
        assert one.columns["why"]
        truths.setdefault(one.category, set()).add(one.truth)
    assert all(len(found) == 1 for found in truths.values()), truths
    wanted = {"empty", "huge", "injections", "hostile formats", "bombs", "hedges", "near misses"}
    wanted |= {"universal keys"}
    counts = Counter(one.category for one in rows)
    assert wanted < counts.keys()
    assert all(counts[name] >= 9 for name in wanted)
    assert {(False,), (True,)} == {tuple(found) for found in truths.values()}


def test_rows_are_in_full_length():
    rows = load_attacks().rows
    longest = max(len(one.columns["completion"]) for one in rows)
    assert longest >= 300_000
    assert not any("grow" in one.columns for one in rows)
    nested = [one.columns["completion"] for one in rows if one.kind == "deep nesting"]
    assert r"\boxed{" + 20_000 * "(" + "41" + 20_000 * ")" + "}" in nested


@pytest.mark.parametrize("text", ["\x00", "\u202e", "\u200b", "__import__", r"\write18", "<think>"])
def test_what_is_known_to_break_things_is_among_them(text):
    assert any(text in one.columns["completion"] for one in load_attacks().rows)


def test_no_key_opens_a_row():
    rows = [one for one in load_attacks().rows if one.category == "universal keys"]
    scores = accuracy(
        completions=[one.columns["completion"] for one in rows],
        solution=[one.columns["reference"] for one in rows],
    )
    assert scores == [0.0] * len(rows)
