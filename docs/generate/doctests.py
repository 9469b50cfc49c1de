"""Puts the doctests of docstrings into code blocks, for the pages made of them."""

from __future__ import annotations

import re
from typing import Any

import griffe

# From a prompt to the next blank line: what is typed and what is printed.
_DOCTEST = re.compile(r"^([ \t]*)>>> (?:.*\n?)(?:^[ \t]*\S.*\n?)*", re.MULTILINE)


def fenced(text: str) -> str:
    """The text with a fence around each doctest."""

    def fence(found: re.Match[str]) -> str:
        body = found[0].rstrip("\n")
        return f"{found[1]}```pycon\n{body}\n{found[1]}```\n"

    return text if "```pycon" in text else _DOCTEST.sub(fence, text)


class FencedDoctests(griffe.Extension):
    """Changes docstrings as they are collected."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """A module, class, function or attribute was read."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
