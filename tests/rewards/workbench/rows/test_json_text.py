"""Values as JSON text: valid, and the same value again where JSON has it."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.rows.json_text import escape_halves, write_json

FINITE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(FINITE)
def test_json_comes_back_as_it_went(value):
    assert json.loads(write_json(value), parse_constant=pytest.fail) == value


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_encoded(text):
    escaped = escape_halves(write_json(text))
    assert json.loads(escaped.encode()) == json.loads(json.dumps(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, "null"),
        ([math.inf, {"a": -math.inf}, True, None, 1], '[1e999, {"a": -1e999}, true, null, 1]'),
        (dt.date(2020, 1, 2), '"2020-01-02"'),
        (dt.datetime(2020, 1, 2, 3, tzinfo=dt.timezone.utc), '"2020-01-02T03:00:00+00:00"'),
        (dt.time(1, 2), '"01:02:00"'),
        (dt.timedelta(minutes=1.5), "90.0"),
        ({"a": Decimal("1E+2"), "b": math.nan}, '{"a": "100", "b": null}'),
        (Decimal("1.10"), '"1.10"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        ("é".encode(), '"é"'),
        (b"\xff\x00", '"/wA="'),
        ((1, 2), "[1, 2]"),
    ],
)
def test_what_json_has_no_form_for(value, text):
    assert write_json(value) == text


@pytest.mark.parametrize("value", [object(), {1, 2}, {"a": [math.nan, object()]}])
def test_what_is_no_value_is_refused(value):
    with pytest.raises(TypeError, match="has no form in JSON"):
        write_json(value)
