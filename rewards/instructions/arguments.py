"""What an instruction asks for, read from a row's `kwargs`, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class BadInstructionError(ValueError):
    """A row's instruction is unknown or lacks an argument. Never leaves `rewards`."""


class Found(NamedTuple):
    """Whether an instruction was followed (`None`: it cannot be told here) and what was there."""

    followed: bool | None
    said: str


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one instruction; a dataset fills those of other instructions with `None`."""

    instruction: str
    given: Mapping[str, object]

    def number(self, name: str) -> int:
        """A whole number, which parquet may hold as a float."""
        value = self.given.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise self._missing(name, "a whole number")
        return int(value)

    def text(self, name: str) -> str:
        """A text that is not blank."""
        value = self.given.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self._missing(name, "a text")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts, not empty."""
        value = self.given.get(name)
        if isinstance(value, str) or not isinstance(value, Sequence) or not value:
            raise self._missing(name, "a list of texts")
        if not all(isinstance(item, str) and item.strip() for item in value):
            raise self._missing(name, "a list of texts")
        return list(value)

    def compared(self, count: int, things: str, *, wanted: str, relation: str) -> Found:
        """A count against the number in `wanted`, by the words in `relation`."""
        number, how = self.number(wanted), self.given.get(relation)
        if how in {None, "at least"}:
            return Found(count >= number, f"{count} {things}, at least {number} wanted")
        if how == "less than":
            return Found(count < number, f"{count} {things}, less than {number} wanted")
        raise self._missing(relation, "'at least' or 'less than'")

    def _missing(self, name: str, wanted: str) -> BadInstructionError:
        value = self.given.get(name)
        return BadInstructionError(
            f"{self.instruction} needs {name} to be {wanted}, not {value!r:.60}"
        )
