r"""Cutting a text into reasoning steps.

A splitter is any function from a text to spans of characters, so a model's own step marks, or a
sentence splitter, can take the place of `SplitSteps`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from grpo_plugin.steps.blocks import Span, protected_spans

Splitter = Callable[[str], Sequence[Span]]
"""Text to the (start, end) of each step in characters, in order, not overlapping, none empty."""

Boundary = Literal["auto", "step_word", "blank_line", "line"]

# "Step 3", "**Step 3:**", "### Step 3." at the start of a line
_STEP_WORD = re.compile(r"^[#>*_\- \t]*step[ \t]*\d+\b", re.IGNORECASE | re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n\s*")
_LINE_BREAK = re.compile(r"\n\s*")
_TAG = re.compile(r"</?[A-Za-z][\w-]{0,40}>")


@dataclass(frozen=True, kw_only=True)
class SplitSteps:
    r"""Steps that begin at a "Step k", or after a blank line, or on a new line.

    What stands inside code or displayed mathematics is never cut. A piece without a letter or a
    digit besides tags (`<think>` on a line of its own, a rule of dashes) belongs to the step after
    it, or to the last step if none follows. Surrounding white space belongs to no step.

    Attributes:
        boundary: what separates steps. `auto` takes the first of these that cuts the text in two
            or more: `step_word`, `blank_line`, `line`.

    Raises:
        ValueError: the boundary is unknown.

    >>> text = "Step 1: 2+2=4\n\nso far so good\nStep 2: 4+1=5"
    >>> [text[start:end] for start, end in SplitSteps()(text)]
    ['Step 1: 2+2=4\n\nso far so good', 'Step 2: 4+1=5']
    """

    boundary: Boundary = "auto"

    def __post_init__(self) -> None:
        if self.boundary not in get_args(Boundary):
            choices = ", ".join(get_args(Boundary))
            raise ValueError(f"boundary {self.boundary!r} is unknown; choose one of {choices}")

    def __call__(self, text: str) -> list[Span]:
        """The spans of the steps; none for a text without a letter or digit."""
        blocks = protected_spans(text)
        if self.boundary != "auto":
            return _steps(text, _cuts(text, self.boundary, blocks))
        found: list[Span] = []
        for boundary in get_args(Boundary)[1:]:
            found = _steps(text, _cuts(text, boundary, blocks))
            if len(found) > 1:
                break
        return found


def _cuts(text: str, boundary: str, blocks: list[Span]) -> Iterator[int]:
    """Positions at which a new piece begins, in order, none inside a block."""
    if boundary == "step_word":
        places = (match.start() for match in _STEP_WORD.finditer(text))
    else:
        pattern = _BLANK_LINE if boundary == "blank_line" else _LINE_BREAK
        places = (match.end() for match in pattern.finditer(text))
    block = 0
    for place in places:
        while block < len(blocks) and blocks[block][1] <= place:
            block += 1
        if block == len(blocks) or place <= blocks[block][0]:
            yield place


def _steps(text: str, cuts: Iterator[int]) -> list[Span]:
    """The pieces between the cuts without white space around them, empty talk joined."""
    steps: list[Span] = []
    begin = start = 0  # of the step, and of the piece that is looked at
    for cut in (*cuts, len(text)):
        if _says_something(text[start:cut]):
            steps.append(_stripped(text, begin, cut))
            begin = cut
        start = cut
    if steps and text[begin:].strip():
        steps[-1] = _stripped(text, steps[-1][0], len(text))
    return steps


def _stripped(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    return end - len(part.lstrip()), start + len(part.rstrip())


def _says_something(piece: str) -> bool:
    return any(character.isalnum() for character in _TAG.sub("", piece))
