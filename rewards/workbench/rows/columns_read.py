"""Which columns of a file are read for what, as every summary says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rewards.columns import Role, columns_for


def filled_columns(
    rows: Iterable[Mapping[str, object]], roles: Mapping[Role, str | None]
) -> dict[str, str]:
    """By role the first column that fills it in the first row that has one.

    `roles` gives the column that the user named, or `None` for the usual names.

    >>> filled_columns([{"Answer": "4", "q": ""}], {Role.REFERENCE: None, Role.PROMPT: "q"})
    {'reference': 'Answer', 'prompt': 'q'}
    """
    found: dict[str, str] = {}
    for row in rows:
        for role, named in roles.items():
            names = columns_for(role, row) if named is None else [named]
            for name in names[:1]:
                found.setdefault(role.value, name)
        if len(found) == len(roles):
            break
    return found


def columns_in_words(columns: Mapping[str, str | None]) -> str:
    """The line that summaries say it with; nothing where no column was read.

    >>> columns_in_words({"completion": "response", "prompt": None, "reference": "answer"})
    "columns read: completion 'response', reference 'answer'"
    """
    named = [f"{role} {name!r}" for role, name in columns.items() if name is not None]
    return f"columns read: {', '.join(named)}" if named else ""
