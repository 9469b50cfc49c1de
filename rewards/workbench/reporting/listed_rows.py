"""A row as the page lists it: cut to size and ready to be JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, TypedDict

from rewards.columns import Role, columns_for
from rewards.text.shorten import cut_middle
from rewards.text.visible import visible
from rewards.workbench.reporting.display import script_json
from rewards.workbench.reporting.figures import RewardScores, RunFigures
from rewards.workbench.reporting.scored_rows import ScoredRow, ScoredVerdict, as_text
from rewards.workbench.reporting.typesetting import Tree, typeset

MAX_COLUMNS = 20
COLUMN_CHARACTERS = 600
VERDICT_CHARACTERS = 400
REASON_CHARACTERS = 1000  # of a program it says what each test expected and got


ListedVerdict: TypeAlias = tuple[
    float | None, str, str | None, str | None, str, str | None, str, Tree | None, Tree | None
]
"""Score, status, extracted, expected, reason, the kind of reason for a score of 0 or none, how the
answer was found and compared, and what was extracted and expected as MathML."""


class ListedRow(TypedDict):
    """A row on the page.

    Attributes:
        run: which of the files, from 0.
        line: its line in the file.
        nth: which of the line's completions, from 1; 0 where there is one.
        prompt: a number that the completions of one prompt share; `None` where nothing says.
        step: of the training run.
        question: the prompt's text.
        reference: what is right.
        text: the completion, cut in the middle; `None` if there is none.
        whole: whether it was not cut.
        length: the completion's length before it was cut: in tokens if the row has its ids, or
            else in characters.
        truth: the label.
        groups: value by grouping column.
        verdicts: by reward, see `ListedVerdict`.
        columns: the other columns as pairs of name and text.
    """

    run: int
    line: int
    nth: int
    prompt: int | None
    step: float | None
    question: str | None
    reference: str | None
    text: str | None
    whole: bool
    length: int | None
    truth: bool | None
    groups: dict[str, str]
    verdicts: dict[str, ListedVerdict]
    columns: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RowCutter:
    """Cuts rows to size: `max_characters` of the completion, less of the rest."""

    max_characters: int
    completion_column: str | None = None

    def listed(self, row: ScoredRow, run: int, figures: RunFigures) -> str:
        """The row as the page lists it, a `ListedRow` as JSON.

        Args:
            row: a row that `figures` has counted.
            run: which of the files it is of.
            figures: that file's.
        """
        shown_elsewhere = {"completion_ids", *row.verdicts, self.completion_column}
        for role in (Role.COMPLETION, Role.PROMPT, Role.REFERENCE):
            if role is Role.COMPLETION and self.completion_column is not None:
                continue
            names = columns_for(role, row.columns)
            shown_elsewhere.add(next((n for n in names if row.columns[n] is not None), None))
        others = [name for name in row.columns if name not in shown_elsewhere]
        listed: ListedRow = {
            "run": run,
            "line": row.line,
            "nth": row.nth,
            "prompt": None if row.prompt is None else row.prompt >> 16,  # JavaScript has 53 bits
            "step": row.step,
            "question": _cut_or_none(row.question, COLUMN_CHARACTERS),
            "reference": _cut_or_none(row.reference, COLUMN_CHARACTERS),
            "text": _cut_or_none(row.text, self.max_characters),
            "whole": row.text is None or len(row.text) <= self.max_characters,
            "length": row.length,
            "truth": row.truth,
            "groups": {visible(name): visible(value) for name, value in row.groups.items()},
            "verdicts": {
                visible(name): _verdict(verdict, figures.rewards[name])
                for name, verdict in row.verdicts.items()
            },
            "columns": [
                (visible(name), _cut(as_text(row.columns[name]), COLUMN_CHARACTERS))
                for name in others[:MAX_COLUMNS]
            ],
        }
        return script_json(listed)


def _verdict(verdict: ScoredVerdict, figures: RewardScores) -> ListedVerdict:
    return (
        verdict.score,
        verdict.status,
        _cut_or_none(verdict.extracted, VERDICT_CHARACTERS),
        _cut_or_none(verdict.expected, VERDICT_CHARACTERS),
        _cut(verdict.reason, REASON_CHARACTERS),
        visible(figures.kind_of(verdict)) if verdict.is_zero_or_none else None,
        " ".join(word for word in (verdict.found_in, verdict.basis) if word),
        None if verdict.extracted is None else typeset(verdict.extracted),
        None if verdict.expected is None else typeset(verdict.expected),
    )


def _cut(text: str, limit: int) -> str:
    return visible(cut_middle(text, limit)[0])


def _cut_or_none(text: str | None, limit: int) -> str | None:
    return None if text is None else _cut(text, limit)
