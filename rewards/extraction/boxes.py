r"""The answer in `\boxed`, `\fbox` and their like, read alike in completions and references.

Every function is strict, linear in the length of its input, and returns `None` rather than fall
through to something that merely looks like an answer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# More boxes than this inside one another, or joined into one answer, is no answer but an attack.
_MAX_NESTED_BOXES = 16
_MAX_JOINED_BOXES = 64
_MAX_MENTIONS = 64  # the word \\boxed without a box

_BOX_NAMES = ("\\boxed", "\\fbox", "\\framebox")
_USUAL = "\\boxed{"
_USUAL_CHARS = len(_USUAL)
_SIZES = re.compile(r"(?:\s{0,8}\[[^\[\]{}]{0,32}\]){0,2}")  # \framebox[2cm][c]{…}
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_BARE_BOX = re.compile(r"[ \t]{1,8}([^\s${}]{1,64})|(\d{1,64})")
# What may stand between two boxes of one answer, TeX's spacing and math marks apart.
_TEX_SPACING = re.compile(
    r"\\(?:q?quad|[,;:! ()\[\]]|text(?=\s?\{)|mbox(?=\s?\{)|mathrm(?=\s?\{))|[\s${}~*]"
)
_JOINER = re.compile(
    r"[,;、，；]?(and|or|&|和|与|及|以及|或|或者|と|または|그리고|또는|und|oder|et|ou|y|e|o|i|lub|и|или|/)?"
    r"(maybe|perhaps|possibly|alternatively|else)?,?"
)
# What is counted, as in "\\boxed{1} paper and \\boxed{2} bins".
_COUNTED = re.compile(r"[\s$]{1,4}[^\W\d_]{2,20}(?=\s{1,4}(?:and|or|et|ou|und|oder|y|o|и|или)\s)")
_OR_WORDS = frozenset({"or", "或", "或者", "または", "또는", "oder", "ou", "o", "lub", "или", "/"})
_MAX_JOINER_CHARS = 60
_MAX_NEAR_CHARS = _MAX_JOINER_CHARS + len("\\framebox") + 8 + 64  # and a bare box before it
_NAMED_BOX = re.compile(r"\\(?:boxed|fbox|framebox(?:\s{0,8}\[[^\[\]{}]{0,32}\]){0,2})\s{0,8}\{")
_ROUGHLY = re.compile(r"\s{0,8}(?:\\approx\b|≈)")
_APART = re.compile(r"[.;:\n]|[^\n]{41}")  # another sentence, or too far away


def closing_brace(text: str, start: int) -> int:
    r"""The index of the brace that closes the one at `start`, or -1.

    >>> closing_brace(r"{a\}{b}}", 0)
    7
    """
    depth = 0
    for match in _BRACE.finditer(text, start):
        mark = match.group()
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth == 0:
                return match.start()
    return -1


class BoxedAnswer(NamedTuple):
    """What the last box of a text says, and where that box stands."""

    content: str
    end: int
    start: int


_new = tuple.__new__  # what `BoxedAnswer(…)` does at three times the price


def last_boxed(text: str) -> str | None:
    r"""The answer in the last box, or `None` when there is none or it never closes.

    >>> last_boxed(r"First \boxed{41}, no: \boxed{\frac{1}{2}}.")
    '\\frac{1}{2}'
    >>> last_boxed(r"$x=\boxed{1}$ and $x=\boxed{2}$") is None, last_boxed(r"\boxed{1}, \boxed{2}")
    (False, '1, 2')
    """
    found = boxed_answer(text)
    return None if found is None else found.content


def boxed_answer(text: str) -> BoxedAnswer | None:
    r"""The answer in the last box with its place, for completions and references alike.

    Boxes joined only by commas, "and" or "or" are one answer in several boxes. A box inside a box
    belongs to the outer one. A last box that opens with ≈ says how large the one before is.

    >>> boxed_answer(r"\framebox{1} et \boxed 2")
    BoxedAnswer(content='1, 2', end=24, start=16)
    """
    lone = _lone_box(text)
    if lone is not None:
        return None if text[lone.end : lone.end + 1].isdigit() else lone
    if "box" not in text:  # the usual reference
        return None
    box = _outer_box_before(text, len(text))
    if box is None or box.content is None or text[box.end : box.end + 1].isdigit():
        return None  # digits right behind a box were meant to be inside
    return BoxedAnswer(_joined(text, box, box.content), box.end, box.start)


def _joined(text: str, box: _Box, content: str) -> str:
    """The content of the last box with what the boxes before it add to it."""
    if _ROUGHLY.match(content):  # \boxed{\sqrt2}, about \boxed{\approx 1.414}
        exact = _outer_box_before(text, box.start)
        beside = exact is not None and not _APART.search(text[exact.end : box.start])
        if beside and exact is not None and exact.content and not _ROUGHLY.match(exact.content):
            return f"{exact.content} {content.strip()}"
    contents, first = [content], box.start
    while len(contents) < _MAX_JOINED_BOXES:
        previous = _outer_box_before(text, first)
        if previous is None or previous.content is None:
            break
        joiner = text[previous.end : first]
        if len(joiner) > _MAX_JOINER_CHARS:
            break
        counted = _COUNTED.match(joiner)
        joiner = _TEX_SPACING.sub("", joiner[counted.end() :] if counted else joiner)
        if not joiner or not (match := _JOINER.fullmatch(joiner)):
            break
        either = match.group(1) in _OR_WORDS or match.group(2)
        contents.append(" or " if either else ", ")
        contents.append(previous.content)
        first = previous.start
    if len(set(contents[::2])) == 1:  # the same answer boxed again and again
        return contents[0]
    return "".join(reversed(contents))


def _lone_box(text: str) -> BoxedAnswer | None:
    """The last box where nothing joins or surrounds it, and it holds no escaped brace: as usual."""
    start = text.rfind(_USUAL)
    if start < 0:
        return None
    behind = text[start + _USUAL_CHARS :]
    if "box" in behind:
        return None
    content, closed, rest = behind.partition("}")
    if not closed:
        return None
    if "{" in content or "\\" in content:
        end, nested = len(content), content.find("{")
        while 0 <= nested < end:  # one more closing brace for every opening one
            end = behind.find("}", end + 1)
            nested = behind.find("{", nested + 1, end)
        if end < 0:
            return None
        content, rest = behind[:end], behind[end + 1 :]
        if "\\{" in content or "\\}" in content or content[-1:] == "\\":
            return None
    # What holds a box is closed behind it; what belongs to it ends near, in a brace or bare.
    near = text[start - _MAX_NEAR_CHARS : start] if start > _MAX_NEAR_CHARS else text[:start]
    company = "}" in rest or "}" in near[-_MAX_JOINER_CHARS - 1 :] or "box" in near
    if company and text.rfind("box", 0, start) >= 0:
        return None
    return _new(BoxedAnswer, (content, len(text) - len(rest), start))


def names_box(text: str) -> bool:
    r"""Whether a box was opened anywhere, closed or not.

    >>> names_box(r"so \boxed{42"), names_box(r"write \boxed around it")
    (True, False)
    """
    return _NAMED_BOX.search(text) is not None


class _Box(NamedTuple):
    start: int
    end: int
    content: str | None  # None: the box never closes


def _box_before(text: str, end: int) -> _Box | None:
    for _ in range(_MAX_MENTIONS):
        start, name = max((text.rfind(name, 0, end), name) for name in _BOX_NAMES)
        if start < 0:
            return None
        inside = start + len(name)
        if sizes := name == "\\framebox" and _SIZES.match(text, inside):
            inside = sizes.end()
        while inside < len(text) and text[inside].isspace():
            inside += 1
        if text.startswith("{", inside):
            close = closing_brace(text, inside)
            if close < 0:
                return _Box(start, len(text), None)
            return _Box(start, close + 1, text[inside + 1 : close])
        if bare := _BARE_BOX.match(text, start + len(name)):  # MATH writes `\boxed 5`
            return _Box(start, bare.end(), bare.group(1) or bare.group(2))
        end = start  # the word without a box, as in a sentence about boxes
    return None


def _outer_box_before(text: str, end: int) -> _Box | None:
    box = _box_before(text, end)
    if box is None or _closed(text, box):
        return box
    before = box.start
    for _ in range(_MAX_NESTED_BOXES):
        around = _box_before(text, before)
        if around is None or around.content is None:
            return box
        if around.end >= box.end:
            box = around
        before = around.start  # beside it, or around it: something may be around both
    return box


def _closed(text: str, box: _Box) -> bool:
    """Whether no brace behind the box closes what was opened before it: the usual case."""
    found = _BRACE.search(text, box.end)
    while found is not None and found.group() not in {"{", "}"}:
        found = _BRACE.search(text, found.end())
    return found is None or found.group() == "{"
