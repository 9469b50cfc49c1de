"""What lies beside these modules in its own language: the two ends of the line."""

from __future__ import annotations

from pathlib import Path


def part(name: str) -> str:
    """The text of such a file."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
