"""A row as the page lists it: cut to size and ready to be JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from rewards.columns import COLUMN_ALIASES, Role
from rewards.text.shorten import cut_middle
from rewards.text.visible import visible
from rewards.workbench.reporting.display import script_json
from rewards.workbench.reporting.scored_rows import ScoredRow, as_text

MAX_COLUMNS = 20
COLUMN_CHARACTERS = 600
VERDICT_CHARACTERS = 400


class ListedRow(TypedDict):
    """A row on the page.

    Attributes:
        run: which of the files, from 0.
        line: its line in the file.
        text: the completion, cut in the middle; `None` if there is none.
        length: the completion's length before it was cut: in tokens if the row has its ids, or
            else in characters.
        truth: the label.
        groups: value by grouping column.
        verdicts: by reward: score, status, extracted, expected, reason.
        columns: the other columns as pairs of name and text.
    """

    run: int
    line: int
    text: str | None
    length: int | None
    truth: bool | None
    groups: dict[str, str]
    verdicts: dict[str, tuple[float | None, str, str | None, str | None, str]]
    columns: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RowCutter:
    """Cuts rows to size: `max_characters` of the completion, less of the rest."""

    max_characters: int
    completion_column: str | None = None

    def listed(self, row: ScoredRow, run: int) -> str:
        """The row as the page lists it, a `ListedRow` as JSON."""
        shown_elsewhere = {"completion_ids", *row.verdicts, self.completion_column}
        if self.completion_column is None:
            aliases = COLUMN_ALIASES[Role.COMPLETION]
            shown_elsewhere.add(next((name for name in aliases if name in row.columns), None))
        others = [name for name in row.columns if name not in shown_elsewhere]
        listed: ListedRow = {
            "run": run,
            "line": row.line,
            "text": None if row.text is None else _cut(row.text, self.max_characters),
            "length": row.length,
            "truth": row.truth,
            "groups": {visible(name): visible(value) for name, value in row.groups.items()},
            "verdicts": {
                visible(name): (
                    verdict.score,
                    verdict.status,
                    _cut_or_none(verdict.extracted),
                    _cut_or_none(verdict.expected),
                    _cut(verdict.reason, VERDICT_CHARACTERS),
                )
                for name, verdict in row.verdicts.items()
            },
            "columns": [
                (visible(name), _cut(as_text(row.columns[name]), COLUMN_CHARACTERS))
                for name in others[:MAX_COLUMNS]
            ],
        }
        return script_json(listed)


def _cut(text: str, limit: int) -> str:
    return visible(cut_middle(text, limit)[0])


def _cut_or_none(text: str | None) -> str | None:
    return None if text is None else _cut(text, VERDICT_CHARACTERS)
