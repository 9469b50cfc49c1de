"""No text of a model can hide on the page or break out of its place."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.text.shorten import cut_middle
from rewards.text.visible import visible
from rewards.workbench.reporting.display import script_json

# Every code point, halves of surrogate pairs too.
ANY_TEXT = st.text(alphabet=st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("a\r\nb", "a\nb"),
        ("a\0b", "a⟨U+0000⟩b"),
        ("\ud800", "⟨U+D800⟩"),
        ("x\u2028y\u2029", "x⟨U+2028⟩y⟨U+2029⟩"),
        ("\u202edesrever\u202c", "⟨U+202E⟩desrever⟨U+202C⟩"),
        ("zero\u200bwidth\ufeff", "zero⟨U+200B⟩width⟨U+FEFF⟩"),
        ("\x1b[31m", "⟨U+001B⟩[31m"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("شكراً 谢谢 👩\u200d💻", "شكراً 谢谢 👩\u200d💻"),
    ],
)
def test_unseen_characters_are_named(text, shown):
    assert visible(text) == shown


@given(ANY_TEXT)
def test_what_is_shown_can_be_written_and_hides_nothing(text):
    shown = visible(text)
    shown.encode("utf-8")
    hidden = {c for c in shown if unicodedata.category(c) in {"Cc", "Cs"}} - {"\n", "\t"}
    assert not hidden
    assert not any(unicodedata.bidirectional(c) in {"RLO", "LRO", "RLI", "PDI"} for c in shown)
    assert visible(shown) == shown


@given(st.recursive(ANY_TEXT | st.none() | st.integers(), st.lists))
def test_data_comes_back_out_of_a_script_element(value):
    text = script_json(value)
    assert json.loads(text) == value
    assert not set(text) & set("<>&\u2028\u2029")


def test_data_without_a_place_in_json_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_json(float("nan"))


@given(ANY_TEXT, st.integers(1, 40))
def test_a_cut_text_keeps_its_ends(text, limit):
    shown, left_out = cut_middle(text, limit)
    assert left_out == max(0, len(text) - limit)
    if left_out:
        tail = limit - limit // 3
        assert shown.startswith(text[: limit // 3] + "\n[… ")
        assert shown.endswith(text[-tail:])
    else:
        assert shown == text
