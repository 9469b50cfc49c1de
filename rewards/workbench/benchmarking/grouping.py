"""Which completions belong to one prompt, and how long they are.

A group is found by the column that the caller names; else by the first of `GROUP_COLUMNS` that
every row has; else by the prompt itself, text or chat messages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rewards.columns import GROUP_COLUMNS
from rewards.completion import completion_text
from rewards.errors import DataFileError
from rewards.workbench.benchmarking.labelled import LabelledSet


@dataclass(frozen=True, slots=True)
class Grouping:
    """The rows of a set by their prompt.

    Attributes:
        column: the column that tells prompts apart.
        groups: the places of each group's rows, in order of their first row; some may hold one.
    """

    column: str
    groups: tuple[tuple[int, ...], ...]

    @property
    def sizes(self) -> list[int]:
        """How many rows each group has, smallest first."""
        return sorted(map(len, self.groups))


def find_groups(labelled: LabelledSet, column: str | None = None) -> Grouping:
    """Group the rows of a set by prompt.

    Args:
        labelled: the rows.
        column: the column that tells prompts apart; by default it is found.

    Raises:
        DataFileError: a row does not have it, none can be found, or no two rows share a group.
    """
    rows = [row.columns for row in labelled.rows]
    column = column or _find_column(rows, labelled.prompt)
    if column is None:
        seen = ", ".join(dict.fromkeys(name for row in rows for name in row))
        raise DataFileError(
            f"{labelled.name}: nothing says which completions belong to one prompt; name the "
            f"column that does with --group-column. Columns seen: {seen}"
        )
    groups: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        value = row.get(column)
        if value is None:
            raise DataFileError(
                f"{labelled.name}:{labelled.rows[at].line}: has no {column!r} to group by; fill "
                "it, or name another column with --group-column"
            )
        groups.setdefault(json.dumps(value, sort_keys=True), []).append(at)
    if len(groups) == len(rows):
        raise DataFileError(
            f"{labelled.name}: no two rows have the same {column!r}, so there are no groups; give "
            "several completions of each prompt, or name another column with --group-column"
        )
    return Grouping(column, tuple(map(tuple, groups.values())))


def prompts_of(labelled: LabelledSet) -> list[str] | None:
    """What tells each row's prompt from others; `None` where nothing does, or each has its own."""
    rows = [row.columns for row in labelled.rows]
    column = _find_column(rows, labelled.prompt)
    if column is None:
        return None
    prompts = [json.dumps(row[column], sort_keys=True) for row in rows]
    return prompts if len(set(prompts)) < len(prompts) else None


def completion_lengths(labelled: LabelledSet) -> dict[str, Sequence[int] | str]:
    """How long each completion is, in "characters" and in "tokens", or why that is not known."""
    texts = [completion_text(row.columns[labelled.completion]).text for row in labelled.rows]
    found: dict[str, Sequence[int] | str] = {"characters": list(map(len, texts))}
    ids = [row.columns.get("completion_ids") for row in labelled.rows]
    tokens = [len(one) for one in ids if isinstance(one, list)]
    missing = len(ids) - len(tokens)
    found["tokens"] = (
        f"{missing:,} of {len(ids):,} rows have no completion_ids" if missing else tokens
    )
    return found


def _find_column(rows: Sequence[Mapping[str, object]], prompt: str | None) -> str | None:
    names = (*GROUP_COLUMNS, prompt) if prompt else GROUP_COLUMNS
    return next((name for name in names if all(row.get(name) is not None for row in rows)), None)
