r"""Where in a completion the answer may stand, and the one answer that stands there.

Places are tried in the order given, and the first that was used counts. A place that was used
badly (a box that never closes, an empty box) ends the search: looking further would turn a
truncated completion into a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias, get_args

from rewards.extraction.anywhere import answer_anywhere
from rewards.extraction.box_context import is_part_of_more, spoken, with_percent
from rewards.extraction.boxes import boxed_answer, names_box
from rewards.extraction.hashes import after_hashes
from rewards.extraction.phrase import after_answer_phrase
from rewards.extraction.tags import last_tagged

AnswerPlace: TypeAlias = Literal[
    "box", "answer_tag", "hashes", "final_answer_phrase", "bare", "last_line", "anywhere"
]
"""A place an answer may stand in.

`box`: the last `\boxed{…}` or `\fbox{…}` · `answer_tag`: between the last `<answer>` and
`</answer>` · `hashes`: what stands behind a last `####`, GSM8K's mark ·
`final_answer_phrase`: a closing "The answer is …" in one of a dozen languages · `bare`: a
completion that is nothing but one short line · `last_line`: the last line, whatever it says ·
`anywhere`: the last thing that can be an answer, for evaluation only (`anywhere.py`).
"""

ANSWER_PLACES: tuple[AnswerPlace, ...] = get_args(AnswerPlace)
MARKED_PLACES: tuple[AnswerPlace, ...] = (
    "box",
    "answer_tag",
    "hashes",
    "final_answer_phrase",
    "bare",
)
"""Every place in which a completion states one answer on purpose."""
ANYWHERE: tuple[AnswerPlace, ...] = (*MARKED_PLACES, "anywhere")
"""For evaluation: a stated answer, else the last thing that can be one."""

_SENTENCE_CHARS = 12  # shorter than any claim
_BARE_CHARS = 200
_BARE_WORDS = 3
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")  # no LaTeX command
BOX_AND_PERCENT = "the last box with the % sign behind it"
_PART_OF_MORE = "the last box is only a part of what is said, or is not shown"
_BROKEN_BOX = "the last box never closes, or digits stand right behind it"
_HEDGES = frozenset(("not", "never", "maybe", "perhaps", "probably", "possibly", "guess", "think"))

_VERBS = frozenset(("is", "are", "was", "equals", "gives", "makes", "yields", "becomes", "get"))
_BOLD = re.compile(r"\*\*([^*]+)\*\*[.!]?")


class FoundAnswer(NamedTuple):
    """The answer of a completion and where it stood.

    `text` is `None` when there is none; `note` then says why, and otherwise where it was found,
    in words; `place` is that place's name.
    """

    text: str | None
    note: str
    place: AnswerPlace | None = None


_new = tuple.__new__  # what `FoundAnswer(…)` does at three times the price


def find_answer(text: str, places: Sequence[AnswerPlace]) -> FoundAnswer:
    r"""The one answer that `text` (the part after the reasoning) gives.

    >>> find_answer(r"So \boxed{42}.", ("box",))
    FoundAnswer(text='42', note='the last box', place='box')
    >>> find_answer("The answer is 42.", ("box",)).note
    'no box'
    >>> find_answer(r"The answer is \boxed{42", ("box", "final_answer_phrase")).note
    'the last box never closes, or digits stand right behind it'
    """
    for place in places:
        found = _FINDERS[place](text)
        if found is None or (place == "bare" and "anywhere" in places and _is_sentence(text)):
            continue
        if found.text is not None:
            return found if found.place == place else FoundAnswer(found.text, found.note, place)
        if "anywhere" not in places:
            return found
    names = [_NAMES[place] for place in places]
    return FoundAnswer(None, "no " + ", no ".join(names))


_BOX_MARKS = ("<|begin_of_box|>", "<|end_of_box|>")


def _in_box(text: str) -> FoundAnswer | None:
    text = spoken(text)
    if "<" in text and "of_box|>" in text:
        marked = _between_box_marks(text)
        if marked is not None:
            return marked
    boxed = boxed_answer(text)
    if boxed is None:
        return FoundAnswer(None, _BROKEN_BOX) if names_box(text) else None
    if is_part_of_more(text, boxed.start, boxed.end):
        return FoundAnswer(None, _PART_OF_MORE)
    content, where = boxed.content, "the last box"
    if "%" in text[boxed.end : boxed.end + 2]:
        content = with_percent(content, text, boxed.end)
        where = where if content == boxed.content else BOX_AND_PERCENT
    if len(content) >= _SENTENCE_CHARS:
        content = _claimed(content)
    return _filled(content, where, "box")


def _between_box_marks(text: str) -> FoundAnswer | None:
    """What stands between the last special tokens for a box, unless a box follows them."""
    opening, closing = _BOX_MARKS
    start, end = text.rfind(opening), text.rfind(closing)
    behind = text[max(start, end) :]
    if start < 0 or names_box(behind if end > start else ""):
        return None
    if end < start:
        return FoundAnswer(None, "the last box is never closed")
    inside = text[start + len(opening) : end]
    return _in_box(inside) or _filled(_claimed(inside), "the last box")


def _in_answer_tag(text: str) -> FoundAnswer | None:
    tagged = last_tagged(text)
    if tagged is None:
        if "<answer>" in text:
            return FoundAnswer(None, "the last <answer> is never closed")
        return None
    return _in_box(tagged) or _filled(_claimed(tagged), "the <answer> tag")


def _after_hashes(text: str) -> FoundAnswer | None:
    answer = after_hashes(text.rstrip())
    return None if answer is None else _filled(answer, "the text behind ####")


def _after_phrase(text: str) -> FoundAnswer | None:
    answer = after_answer_phrase(text)
    return None if answer is None else _filled(answer, "the closing claim")


def _bare(text: str) -> FoundAnswer | None:
    if len(text) > 4 * _BARE_CHARS:
        return None
    answer = text.strip()
    if not answer or len(answer) > _BARE_CHARS or "\n" in answer or answer.endswith(("?", "？")):
        return None
    bold = _BOLD.fullmatch(answer)
    answer = bold[1] if bold else answer
    # Prose is not an answer: it would hold words, and no mathematics needs many. Nor is a sentence
    # about one: which of its words would be the answer?
    words = [word.lower() for word in _WORD.findall(answer)]
    if len(words) > _BARE_WORDS or not (_HEDGES | _VERBS).isdisjoint(words):
        return None
    return _filled(answer, "the whole completion")


def _last_line(text: str) -> FoundAnswer | None:
    answer = text.rstrip().rpartition("\n")[2].strip()
    return _filled(answer, "the last line") if answer else None


def _is_sentence(text: str) -> bool:
    """Whether a short completion is a sentence about its answer: "The total is 1,000."."""
    return text.rstrip().endswith((".", "!")) and len(_WORD.findall(text)) > 1


def _anywhere(text: str) -> FoundAnswer | None:
    answer = answer_anywhere(text)
    return None if answer is None else _filled(answer, "the last thing that can be an answer")


def _claimed(inside: str) -> str:
    """What a sentence inside a box or tag claims; anything but a sentence as it is."""
    if len(inside) < _SENTENCE_CHARS or not (" " in inside or "\n" in inside):
        return inside
    return after_answer_phrase(inside) or inside


def _filled(answer: str, where: str, place: AnswerPlace | None = None) -> FoundAnswer:
    stripped = answer.strip()
    if not stripped or (stripped[0] == "$" and not stripped.strip("$ \n")):
        return FoundAnswer(None, f"{where} is empty")
    return _new(FoundAnswer, (stripped, where, place))


_FINDERS = {
    "box": _in_box,
    "answer_tag": _in_answer_tag,
    "hashes": _after_hashes,
    "final_answer_phrase": _after_phrase,
    "bare": _bare,
    "last_line": _last_line,
    "anywhere": _anywhere,
}
_NAMES: dict[AnswerPlace, str] = {
    "box": "box",
    "answer_tag": "<answer> tag",
    "hashes": "#### mark",
    "final_answer_phrase": 'closing "the answer is …"',
    "bare": "bare answer",
    "last_line": "text",
    "anywhere": "number, letter or formula",
}
