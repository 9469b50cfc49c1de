"""A batch given as columns: which of them a reward reads, one value per completion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeGuard

from rewards.columns import Role, columns_for, missing_column
from rewards.errors import InputError


@dataclass(frozen=True, kw_only=True)
class ReadsColumns:
    """What looks up its own columns in a batch, and says which is missing or of the wrong length.

    Attributes:
        name: what the errors call it.
        column: the dataset column to read the reference from; by default the first known name.
    """

    name: str
    column: str | None = None

    role: ClassVar[Role | None] = None
    """What it needs from a row; `None` for the completion alone."""
    also_reads: ClassVar[tuple[str, ...]] = ()
    """Further columns that it looks at where a row has them."""

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        # A combination finds its role in its parts, by a property.
        if cls.role is not None and not isinstance(cls.role, Role | property):
            known = ", ".join(f"Role.{role.name}" for role in Role)
            raise InputError(f"{cls.__name__}.role is {cls.role!r}; it takes None or {known}")

    def default_reference(self) -> object:
        """What stands for the reference of a row that has none, such as an option; or `None`."""
        return None

    def check_columns(self, columns: Mapping[str, object], count: int) -> None:
        """Raise what `verdicts` would raise for these columns of `count` values each."""
        self._references(columns, count)
        self._rows(columns, count)

    def _references(self, columns: Mapping[str, object], count: int) -> Sequence[object]:
        if self.role is None:
            return [None] * count
        lists = {name: value for name, value in columns.items() if is_column(value)}
        names = columns_for(self.role, columns, column=self.column)
        if not names:
            if self.default_reference() is not None:
                return [None] * count
            raise missing_column(self.role, lists, needed_by=self.name, column=self.column)
        found = [self._checked_column(name, columns[name], count) for name in names]
        if len(found) == 1:
            return found[0]
        # Rows of a mixed dataset fill different columns: each takes the first that it fills.
        return [
            next((value for value in row if not is_missing(value)), None)
            for row in zip(*found, strict=True)
        ]

    def _check_completions(self, completions: object) -> None:
        if not is_column(completions):
            raise InputError(
                f"{self.name}: completions must be a list, not {type(completions).__name__}; "
                "for a single completion use verify(completion, reference)"
            )

    def _rows(self, columns: Mapping[str, object], count: int) -> Sequence[Mapping[str, object]]:
        """Each row's cells in the columns named by `also_reads`."""
        named = (self.column,) if self.column is not None and self.role is None else ()
        read = {
            name: self._checked_column(name, columns[name], count)
            for name in (*self.also_reads, *named)
            if is_column(columns.get(name))
        }
        if not read:
            return [{}] * count
        return [{name: cells[at] for name, cells in read.items()} for at in range(count)]

    def _optional_column(self, name: str, value: object, count: int) -> Sequence[object]:
        return [None] * count if value is None else self._checked_column(name, value, count)

    def _checked_column(self, name: str, value: object, count: int) -> Sequence[object]:
        if not is_column(value):
            raise InputError(
                f"{self.name}: the column {name!r} is a {type(value).__name__}; "
                f"give a list with one value per completion ({count})"
            )
        column: list[object] = list(value)
        if len(column) != count:
            raise InputError(
                f"{self.name}: the column {name!r} has {len(column)} values for {count} "
                "completions; give exactly one per completion"
            )
        return column


def is_column(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether a keyword holds one value per completion (lists, tuples, arrays; not text)."""
    return (
        hasattr(value, "__len__")
        and hasattr(value, "__getitem__")
        and not isinstance(value, str | bytes | Mapping)
    )


def is_missing(value: object) -> bool:
    """Whether a cell is empty: `None`, or the NaN that pandas puts in its place."""
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124
