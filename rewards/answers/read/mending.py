r"""Mend LaTeX that a program damaged: a tab for the `\t` of `\text`, a brace too many or too few.

A text is mended only where one mending alone reads as mathematics, and what was mended is said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What is left of a command whose backslash and first letter became one control character. Behind
# a tab, a line feed or a carriage return, which texts hold anyway, only what is no word.
_LOST = {
    "\t": "extbf extit extrm ext imes heta frac binom riangle au",
    "\n": "eq otin abla",
    "\r": "ightarrow ight angle ho",
    "\f": "rac orall",
    "\b": "oxed egin inom eta ar mod",
    "\v": "ec ert arnothing arphi arepsilon",
    "\a": "lpha ngle pprox st",
}
_LETTERS = {"\t": "t", "\n": "n", "\r": "r", "\f": "f", "\b": "b", "\v": "v", "\a": "a"}
_CONTROL = re.compile("[\t\n\r\f\b\v\a]")
_ESCAPED = re.compile(
    "|".join(
        f"{mark}(?=(?:{'|'.join(rests.split())})(?![A-Za-z]))" for mark, rests in _LOST.items()
    )
)
_CIRCLE = re.compile(r"\^\s*(?:\{\s*)?\\?(?:t?extcirc|extdegree)(?:led)?(?![A-Za-z])(?:\s*\})?")
_NOTHING_RAISED = re.compile(r"(\d)\s*\^\s*(?:\\circ)?\s*\Z")
_SPECIAL = re.compile(
    r"(?:\s*(?:<\|[a-z_]{2,20}\|>(?:user|assistant)?|</s>|<eos>|<end_of_turn>|<pad>))+\s*\Z"
)
_BRACE = re.compile(r"\\[\s\S]|[{}]")
MAX_CHARS = 400
MAX_PLACES = 60


class Mended(NamedTuple):
    """The text as it was meant, and what was mended in it, or nothing."""

    text: str
    what: str = ""


def mend(text: str) -> Mended:
    r"""Undo damage that has one meaning: control characters for commands, a lost degree sign.

    >>> mend("\frac12")
    Mended(text='\\frac12', what='a control character stood for the start of a command')
    """
    if text[-1:] in {">", "\n"} or text[-4:] == "user" or text[-9:] == "assistant":
        text = _SPECIAL.sub("", text)
    what = ""
    if _CONTROL.search(text):
        whole = _ESCAPED.sub(lambda match: "\\" + _LETTERS[match[0]], text)
        if whole != text:
            text, what = whole, "a control character stood for the start of a command"
    if "circ" in text or "degree" in text:
        whole = _CIRCLE.sub(r"^\\circ ", text)
        if whole != text:
            text, what = whole, "a degree sign was damaged"
    if text.rstrip()[-1:] == "^" and _NOTHING_RAISED.search(text):
        text, what = _NOTHING_RAISED.sub(r"\1^\\circ", text), "the degree sign behind ^ was lost"
    return Mended(text, what)


def balanced(text: str, reads: Callable[[str], str | None]) -> Mended | None:
    """The text with one brace more or less, if one such text alone can be read.

    `reads` gives the normal form of what a text is read as, or `None` if it cannot be read.
    """
    depth = lowest = 0
    for match in _BRACE.finditer(text):
        depth += (match[0] == "{") - (match[0] == "}")
        lowest = min(lowest, depth)
    if len(text) > MAX_CHARS or abs(depth) != 1 or lowest < -1:
        return None
    found: dict[str, str] = {}
    for candidate in _candidates(text, missing=depth > 0):
        normal = reads(candidate)
        if normal is not None:
            found.setdefault(normal, candidate)
            if len(found) > 1:
                return None
    if not found:
        return None
    what = "a brace was missing" if depth > 0 else "a brace was too many"
    return Mended(next(iter(found.values())), what)


def _candidates(text: str, *, missing: bool) -> Iterator[str]:
    if missing:
        inside = text.find("{") + 1
        places = [at for at in range(inside, len(text) + 1) if text[at - 1 : at] != "\\"]
        for at in places[-MAX_PLACES:]:
            if not (text[at - 1].isalpha() and text[at : at + 1].isalpha()):
                yield text[:at] + "}" + text[at:]
        return
    closing = [match.start() for match in _BRACE.finditer(text) if match[0] == "}"]
    for at in closing[-MAX_PLACES:]:
        yield text[:at] + text[at + 1 :]
