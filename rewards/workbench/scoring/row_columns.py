"""Which columns of a file hold what: decided once from its head, the same on every resume."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rewards.columns import Role, columns_for, missing_column, missing_columns
from rewards.completion import completion_text
from rewards.errors import DataFileError, InputError
from rewards.reward import Reward
from rewards.text.counted import counted
from rewards.text.shorten import shorten_repr
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import RowReader, parse_row
from rewards.workbench.scoring.completion_lists import holds_several, summary_name, unfold

HEAD_ROWS = 1000
HEAD_BYTES = 32 * 2**20

# The names that a row which cannot be read gets in the output.
BAD_ROW_FIELDS = ("line", "error", "raw")


@dataclass(frozen=True, kw_only=True)
class NamedColumns:
    """Columns that the user named; `None` looks the name up in `rewards.columns`."""

    completion: str | None = None
    prompt: str | None = None
    reference: str | None = None
    tests: str | None = None

    def of(self, role: Role | None) -> str | None:
        """The column named for a role that a reward may have."""
        return {Role.REFERENCE: self.reference, Role.TESTS: self.tests}.get(role) if role else None


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns in use.

    Attributes:
        completion: the column with what the model wrote.
        other_completions: where it stands in rows that leave that column empty.
        prompt: the column with the prompt, if there is one.
        reference: the column that the user named for references; `None` takes, row by row, the
            first one of the table that the row fills.
        references_seen: the columns of the file's head that can be references, best first.
        tests_seen: those that can be tests of programs, where a reward reads some.
        several: whether rows hold lists of completions.
        notes: what a user should know about the choice, one sentence each.
    """

    completion: str
    other_completions: tuple[str, ...] = ()
    prompt: str | None = None
    reference: str | None = None
    references_seen: tuple[str, ...] = ()
    tests_seen: tuple[str, ...] = ()
    several: bool = False
    notes: tuple[str, ...] = ()


def choose_columns(
    path: Path,
    rewards: Sequence[tuple[str, Reward | None]],
    named: NamedColumns,
    opened: Callable[[Path], RowReader] = open_rows,
) -> Columns:
    """Choose the columns by looking at the first rows of a file.

    Args:
        path: the input file.
        rewards: what will be computed, with the name of its output column; `None` for a function,
            which takes whatever columns there are.
        named: what the user asked for.
        opened: opens the file.

    Raises:
        MissingColumnError: no column holds what is needed.
        DataFileError: the file holds no row, or none of the first rows can be used.
        InputError: the file already has a column named like a reward.
    """
    paths = paths_of([*vars(named).values(), *(one.column for _, one in rewards if one)])
    head, recognised = _read_head(path, opened)
    rows = [(line, with_paths(row, paths)) for line, row in head]
    seen = list(dict.fromkeys(name for _, row in rows for name in row))
    _check_clashes(path, seen, [label for label, _ in rewards])
    notes = [f"{path} is read as {recognised}"] if recognised else []
    # All that is missing in one error, so that nobody mends one column after the other.
    lacking = _find_lacking(seen, rewards, named)
    if lacking:
        raise missing_columns(lacking, seen, source=str(path))
    found = columns_for(Role.COMPLETION, seen, column=named.completion)
    if not found:
        raise missing_column(Role.COMPLETION, seen, needed_by=str(path), column=named.completion)
    completion = found[0]
    others = _disjoint(found, [row for _, row in rows])
    if others:
        shown = " or ".join(map(repr, others))
        notes.append(f"the completion is read from {completion!r}, in rows without it from {shown}")
        rows = [(line, with_completion(row, completion, others)) for line, row in rows]
    elif len(found) > 1:
        notes.append(_ambiguity(Role.COMPLETION, completion, found[1:]))
    prompt = _choose_one(Role.PROMPT, seen, named.prompt, notes)
    if prompt is None and named.prompt is not None:
        raise missing_column(Role.PROMPT, seen, needed_by=str(path), column=named.prompt)
    references, tests = _choose_references(seen, rewards, named)
    if len(references) > 1:
        notes.append(_ambiguity(Role.REFERENCE, references[0], references[1:]))
    # Lists of completions get summary columns, whose names must be free, too.
    several = any(holds_several(row.get(completion)) for _, row in rows)
    labels = [label for label, _ in rewards]
    _check_clashes(path, labels, [summary_name(label) for label in labels])
    if several:
        _check_clashes(path, seen, [summary_name(label) for label in labels])
        rows = [(line, one) for line, row in rows for one in unfold(row, completion)]
    _check_completions(path, rows, completion)
    return Columns(
        completion=completion,
        other_completions=others,
        prompt=prompt,
        reference=named.reference,
        references_seen=tuple(references),
        tests_seen=tuple(tests),
        several=several,
        notes=tuple(notes),
    )


def _choose_references(
    seen: Sequence[str], rewards: Sequence[tuple[str, Reward | None]], named: NamedColumns
) -> tuple[list[str], list[str]]:
    """The columns that can be references, and those that can be tests, best first."""
    references: list[str] = []
    tests: list[str] = []
    for label, reward in rewards:
        if reward is None:
            continue
        # It judges the completion alone, but may have options that name columns.
        if reward.role is None:
            reward.check_columns({name: [] for name in seen}, 0)
            continue
        column = named.of(reward.role) or reward.column
        found = columns_for(reward.role, seen, column=column)
        if not found and reward.default_reference() is None:
            raise missing_column(reward.role, seen, needed_by=label, column=column)
        if reward.role is Role.REFERENCE:
            references = found
        if reward.role is Role.TESTS:
            tests = found
    return references, tests


def paths_of(names: Iterable[str | None]) -> tuple[str, ...]:
    """Those of the named columns that may be paths into columns.

    >>> paths_of(["answer", None, "reward_model.ground_truth"])
    ('reward_model.ground_truth',)
    """
    return tuple(dict.fromkeys(name for name in names if name is not None and "." in name))


def with_paths(row: dict[str, object], paths: Sequence[str]) -> dict[str, object]:
    """The row with what lies at each path as a column of its own; a column of that name is kept.

    >>> with_paths({"a": {"b": ["x", "y"]}}, ["a.b.1"])["a.b.1"]
    'y'
    """
    found = {path: value for path in paths if (value := _look_up(row, path)) is not None}
    return {**row, **{path: value for path, value in found.items() if path not in row}}


def _look_up(row: object, path: str) -> object:
    for name in path.split("."):
        if isinstance(row, dict):
            row = row.get(name)
        elif isinstance(row, list) and name.isdecimal() and int(name[:9]) < len(row):
            row = row[int(name[:9])]
        else:
            return None
    return row


def _find_lacking(
    seen: Sequence[str],
    rewards: Sequence[tuple[str, Reward | None]],
    named: NamedColumns,
) -> list[tuple[Role, str]]:
    """All roles that no column fills, when none was named for them; each with what needs it."""
    lacking = []
    if named.completion is None and not columns_for(Role.COMPLETION, seen):
        lacking.append((Role.COMPLETION, "every reward"))
    for label, reward in rewards:
        role = None if reward is None else reward.role
        if reward is None or role is None or reward.default_reference() is not None:
            continue
        column = named.of(role) or reward.column
        if column is None and not columns_for(role, seen):
            lacking.append((role, label))
    return lacking


def with_completion(
    row: dict[str, object], completion: str, others: Sequence[str]
) -> dict[str, object]:
    """The row with its completion in the column it is read from, also where it stands in another.

    >>> with_completion({"response": "4"}, "completion", ["response"])["completion"]
    '4'
    """
    if row.get(completion) is not None:
        return row
    found = next((row[name] for name in others if row.get(name) is not None), None)
    return row if found is None else {**row, completion: found}


def _disjoint(found: Sequence[str], rows: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    """The columns but the first, if each row fills one of all of them at most.

    Where a row fills two of them they say different things, and only the first is a completion.
    """
    filled = [[name for name in found if row.get(name) is not None] for row in rows]
    if any(len(names) > 1 for names in filled):
        return ()
    return tuple(name for name in found[1:] if [name] in filled)


def find_completion_flaw(row: Mapping[str, object], column: str) -> str:
    """Why a row's completion cannot be judged, in words, or "".

    >>> find_completion_flaw({"completion": 3}, "completion")
    "the column 'completion' holds 3: a completion is a string or a list of chat messages, not int"
    """
    value = row.get(column)
    if value is None:
        return f"the row has no {column!r}"
    try:
        completion_text(value)
    except InputError as error:
        return f"the column {column!r} holds {shorten_repr(value, 60)}: {error}"
    return ""


def _read_head(
    path: Path, opened: Callable[[Path], RowReader]
) -> tuple[list[tuple[int, dict[str, object]]], str]:
    """The rows of the file's head that can be read, with their line numbers, and whose they are."""
    rows: list[tuple[int, dict[str, object]]] = []
    first_flaw, broken, size = "", 0, 0
    with opened(path) as reader:
        recognised = reader.recognised
        for raw in islice(reader, HEAD_ROWS):
            parsed = parse_row(raw)
            if isinstance(parsed, dict):
                rows.append((raw.line, parsed))
            else:
                broken += 1
                first_flaw = first_flaw or f"{path}:{raw.line}: {parsed}"
            size += len(raw.text)
            if size > HEAD_BYTES:
                break
    if rows:
        return rows, recognised
    if not broken:
        raise DataFileError(f"{path}: holds no rows; give a file with some")
    raise DataFileError(
        f"{first_flaw} ({counted(broken, 'row')} read, none is a JSON object; give a JSONL file "
        "with one object a line)"
    )


def _check_clashes(path: Path, seen: Sequence[str], labels: Sequence[str]) -> None:
    for label in labels:
        if label in BAD_ROW_FIELDS:
            raise InputError(
                f"a reward cannot be called {label!r}: rows that cannot be read use that column; "
                f"give it another name: --reward my_{label}=…"
            )
        if label in seen:
            raise InputError(
                f"{path}: already has a column {label!r}, which the reward would write; give the "
                f"result another name: --reward {label}_2={label}, or rename the column"
            )


def _choose_one(role: Role, seen: Sequence[str], named: str | None, notes: list[str]) -> str | None:
    found = columns_for(role, seen, column=named)
    if len(found) > 1:
        notes.append(_ambiguity(role, found[0], found[1:]))
    return found[0] if found else None


def _ambiguity(role: Role, taken: str, others: Sequence[str]) -> str:
    also = ", ".join(repr(name) for name in others)
    return (
        f"the {role.value} is read from {taken!r} (there is also {also}; "
        f"--{role.value}-column chooses)"
    )


def _check_completions(
    path: Path, rows: Sequence[tuple[int, dict[str, object]]], column: str
) -> None:
    """Refuse a file in which no completion of the head can be read."""
    first_flaw = ""
    for line, row in rows:
        flaw = find_completion_flaw(row, column)
        if not flaw:
            return
        first_flaw = first_flaw or f"{path}:{line}: {flaw}"
    raise DataFileError(
        f"{first_flaw}; {counted(len(rows), 'row')} read, none has a usable completion; name the "
        "right column with --completion-column"
    )
