r"""Fenced blocks of a completion, found in one pass over its lines.

Not covered: what a block is for, see `rewards.programs.choice`.

CommonMark, with what models write besides: fences indented in lists, closing fences indented
deeper than the opening one, and a fence inside a triple-quoted string of Python, which is part of
the program. Time is linear in the text, and more fences than any answer has are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rewards.extraction.tags import closes, tag_pattern

_FENCE = re.compile(r"(`{3,}|~{3,})(.*)", re.DOTALL)
_LIST_MARK = re.compile(r"(?:[-*+>]|\d{1,3}[.)])[ \t]{1,4}")
_TAG = re.compile(r"\{?[ \t]{0,4}\.?((?:gnu[ \t]{1,4})?[\w+#.-]{1,40})", re.IGNORECASE)
_DEEPER = 3  # columns that a closing fence may be further in than the opening one: CommonMark
_QUOTES = re.compile(r"\\.|'''|\"{3}|['\"#]")
_NOTABLE = re.compile(r"`{3}|~{3}|'{3}|\"{3}")  # in any line that opens, ends or hides a block
_THINK = tag_pattern("think")
MOST_FENCES = 40_000
"""Lines with a fence or a triple quote; more of them are a flood, and no program is in it."""
_HIDDEN = "\ue000"  # a private character that stands for `<` where a tag is program text


class TooManyFencesError(ValueError):
    """A text of more than `MOST_FENCES` such lines. Never leaves `rewards`."""

    def __init__(self) -> None:
        super().__init__(f"more than {MOST_FENCES:,} lines hold a fence or a triple quote")


@dataclass(frozen=True, slots=True)
class Block:
    """A closed block: its tag in lower case (may be empty), its source, where it stands."""

    tag: str
    source: str
    start: int
    end: int


@dataclass(slots=True)
class _Open:
    mark: str
    tag: str
    indent: int
    start: int
    first: int  # where its source starts
    quote: str = ""
    maybe_closed_at: tuple[int, int] | None = None


def find_blocks(text: str) -> list[Block]:
    r"""Every closed block, in order.

    >>> [(b.tag, b.source) for b in find_blocks("1. So:\n\n   ```py\n   x = 1\n   ```\n")]
    [('py', 'x = 1\n')]

    Raises:
        TooManyFencesError: the text is a flood of fences.
    """
    found: list[Block] = []
    opened: _Open | None = None
    for at, line in _lines(text):
        opened = _go_on(text, opened, at, line, found) if opened else _opening(line, at)
    if opened is not None and opened.maybe_closed_at is not None:
        found.append(_block(text, opened, *opened.maybe_closed_at))
    return found


def _go_on(text: str, opened: _Open, at: int, line: str, found: list[Block]) -> _Open | None:
    """What is open after one more line of a block."""
    bare = line.strip()
    if bare[:3] in {"```", "~~~"} and not opened.quote:
        indent = _width(line)
        closes = (
            bare[0] == opened.mark[0] and len(bare) >= len(opened.mark) and not bare.strip(bare[0])
        )
        if closes and indent <= opened.indent + _DEEPER:
            found.append(_block(text, opened, at, at + len(line)))
            return None
        if closes and opened.maybe_closed_at is None:
            opened.maybe_closed_at = at, at + len(line)
        elif opened.maybe_closed_at is not None and (another := _opening(line, at)) is not None:
            found.append(_block(text, opened, *opened.maybe_closed_at))
            return another
    if opened.tag.startswith("py") or not opened.tag:
        opened.quote = _quote_after(line, opened.quote)
    return opened


def _opening(line: str, at: int) -> _Open | None:
    end = at + len(line)
    line = line.lstrip("\ufeff") if at == 0 else line  # a text may open with a byte-order mark
    bare = line.lstrip(" \t")
    indent = _width(line)
    if bare[:1] not in {"`", "~"}:
        marked = _LIST_MARK.match(bare)
        if marked is None:
            return None
        bare = bare[marked.end() :]
        indent += marked.end()
    fence = _FENCE.match(bare)
    if fence is None or (fence.group(1)[0] == "`" and "`" in fence.group(2)):
        return None
    tag = _TAG.match(fence.group(2).strip())
    name = tag.group(1).lower() if tag else ""
    return _Open(fence.group(1), name, indent, at, end + 1)


def _block(text: str, opened: _Open, source_end: int, end: int) -> Block:
    source = text[opened.first : source_end].replace("\r\n", "\n").lstrip("\ufeff")
    if opened.indent:
        margin = re.compile(rf"^[ \t]{{1,{min(opened.indent, 64)}}}", re.MULTILINE)
        source = margin.sub("", source)
    return Block(opened.tag, source, opened.start, end)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold a fence or a triple quote; any other changes nothing."""
    notable, count = _NOTABLE.search(text), 0
    while notable is not None:
        count += 1
        if count > MOST_FENCES:
            raise TooManyFencesError
        begin = text.rfind("\n", 0, notable.start()) + 1
        end = text.find("\n", notable.end())
        end = len(text) if end < 0 else end
        yield begin, text[begin:end]
        notable = _NOTABLE.search(text, end)


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _quote_after(line: str, quote: str) -> str:
    """The triple quote that is open after a line of Python, or nothing."""
    single = ""
    for found in _QUOTES.finditer(line):
        mark = found.group()
        if mark[0] == "\\":
            continue
        if quote:
            quote = "" if mark == quote else quote
        elif single:
            single = "" if mark[0] == single and len(mark) == 1 else single
        elif mark == "#":
            break
        elif len(mark) == 3:
            quote = mark
        else:
            single = mark
    return quote


def hide_tags_in_programs(text: str) -> str:
    r"""The text with the tags that stand in blocks of the answer made unreadable as tags.

    A program may hold `"</think>"`. Where reasoning was opened before, its first closing tag ends
    it, and only blocks after that are the answer's. `show_tags` undoes this. Raises as
    `find_blocks` does.

    >>> show_tags(hide_tags_in_programs("```python\\ns = '<think>'\\n```"))
    "```python\\ns = '<think>'\\n```"
    """
    if "<" not in text or _HIDDEN in text or _THINK.search(text) is None:
        return text
    blocks = find_blocks(text)
    first = next(_THINK.finditer(text), None)
    start = 0
    if first is not None and not any(b.start < first.start() < b.end for b in blocks):
        closing = next((m for m in _THINK.finditer(text) if closes(m)), None)
        if closing is None:
            return text
        start = closing.end()
        blocks = find_blocks(text[start:])
    parts, at = [text[:start]], start
    for block in blocks:
        parts.append(text[at : start + block.start])
        parts.append(_THINK.sub(_hide, text[start + block.start : start + block.end]))
        at = start + block.end
    return "".join([*parts, text[at:]])


def _hide(tag: re.Match[str]) -> str:
    return _HIDDEN + tag.group()[1:]


def show_tags(text: str) -> str:
    """Undo `hide_tags_in_programs`."""
    return text.replace(_HIDDEN, "<")
