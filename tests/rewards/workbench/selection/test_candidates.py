"""Which completions of one prompt are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.selection.candidates import Candidate, Prefer, PromptCandidates
from rewards.workbench.selection.overlap import overlap, sketch

TEXTS = st.lists(st.text("ab ", max_size=6), max_size=12)
CAPS = st.none() | st.integers(1, 5)
PREFERENCES = st.sampled_from(Prefer)


def candidates(texts):
    return [
        Candidate(row, text.encode(), length=len(text), sketch=sketch(text))
        for row, text in enumerate(texts)
    ]


def choose(texts, cap, prefer):
    held = PromptCandidates(cap, prefer)
    for one in candidates(texts):
        held.add(one)
    return held.choose()


def choose_plainly(texts, cap, prefer):
    """The same by the words of the documentation, with everything at hand."""
    distinct = [one for one in candidates(texts) if texts.index(texts[one.row]) == one.row]
    if prefer is Prefer.SHORTEST:
        distinct.sort(key=lambda one: (one.length, one.row))
    if prefer is Prefer.DIVERSE and cap is not None:
        kept = []
        while distinct and len(kept) < cap:
            least = min(
                distinct,
                key=lambda one: max((overlap(one.sketch, k.sketch) for k in kept), default=0),
            )
            distinct.remove(least)
            kept.append(least)
        distinct = kept
    return sorted(one.row for one in distinct[:cap])


@given(TEXTS, CAPS, PREFERENCES)
def test_chooses_what_is_documented(texts, cap, prefer):
    assert list(choose(texts, cap, prefer).rows) == choose_plainly(texts, cap, prefer)


@given(TEXTS, CAPS, PREFERENCES)
def test_every_candidate_is_counted_once(texts, cap, prefer):
    chosen = choose(texts, cap, prefer)
    kept = [texts[row] for row in chosen.rows]
    assert len(set(kept)) == len(kept)
    assert cap is None or len(kept) <= cap
    assert len(kept) == min(len(set(texts)), len(texts) if cap is None else cap)
    assert chosen.duplicates == sum(text in kept for text in texts) - len(kept)
    assert len(kept) + chosen.duplicates + chosen.over_cap == len(texts)
    assert list(chosen.rows) == sorted(chosen.rows)


@given(TEXTS, CAPS, PREFERENCES)
def test_choosing_again_from_what_was_kept_keeps_all_of_it(texts, cap, prefer):
    kept = [texts[row] for row in choose(texts, cap, prefer).rows]
    again = choose(kept, cap, prefer)
    assert again.rows == tuple(range(len(kept)))
    assert again.duplicates == again.over_cap == 0


@pytest.mark.parametrize("prefer", [Prefer.FIRST, Prefer.SHORTEST])
@given(TEXTS, st.integers(1, 4))
def test_no_more_than_the_cap_are_held(prefer, texts, cap):
    held = PromptCandidates(cap, prefer)
    for one in candidates(texts):
        held.add(one)
        assert len(held._held) == len(held._copies) <= cap


def test_diverse_takes_another_way_before_a_paraphrase():
    texts = [
        "First add three and four, which is seven, and then double it.",
        "First add three and four, which is seven, and then double that.",
        "Double each number, then sum: six plus eight gives the answer.",
    ]
    assert choose(texts, 2, Prefer.DIVERSE).rows == (0, 2)
    assert choose(texts, 2, Prefer.FIRST).rows == (0, 1)
