"""Verdicts in the tables of completions that a training run writes.

TRL writes one parquet file a step with `step`, `prompt`, `completion`, a column of numbers for each
reward, and `advantage`; our rewards add `NAME_extracted`, `NAME_expected`, `NAME_reason` and, where
they are asked for, `NAME_status`. With `logs="reason"` they write status and reason into one
column.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from rewards.verdict import Status

_OUR_ENDINGS = ("extracted", "expected", "reason", "status")
_OF_A_TABLE = frozenset({"step", "completion", "advantage"})
_STATUSES = frozenset(status.value for status in Status)


def logged_verdicts(columns: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """The verdicts of a row of such a table by reward; nothing of any other row.

    >>> row = {"step": 1, "completion": "4", "accuracy": 1.0, "advantage": 0.7, "kl": 0.1}
    >>> logged_verdicts(row | {"accuracy_extracted": "4", "accuracy_reason": "same text"})
    {'accuracy': {'score': 1.0, 'status': 'correct', 'extracted': '4', 'reason': 'same text'}}
    """
    names = list(columns)
    others = set[str]()
    if columns.keys() >= _OF_A_TABLE:  # between these two TRL puts the rewards and nothing else
        others = set(names[names.index("completion") + 1 : names.index("advantage")])
    return {
        name: _verdict(name, value, columns)
        for name, value in columns.items()
        if (value is None or (isinstance(value, int | float) and not isinstance(value, bool)))
        and (f"{name}_reason" in columns or name in others)
    }


def _verdict(name: str, score: object, columns: Mapping[str, object]) -> dict[str, object]:
    said = {
        ending: columns[f"{name}_{ending}"]
        for ending in _OUR_ENDINGS
        if columns.get(f"{name}_{ending}") not in (None, "")
    }
    status = said.pop("status", None)
    first, mark, rest = str(said.get("reason", "")).partition(": ")
    if mark and first in _STATUSES:
        status, said["reason"] = first, rest
    if not isinstance(status, str) or status not in _STATUSES:
        status = _likely_status(
            score, ours=f"{name}_reason" in columns, answered="extracted" in said
        )
    missing = status == Status.NOT_APPLICABLE.value
    return {"score": None if missing else score, "status": status, **said}


def _likely_status(score: object, *, ours: bool, answered: bool) -> str:
    """What a table says that has the number alone."""
    if not isinstance(score, int | float) or math.isnan(score):
        status = Status.NOT_APPLICABLE
    elif ours and score == 1:
        status = Status.CORRECT
    elif ours and score == 0:
        status = Status.WRONG if answered else Status.NO_ANSWER
    else:
        status = Status.SCORED
    return status.value
