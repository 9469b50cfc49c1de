"""What travels between the processes of a run: rows, and single completions of rows.

A row is sent as its text, and a completion as a place in it: so a row with thousands of them is
sent once for those that are judged together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypedDict

from rewards.named.spec import own_code_in
from rewards.workbench.rows.rows import RawRow, parse_row
from rewards.workbench.scoring.completion_lists import (
    find_ids_flaw,
    holds_several,
    summary_name,
    unfold,
)
from rewards.workbench.scoring.row_columns import (
    find_completion_flaw,
    with_completion,
    with_paths,
)


class _Options(TypedDict, total=False):
    whole_groups: bool  # whether a reward compares the completions of a prompt
    several: bool  # whether rows hold lists of completions
    cache: str | None  # where verdicts are remembered
    code: str  # what they are remembered of
    paths: list[str]  # columns that are paths into others
    others: list[str]  # where completions stand in rows that leave their column empty
    tests: str | None  # the column that the user named for tests


class Job(_Options):
    """What every chunk of one run has in common, as plain JSON."""

    rewards: list[tuple[str, str]]  # label, source
    completion: str
    prompt: str | None
    reference: str | None
    search_path: str


WireRow = tuple[int, str, str]
"""A `RawRow` as a JSON list."""

WirePart = WireRow | tuple[int, str, str, int, int]
"""A row with the first of its completions that are meant, and the one behind the last; or all."""


class Single(NamedTuple):
    """One completion of a row: the `at`-th."""

    row: WireRow
    at: int


def users_rewards(job: Job) -> dict[str, str]:
    """The paths of what is not ours in each reward, by label, where there is any."""
    paths = {label: ", ".join(own_code_in(source)) for label, source in job["rewards"]}
    return {label: own for label, own in paths.items() if own}


def unfold_rows(job: Job, rows: Sequence[WireRow]) -> list[Single]:
    """The completions of the rows, one by one."""
    return [
        Single(row, at) for row in rows for at in range(len(_completions_of(job, RawRow(*row))))
    ]


def pack(singles: Sequence[Single]) -> list[WirePart]:
    """Completions as parts of rows: a row once for those that stand side by side in it."""
    parts: list[WirePart] = []
    start = 0
    for at, one in enumerate(singles):
        following = singles[at + 1] if at + 1 < len(singles) else None
        if following is None or following.row is not one.row or following.at != one.at + 1:
            parts.append((*one.row, singles[start].at, one.at + 1))
            start = at + 1
    return parts


def find_flaws(job: Job, parts: Sequence[WirePart]) -> list[str]:
    """Why each completion of parts of rows cannot be judged by any reward, or ""."""
    return [find_flaw(job, row) for row in parse_parts(job, parts)]


def parse_parts(job: Job, parts: Sequence[WirePart]) -> list[dict[str, object] | str]:
    """The completions of parts of rows as objects, or why they cannot be judged."""
    found: list[dict[str, object] | str] = []
    for line, text, flaw, *part in parts:
        each = _completions_of(job, RawRow(line, text, flaw))
        found += each[slice(*part)] if part else each
    return found


def parse_writable(job: Job, raw: RawRow) -> dict[str, object] | str:
    """The row as an object, or why the verdicts cannot be written into it."""
    row = parse_row(raw)
    if isinstance(row, str):
        return row
    written = [label for label, _ in job["rewards"]]
    if is_several(job, row):
        written += [summary_name(label) for label in written]
    taken = [name for name in written if name in row]
    if taken:
        return f"the row already has a column {taken[0]!r}"
    row = with_paths(row, job.get("paths", ()))
    return with_completion(row, job["completion"], job.get("others", ()))


def _completions_of(job: Job, raw: RawRow) -> Sequence[dict[str, object] | str]:
    return completions_in(job, parse_writable(job, raw))


def find_flaw(job: Job, row: dict[str, object] | str) -> str:
    """Why a completion cannot be judged by any reward, or ""."""
    if isinstance(row, str):
        return row
    if row.get(job["completion"]) == []:
        return f"the column {job['completion']!r} holds no completion"
    return find_completion_flaw(row, job["completion"])


def completions_in(job: Job, row: dict[str, object] | str) -> Sequence[dict[str, object] | str]:
    """The row as often as it has completions."""
    if isinstance(row, str):
        return [row]
    each = unfold(row, job["completion"])
    flaw = find_ids_flaw(row, job["completion"])
    return [flaw] * len(each) if flaw else each


def is_several(job: Job, row: Mapping[str, object]) -> bool:
    """Whether lists of verdicts are written: the file holds lists, or this row does."""
    return bool(job.get("several")) or holds_several(row.get(job["completion"]))
