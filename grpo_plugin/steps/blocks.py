r"""Where a text is inside code or displayed mathematics, and a line break therefore ends nothing.

Blocks are fenced code (three or more backquotes or tildes at the start of a line), `$$…$$`,
`\[…\]` and `\begin{name}…\end{name}`. One pass over the text, whatever a model has written: an
opener whose closer never comes is no block, except that an open fence reaches to the end, as
Markdown has it (a completion that was cut off inside its program).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Span = tuple[int, int]
"""Start and end of a part of a text, in characters; the end is exclusive."""

_MARK = re.compile(
    r"""
    ^[ \t]*(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)$
    | (?<!\\)(?P<dollars>\$\$)
    | (?<!\\)(?P<bracket>\\[\[\]])
    | (?<!\\)\\(?P<word>begin|end)\{(?P<name>[^{}\n]{1,40})\}
    """,
    re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    opens: str  # what would close it: its own kind of mark; "" for a mark that opens nothing
    closes: str  # the kind of block it closes; "" for none


def protected_spans(text: str) -> list[Span]:
    """The blocks of a text, in order, without overlap; of nested ones the outermost.

    >>> protected_spans("so $$x$$ and")
    [(3, 8)]
    """
    marks = [_read(match) for match in _MARK.finditer(text)]
    last_closer = {mark.closes: number for number, mark in enumerate(marks) if mark.closes}
    spans: list[Span] = []
    number = 0
    while number < len(marks):
        mark = marks[number]
        if mark.opens[:1] in ("`", "~"):
            closer = _closing_fence(marks, number)
            spans.append((mark.start, marks[closer].end if closer else len(text)))
            number = closer or len(marks)
        elif mark.opens and last_closer.get(mark.opens, -1) > number:
            number = _closer(marks, number, last_closer[mark.opens])
            spans.append((mark.start, marks[number].end))
        number += 1
    return spans


def _read(match: re.Match[str]) -> _Mark:
    """What a mark may open and what it may close."""
    start, end = match.span()
    if fence := match["fence"]:
        bare = not match["info"].strip()
        inline = fence[0] == "`" and "`" in match["info"]  # ```x``` is code within a line
        return _Mark(start, end, "" if inline else fence, fence if bare else "")
    if match["dollars"]:
        return _Mark(start, end, "$$", "$$")
    if bracket := match["bracket"]:
        return _Mark(start, end, *(("[", "") if bracket == r"\[" else ("", "[")))
    name = "env:" + match["name"]
    return _Mark(start, end, *((name, "") if match["word"] == "begin" else ("", name)))


def _closing_fence(marks: list[_Mark], opener: int) -> int:
    """The number of the mark that closes a fence: of its character, at least as long; 0 if none."""
    fence = marks[opener].opens
    for number in range(opener + 1, len(marks)):
        closes = marks[number].closes
        if closes.startswith(fence[0]) and len(closes) >= len(fence):
            return number
    return 0


def _closer(marks: list[_Mark], opener: int, last: int) -> int:
    """The number of the mark that closes a block, nested blocks of its kind counted."""
    kind = marks[opener].opens
    if kind == "$$":
        return next(n for n in range(opener + 1, last + 1) if marks[n].closes == kind)
    depth = 0
    for number in range(opener, last + 1):
        depth += (marks[number].opens == kind) - (marks[number].closes == kind)
        if depth == 0:
            return number
    return last
