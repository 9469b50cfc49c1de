"""What a recipe is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a paper fixes.

    Attributes:
        name: what `GRPOConfig(recipe=…)` takes.
        paper: where the numbers are from.
        settings: fields of `GRPOConfig` -> values.
        notes: what no field can hold, or where the paper is silent.
    """

    name: str
    paper: str
    settings: Mapping[str, Any]
    notes: tuple[str, ...] = ()
