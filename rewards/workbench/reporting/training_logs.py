"""Scores of rewards that are not ours, in the tables of completions that a trainer writes.

TRL's tables have `step`, `prompt`, `completion`, then a column of numbers for each reward, then
`advantage`. What our rewards log there comes as verdicts (`rewards.workbench.rows.other_tools`); of
others there is the number alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from rewards.verdict import Status


def logged_scores(columns: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """The scores in a row of such a table, as verdicts by reward; nothing of any other row.

    >>> logged_scores({"step": 1, "completion": "4", "brevity": 0.5, "advantage": 0.7, "kl": 0.1})
    {'brevity': {'score': 0.5, 'status': 'scored'}}
    """
    names = list(columns)
    if not {"step", "completion", "advantage"} <= columns.keys():
        return {}
    return {
        name: _verdict(columns[name])
        for name in names[names.index("completion") + 1 : names.index("advantage")]
        if _is_number(columns[name])
    }


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _verdict(score: object) -> dict[str, object]:
    missing = not isinstance(score, int | float) or math.isnan(score)
    status = Status.NOT_APPLICABLE if missing else Status.SCORED
    return {"score": None if missing else score, "status": status.value}
