"""A row's own solutions: what the data set says is right, read as programs.

Not covered: running them, and solutions that a data set knows to be wrong (`incorrect_solutions`).

Shapes: one source (HumanEval, MBPP, BigCodeBench), with or without a fence; a list of them, also as
JSON text (APPS, TACO); a mapping of languages and sources of equal length (CodeContests). A source
that begins indented goes on where the row's prompt ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rewards.columns import without_arrays
from rewards.extraction.code_blocks import TooManyFencesError, find_blocks
from rewards.programs.choice import choose_program
from rewards.programs.languages import Kind, family, read_name
from rewards.programs.literals import read_json
from rewards.programs.task import Task

SOLUTION_COLUMNS = (
    "canonical_solution", "reference_solution", "gold_standard_solution", "solution_code",
    "solutions", "code", "solution",
)  # fmt: skip
"""Where a row of programs has its own solutions, if it has any; the first that is filled counts."""

BEGINNINGS = ("declaration", "code_prompt", "complete_prompt")
"""What a solution goes on from, beside the prompt (HumanEvalPack, BigCodeBench)."""

BODY = re.compile(r"(?:[^\S\n]*\n)*[ \t]+\S")
"""A source whose first line that is not empty is indented."""

_TRIED_MAX = 3
_TEXT_MAX = 50_000_000
_OF_CODE_CONTESTS = {1: "", 2: "cpp", 3: "python", 4: "java"}  # 1 is Python 2; 0 is unknown


@dataclass(frozen=True)
class Program:
    """A source, and what it is written in."""

    source: str
    language: str


def own_solutions(
    cells: Mapping[str, object],
    columns: Iterable[str],
    *,
    task: Task,
    default: str,
    prompt: object = None,
) -> list[Program]:
    """The first few solutions in a row, of the row's language where it asks for one.

    Args:
        cells: the row's cells by column.
        columns: those that may hold solutions, in order.
        task: the row, read.
        default: the language where neither row nor solution says one.
        prompt: what a solution may go on from.
    """
    cell = next((cells[name] for name in columns if _is_filled(cells.get(name))), None)
    asked = task.asked.language if task.asked is not None else ""
    found: list[Program] = []
    for said, text in _texts(without_arrays(cell)):
        made = _read(text, said or asked or default, task, [*_beginnings(cells, task, prompt)])
        fits = made is not None and (not asked or family(made.language) == family(asked))
        if made is not None and fits and made not in found:
            found.append(made)
    return _of_each_language(found)


def _is_filled(value: object) -> bool:
    return value is not None and (not hasattr(value, "__len__") or len(value) > 0)


def _texts(cell: object) -> list[tuple[str, str]]:
    """Sources, each with the language that the cell says it has."""
    if isinstance(cell, str):
        if cell.lstrip()[:1] != "[" or len(cell) > _TEXT_MAX:
            return [("", cell)]
        try:
            cell = read_json(cell)
        except (ValueError, RecursionError):
            return [("", str(cell))]
    if isinstance(cell, Mapping):
        languages, sources = cell.get("language"), cell.get("solution")
        if not isinstance(languages, Sequence) or not isinstance(sources, Sequence):
            return []
        return [
            (said, source)
            for number, source in zip(languages, sources, strict=False)
            if (said := _OF_CODE_CONTESTS.get(number, "")) and isinstance(source, str)
        ]
    return [("", text) for text in cell if isinstance(text, str)] if isinstance(cell, list) else []


def _beginnings(cells: Mapping[str, object], task: Task, prompt: object) -> Iterable[str]:
    for text in (*(cells.get(name) for name in BEGINNINGS), task.read.stub, prompt):
        if isinstance(text, str) and text.strip():
            yield text if text.endswith("\n") else f"{text}\n"


def _read(text: str, language: str, task: Task, begun: Sequence[str]) -> Program | None:
    source = text
    if "```" in text:
        try:
            chosen = choose_program(find_blocks(text), task.wanted)
        except TooManyFencesError:
            return None
        if chosen is None or chosen.language.kind is Kind.FOREIGN:
            return None
        source, language = chosen.source, chosen.language.language or language
    if not source.strip():
        return None
    if BODY.match(source):
        source = begun[0] + source if begun else source
    return Program(source, read_name(language).language or language)


def _of_each_language(found: Sequence[Program]) -> list[Program]:
    """The first few, of each language one before a second of any."""
    firsts = list({made.language: made for made in reversed(found)}.values())[::-1]
    others = [made for made in found if made not in firsts]
    return [*firsts, *others][:_TRIED_MAX]
