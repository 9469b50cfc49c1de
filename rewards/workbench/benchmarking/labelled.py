r"""Rows to measure on: a completion, what is right, and whether the completion is right.

Columns have their usual names: `completion`, `response`, …; the truth (see `columns.truth`) in
`label`, `correct` or `is_correct`; `kind` (or `source`) says what sort of row it is and `category`
what sort of kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from rewards.columns import COLUMN_ALIASES, Role, columns_for, truth
from rewards.errors import DataFileError
from rewards.workbench.rows.columns_read import filled_columns
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import parse_row
from rewards.workbench.scoring.completion_lists import unfold
from rewards.workbench.scoring.row_columns import find_completion_flaw, paths_of, with_paths

KINDS = ("kind", "source")
# Kinds whose completion is one as it stands, boxed or not.
_WHOLE = frozenset({"completion", "full_completion", "text"})


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One row.

    Attributes:
        line: its number in its file, from 1.
        truth: whether the completion is right; `None` where the row does not say.
        kind: what sort of row it is, or "".
        category: what sort of kind that is, or "".
        columns: the whole row, with the completion's column as `LabelledSet.completion` says.
    """

    line: int
    truth: bool | None
    kind: str
    category: str
    columns: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """The rows of one file.

    Attributes:
        name: what the file is called.
        completion: the column with the completions.
        prompt: the column with the prompts, if there is one.
        rows: the rows, in order.
        reference: the column that the user named for references, if he did.
        tests: the same for tests of programs.
        columns: what is read for what, of a user's file.
    """

    name: str
    completion: str
    prompt: str | None
    rows: tuple[LabelledRow, ...]
    reference: str | None = None
    tests: str | None = None
    columns: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LabelledColumns:
    """Columns that the user named; `None` looks the name up in `rewards.columns`."""

    completion: str | None = None
    prompt: str | None = None
    reference: str | None = None
    tests: str | None = None
    label: str | None = None
    kind: str | None = None


def shipped(name: str) -> Path:
    """A set that comes with the package: `math_labelled`, `attacks` or `rollouts`."""
    return Path(str(files("rewards.workbench.benchmarking") / "data" / f"{name}.jsonl"))


def load_labelled(
    path: Path,
    *,
    name: str | None = None,
    box_bare: bool = False,
    need_truth: bool = True,
    columns: LabelledColumns | None = None,
) -> LabelledSet:
    r"""Read a file of rows.

    Args:
        path: a file or folder in any format that `open_rows` knows. A row with a list of
            completions stands for each of them, with its part of a list of labels.
        name: what to call the set; by default the file's name without its ending.
        box_bare: put a completion without `\boxed` in a box, unless its kind says that it is a
            whole one (`completion`, `full_completion`, `text`): for files that hold answers.
        need_truth: refuse rows that do not say whether the completion is right.
        columns: what the user named.

    Raises:
        DataFileError: a row is broken, has no completion or no truth; the message names it.
    """
    rows: list[LabelledRow] = []
    named = columns or LabelledColumns()
    completion, prompt = named.completion, named.prompt
    paths = paths_of(vars(named).values())
    kinds = KINDS if named.kind is None else (named.kind,)
    with open_rows(path) as reader:
        for raw in reader:
            row = parse_row(raw)
            if isinstance(row, str):
                raise DataFileError(f"{path}:{raw.line}: {row}; a benchmark needs every row")
            row = with_paths(row, paths)
            completion = completion or _first(Role.COMPLETION, row)
            prompt = prompt or _first(Role.PROMPT, row)
            if completion is None:
                raise DataFileError(
                    f"{path}:{raw.line}: has no completion; name its column one of "
                    f"{', '.join(COLUMN_ALIASES[Role.COMPLETION])}"
                )
            for one in unfold(row, completion):
                if flaw := find_completion_flaw(one, completion):
                    raise DataFileError(f"{path}:{raw.line}: {flaw}")
                right = truth(one, named.label)
                if right is None and need_truth:
                    raise DataFileError(
                        f"{path}:{raw.line}: does not say whether the completion is right; put "
                        "true or false in a column called "
                        f"{', '.join(COLUMN_ALIASES[Role.LABEL])} (--signal needs none)"
                    )
                kind = next((str(one[name]) for name in kinds if one.get(name) is not None), "")
                if box_bare and kind not in _WHOLE:
                    one[completion] = _boxed(one[completion])
                category = str(one.get("category") or "")
                rows.append(LabelledRow(raw.line, right, kind, category, one))
    if completion is None:
        raise DataFileError(f"{path}: holds no rows; give a file with one row for each completion")
    roles = (Role.REFERENCE, Role.TESTS, *((Role.LABEL,) if need_truth else ()))
    read = filled_columns(
        (one.columns for one in rows), {role: getattr(named, role.value) for role in roles}
    )
    return LabelledSet(
        name or set_name(path),
        completion,
        prompt,
        tuple(rows),
        named.reference,
        named.tests,
        {} if columns is None else {"completion": completion, "prompt": prompt, **read},
    )


def set_name(path: Path) -> str:
    """A file's name without its ending.

    >>> set_name(Path("sets/hard.jsonl.gz"))
    'hard'
    """
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


def _first(role: Role, row: Mapping[str, object]) -> str | None:
    return next(iter(columns_for(role, row)), None)


def _boxed(completion: object) -> object:
    if not isinstance(completion, str) or "\\boxed" in completion:
        return completion
    answer = completion.strip()
    inside = answer[1:-1]
    if len(answer) > 2 and answer[0] == answer[-1] == "$" and "$" not in inside:
        answer = inside
    return f"\\boxed{{{answer}}}"
