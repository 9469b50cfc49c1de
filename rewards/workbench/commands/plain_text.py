"""Texts of files, models and users as a terminal may show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewards.text.visible import visible

if TYPE_CHECKING:
    from rich.text import Text


def plain(text: str, *, style: str = "") -> Text:
    r"""A text as it stands, for a Rich console: no markup in it, no escape sequence.

    >>> print(plain("[red]a\x1b[2J"))
    [red]a⟨U+001B⟩[2J
    """
    from rich.text import Text  # `--help` is quick

    return Text(visible(text), style=style)
