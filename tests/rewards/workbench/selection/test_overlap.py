"""Sketches of texts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.selection.overlap import SKETCH_SIZE, overlap, sketch

ANY_TEXT = st.text(st.characters(), max_size=60)


@given(ANY_TEXT, ANY_TEXT)
def test_overlap_is_a_symmetric_share(one, other):
    share = overlap(sketch(one), sketch(other))
    assert 0 <= share <= 1
    assert share == overlap(sketch(other), sketch(one))
    assert overlap(sketch(one), sketch(one)) == 1


def test_half_a_surrogate_pair_and_nothing_at_all():
    assert len(sketch("\ud800 a b c")) > 0
    assert overlap(sketch(""), sketch("")) == 1
    assert overlap(sketch(""), sketch("a")) == 0


def test_is_the_same_in_every_process():
    assert list(sketch("a b c")) == [11532430043990989325]


def test_long_texts_are_estimated_within_a_tenth():
    generator = random.Random(0)
    words = [f"word{generator.randrange(10**6)}" for _ in range(6000)]
    one, other = words[:4000], words[2000:]
    sketched = sketch(" ".join(one)), sketch(" ".join(other))
    assert len(sketched[0]) == SKETCH_SIZE
    assert overlap(*sketched) == pytest.approx(2000 / 6000, abs=0.1)
