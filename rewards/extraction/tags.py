"""What stands between tags, and behind the reasoning; linear in the text, and strict."""

from __future__ import annotations

import re
from functools import lru_cache


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
    # A block reopened after the last closing tag never ends: only what precedes it is answer.
    answer_at = reopened_at = None
    holds_tag = False
    for mark in tag_pattern(tag).finditer(text):
        holds_tag = True
        if closes(mark):
            answer_at, reopened_at = mark.end(), None
        elif reopened_at is None:
            reopened_at = mark.start()
    if answer_at is None:
        return None if opened or holds_tag else text
    return text[answer_at:reopened_at]


def leaves_open(text: str, tag: str = "think") -> bool:
    """Whether the last tag of a text opens a block.

    >>> leaves_open("<think>so"), leaves_open("<think>so</think>"), leaves_open("so")
    (True, False, False)
    """
    last = None
    for last in tag_pattern(tag).finditer(text):  # noqa: B007 - the last one counts
        pass
    return last is not None and not closes(last)


def ends_in_tag(text: str, tag: str = "think") -> bool:
    r"""Whether an opening tag is the last thing in a text.

    >>> ends_in_tag("2+2? <think>\n"), ends_in_tag("write <think> first")
    (True, False)
    """
    text = text.rstrip()
    return text.endswith(">") and leaves_open(text[text.rfind("<") :], tag)


@lru_cache(maxsize=64)
def tag_pattern(tag: str) -> re.Pattern[str]:
    """A tag that opens or ends something, however it is written; see `closes`.

    Misspelt tags count too, in any case, with unseen characters or attributes in them: `<Think>`
    or `<think x>` hides no second block and no answer. What may stand between is bounded, so that
    long runs of it cost nothing.
    """
    gap = r"[\s\u200b-\u200d\u2060\ufeff]{0,4}"
    return re.compile(
        rf"<{gap}(/?){gap}{re.escape(tag)}{gap}(?:\s[^<>]{{0,64}})?(/?)>",
        re.IGNORECASE,
    )


def closes(tag: re.Match[str]) -> bool:
    """Whether a match of `tag_pattern` ends what was opened: `</think>`, `<think/>`."""
    return bool(tag.group(1) or tag.group(2))


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
