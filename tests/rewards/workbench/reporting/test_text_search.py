"""Words are found in a served report's rows wherever lowering the row's text would find them."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.workbench.reporting.text_search import (
    folds_to_ascii,
    is_like,
    register_search,
    words_condition,
)

PIECES = st.sampled_from(
    [*"aKkiIİ\u212aΣσςéÉÅ\u212b%_\\\"'1 ", "答案", "ß", "ẞ", "\u017f", "\u0307", "\0", "\n"]
)
TEXTS = st.lists(PIECES, max_size=6).map("".join)


def found(texts, words):
    with closing(sqlite3.connect(":memory:")) as database:
        register_search(database)
        database.execute("CREATE TABLE texts (number INTEGER PRIMARY KEY, folds, row)")
        database.executemany(
            "INSERT INTO texts VALUES (?, ?, ?)",
            [(at, folds_to_ascii(text), text) for at, text in enumerate(texts)],
        )
        condition, values = words_condition(words)
        query = f"SELECT number FROM texts WHERE {condition} ORDER BY number"
        return [number for (number,) in database.execute(query, values)]


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.lists(TEXTS, min_size=1, max_size=3))
def test_finds_what_lowering_finds(texts, words):
    rows = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
    lowered = [word.lower() for word in words]
    expected = [
        at
        for at, row in enumerate(rows)
        if all(json.dumps(w, ensure_ascii=False)[1:-1] in row.lower() for w in lowered)
    ]
    assert found(rows, lowered) == expected


@pytest.mark.parametrize("word", ["x" * 10_000, "%" * 30_000, "é" * 30_000])
def test_a_word_of_any_length(word):
    row = json.dumps(f"a {word.upper()} b", ensure_ascii=False)
    assert found([row, "a"], [word.lower()]) == [0]


def test_two_characters_alone_fold_to_what_like_would_miss():
    folding = set()
    for character in map(chr, range(sys.maxunicode + 1)):
        if not character.isascii() and (low := character.lower()) != character:
            folding |= {character for one in low if is_like(one)}
    assert folding
    assert all(map(folds_to_ascii, folding))
