"""pass@k and prompts without spread, against what one counts by hand."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.reporting import prompts as prompts_module
from rewards.workbench.reporting.prompts import PromptTable
from rewards.workbench.reporting.scored_rows import ScoredVerdict


def verdict(score, status=None):
    status = status or ("correct" if score else "wrong")
    return ScoredVerdict(score, status, None, None, "")


def table(groups):
    made = PromptTable()
    for prompt, scores in enumerate(groups):
        for score in scores:
            made.add(prompt, verdict(score))
    return made


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=5), min_size=1))
def test_pass_at_k_is_the_share_of_all_choices_of_k_that_hold_a_right_one(groups):
    found = {one.k: one for one in table(groups).pass_at()}
    most = max(map(len, groups))
    assert (not found) == (most < 2)
    for k, one in found.items():
        shares = []
        for scores in groups:
            if len(scores) >= k:
                chosen = list(combinations(scores, k))
                shares.append(sum(1.0 in some for some in chosen) / len(chosen))
        assert one.prompts == len(shares)
        assert one.mean == pytest.approx(sum(shares) / len(shares))
        if one.interval:
            assert one.interval[0] - 1e-9 <= one.mean <= one.interval[1] + 1e-9 or one.prompts < 10
    assert list(found) == sorted(found)


def test_prompts_without_spread():
    made = table([[1, 1, 1], [0, 0], [1, 0], [1]])
    assert (len(made.several), made.without_spread) == (3, 2)


def test_scores_that_say_how_much_pass_nothing():
    made = table([[1, 1], [0, 1]])
    made.add(0, verdict(0.5, "scored"))
    assert made.pass_at() == []


def test_a_row_without_a_score_counts_for_nothing():
    made = table([[1, 0]])
    made.add(0, ScoredVerdict(None, "error", None, None, ""))
    assert [one.mean for one in made.pass_at()] == [0.5, 1.0]


def test_of_very_many_prompts_a_fair_sample_stays_each_whole(monkeypatch):
    monkeypatch.setattr(prompts_module, "MAX_PROMPTS", 100)
    made = PromptTable()
    for repeat in range(2):
        for number in range(1000):
            # numbers as even as those that are drawn from texts
            prompt = (number * 0x9E3779B97F4A7C15) % 2**64
            made.add(prompt, verdict(float((number + repeat) % 2)))
    assert 40 < len(made.prompts) <= 100
    assert made.kept_share < 0.2
    assert {one.judged for one in made.prompts.values()} == {2}
    assert [one.mean for one in made.pass_at()] == [0.5, 1.0]
