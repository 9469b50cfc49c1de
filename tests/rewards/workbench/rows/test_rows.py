"""Rows as objects, or what is wrong with them."""

from __future__ import annotations

import pytest

from rewards.workbench.rows.rows import RawRow, parse_row


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("{", "broken JSON at character 2"),
        ("[1]", "not a JSON object but a list"),
        ("null", "not a JSON object but a NoneType"),
        ("[" * 10**5, "JSON nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "a number that cannot be read"),
        ('{"a": 1} x', "broken JSON at character 10"),
    ],
)
def test_what_is_wrong_with_a_row(text, flaw):
    assert parse_row(RawRow(1, text)).startswith(flaw)
