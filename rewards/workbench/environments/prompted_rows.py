"""The rows of a file, each with the prompt that a model is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rewards.columns import Role, columns_for
from rewards.errors import InputError
from rewards.workbench.commands.streams import files_for_streams
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import parse_row


@dataclass(frozen=True, slots=True)
class PromptedRow:
    """One row.

    Attributes:
        prompt: a text, or chat messages.
        cells: the whole row, the prompt and what is right among its cells.
    """

    prompt: str | list[dict[str, object]]
    cells: Mapping[str, object]


def prompted_rows(data: str, *, prompt_column: str | None = None) -> Iterator[PromptedRow]:
    """The rows in order, read as they are needed.

    Args:
        data: a file or folder in any format that `rlvr score` reads, or an address (`s3://…`,
            `hf://…`).
        prompt_column: the column of the prompts; by default the first of their usual names.

    Raises:
        InputError: there are no rows; or a row cannot be read, or has no prompt.
        DataFileError: the file cannot be opened.
        MissingExtraError: a package that reads the format or the address is not installed.
    """
    if not data:
        raise InputError("no data: name a file of rows, such as rows.jsonl")
    at = 0
    with (
        files_for_streams([Path(data).expanduser()], None) as ((path,), _),
        open_rows(path) as rows,
    ):
        for at, raw in enumerate(rows, 1):
            cells = parse_row(raw)
            if isinstance(cells, str):
                raise InputError(f"{data}: row {at} (line {raw.line}): {cells}")
            filled = [name for name, cell in cells.items() if cell is not None]
            found = columns_for(Role.PROMPT, filled, column=prompt_column)
            prompt = cells.get(found[0]) if found else None
            if not _is_prompt(prompt):
                where = repr(found[0]) if found else "no column"
                raise InputError(
                    f"{data}: row {at} (line {raw.line}) has no prompt, which is a text or "
                    f"chat messages: {where} is read for it; columns: {', '.join(cells)[:300]}"
                )
            yield PromptedRow(prompt, cells)  # type: ignore[arg-type]  # checked above
    if not at:
        raise InputError(f"{data}: no rows")


def _is_prompt(value: object) -> bool:
    """Whether this is a text, or chat messages.

    >>> _is_prompt("2+2?"), _is_prompt([{"role": "user", "content": "2+2?"}]), _is_prompt([])
    (True, True, False)
    """
    if isinstance(value, str):
        return bool(value.strip())
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and isinstance(one.get("role"), str) for one in value)
    )
