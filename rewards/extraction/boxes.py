"""Finding the answer in a completion: after the reasoning, in a box, a tag, a code block.

Every function is strict, linear in the length of its input, and returns `None` rather than fall
through to something that merely looks like an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

# More boxes than this inside one another, or joined into one answer, is no answer but an attack.
_MAX_NESTED_BOXES = 16
_MAX_JOINED_BOXES = 64
_MAX_MENTIONS = 64  # the word \\boxed without a box

_BOX_NAMES = ("\\boxed", "\\fbox", "\\framebox")
_SIZES = re.compile(r"(?:\s{0,8}\[[^\[\]{}]{0,32}\]){0,2}")  # \framebox[2cm][c]{…}
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_BARE_BOX = re.compile(r"[ \t]{1,8}([^\s${}]{1,64})")
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
_NAMED_BOX = re.compile(r"\\(?:boxed|fbox|framebox(?:\s{0,8}\[[^\[\]{}]{0,32}\]){0,2})\s{0,8}\{")
_ROUGHLY = re.compile(r"\s{0,8}(?:\\approx\b|≈)")
_APART = re.compile(r"[.;:\n]|[^\n]{41}")  # another sentence, or too far away
_HASHES_CHARS = 200
# Behind a mark inside a sentence: about the mark, not an answer.
_ASIDE = re.compile(r"\b(?:mark|sign|symbol|line|heading|format|followed|is|are|or|not)\b|[?`\"]")
# An amount, and no heading such as "2. Add them" or "Step 2".
_AMOUNT = re.compile(r"(?!\d{1,3}[.):]\s)[-+]?[$\\\d(.][^\s]{0,80}(?:\s[^\s]{1,20}){0,3}")
# In text behind an answer these may take it back.
_SECOND_THOUGHTS = frozenset({
    "wait", "no", "not", "nope", "never", "but", "however", "actually", "instead", "wrong",
    "mistake", "incorrect", "error", "sorry", "or", "maybe", "perhaps", "check", "recheck",
    "should", "correction", "rather", "hmm", "scratch", "guess", "unless", "if", "answer",
    "step", "solution", "first", "now", "next", "let", "t",
})  # fmt: skip
_AFTERTHOUGHT_CHARS = 200
_WORDS = re.compile(r"[a-z]+")
_NUMBERS = re.compile(r"\d+")
_FENCE = re.compile(r"^[ \t]{0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n`]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced code block: its language tag in lower case (may be empty) and its source."""

    language: str
    source: str


def after_reasoning(text: str, *, opened: bool = False, tag: str = "think") -> str | None:
    """What stands after the reasoning, or `None` while the reasoning has not ended.

    `opened` says that the prompt already opened the block. Text without any tag is all answer.

    >>> after_reasoning("<think>maybe 41</think> It is 42.")
    ' It is 42.'
    >>> after_reasoning("<think>maybe 41") is None
    True
    """
    if not opened and ("<" not in text or tag.lower() not in text.lower()):
        return text  # the usual case, and far faster
    marks = list(_tag_pattern(tag).finditer(text))
    closings = [mark for mark in marks if "/" in mark.group()]
    if not closings:
        return None if opened or marks else text
    # A block reopened after the last closing tag never ends: only what precedes it is answer.
    answer_at = closings[-1].end()
    reopened = next((mark.start() for mark in marks if mark.start() >= answer_at), len(text))
    return text[answer_at:reopened]


def leaves_open(text: str, tag: str = "think") -> bool:
    """Whether the last tag of a text opens a block.

    >>> leaves_open("<think>so"), leaves_open("<think>so</think>"), leaves_open("so")
    (True, False, False)
    """
    last = None
    for last in _tag_pattern(tag).finditer(text):  # noqa: B007 - the last one counts
        pass
    return last is not None and "/" not in last.group()


def ends_in_tag(text: str, tag: str = "think") -> bool:
    r"""Whether an opening tag is the last thing in a text.

    >>> ends_in_tag("2+2? <think>\n"), ends_in_tag("write <think> first")
    (True, False)
    """
    text = text.rstrip()
    return text.endswith(">") and leaves_open(text[text.rfind("<") :], tag)


@lru_cache(maxsize=64)
def _tag_pattern(tag: str) -> re.Pattern[str]:
    """A tag that ends or opens the reasoning, in any case: `<THINK >` hides no answer either."""
    return re.compile(rf"<\s{{0,4}}/?\s{{0,4}}{re.escape(tag)}\s{{0,4}}>", re.IGNORECASE)


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
    box = _only_box(text) or _outer_box_before(text, len(text))
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


def _only_box(text: str) -> _Box | None:
    """A box that is the only one and holds no escaped brace: the usual case."""
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    another = text.rfind("box", 0, start) >= 0 or text.find("box", start + 7) >= 0
    if another and any(text.find(name) not in {-1, start} for name in _BOX_NAMES):
        return None
    inside = start + len("\\boxed{")
    end = text.find("}", inside)
    nested = text.find("{", inside, end)
    while 0 <= nested < end:  # one more closing brace for every opening one
        end = text.find("}", end + 1)
        nested = text.find("{", nested + 1, end)
    content = text[inside:end]
    if end < 0 or "\\{" in content or "\\}" in content or content[-1:] == "\\":
        return None
    return _Box(start, end + 1, content)


def names_box(text: str) -> bool:
    r"""Whether a box was opened anywhere, closed or not.

    >>> names_box(r"so \boxed{42"), names_box(r"write \boxed around it")
    (True, False)
    """
    return _NAMED_BOX.search(text) is not None


def last_tagged(text: str, tag: str = "answer") -> str | None:
    """What stands between the last `<tag>` and its `</tag>`, or `None`.

    A tag opened after the last closing one is an answer that was never finished: `None`.

    >>> last_tagged("<answer>41</answer> rather <answer> 42 </answer>")
    ' 42 '
    >>> last_tagged("<answer>41</answer> rather <answer> 42") is None
    True
    """
    opening = f"<{tag}>"
    end = text.rfind(f"</{tag}>")
    start = text.rfind(opening)
    if end < 0 or start < 0 or start > end:
        return None
    return text[start + len(opening) : end]


def after_hashes(text: str) -> str | None:
    r"""The answer behind the last `####`, GSM8K's mark, or `None`.

    It ends a line, and what follows that line, if anything, is a few words that name no other
    number and hold no second thought: elsewhere the mark is a Markdown heading, or what follows
    takes the answer back.

    >>> after_hashes("5 + 37 = 42\n#### 42"), after_hashes("She makes $18. #### 18")
    ('42', '18')
    >>> after_hashes("#### 42\nHope this helps!"), after_hashes("#### 42\nWait, it is 41.")
    ('42', None)
    """
    start = text.rfind("####")
    if start < 0:
        return None
    line, _, behind = text[start:].partition("\n")
    answer = line.lstrip("#").strip().removesuffix("!").rstrip()  # 42! ends a sentence here
    before = text[text.rfind("\n", 0, start) + 1 : start]
    if before.strip(" \t#") and (len(answer) > _HASHES_CHARS or _ASIDE.search(answer)):
        return None
    if behind.strip() and not (_AMOUNT.fullmatch(answer) and _agrees(behind.strip(), answer)):
        return None
    return answer or None


def _agrees(behind: str, answer: str) -> bool:
    """Whether the words behind an answer leave it as it is: no other number, no second thought."""
    if len(behind) > _AFTERTHOUGHT_CHARS or not behind.isascii() or "\\" in behind:
        return False
    return _SECOND_THOUGHTS.isdisjoint(_WORDS.findall(behind.lower())) and set(
        _NUMBERS.findall(behind)
    ) <= set(_NUMBERS.findall(answer))


def last_code_block(text: str) -> CodeBlock | None:
    r"""The last fenced code block that is closed, or `None`.

    >>> last_code_block("```python\nprint(1)\n```").source
    'print(1)\n'
    """
    found: CodeBlock | None = None
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif (
            fence.group(1)[0] == opened.group(1)[0]
            and len(fence.group(1)) >= len(opened.group(1))
            and not fence.group(2)
        ):
            source = text[opened.end() + 1 : fence.start()]
            found = CodeBlock(opened.group(2).lower(), source)
            opened = None
    return found


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
            return _Box(start, bare.end(), bare.group(1))
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
