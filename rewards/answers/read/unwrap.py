"""Take an answer out of what is wrapped around it: `$…$`, boxes, `####`, opening words."""

from __future__ import annotations

import re

from rewards.answers.vocabulary import HEDGES, LEADS, NEGATIONS
from rewards.extraction.boxes import boxed_answer

_BRACES = re.compile(r"\\[\s\S]|[{}]")
_LEAD_WORDS = "|".join(
    re.escape(lead).replace("\\ ", r"\s+") for lead in sorted(LEADS, key=len, reverse=True)
)
_LEAD = re.compile(
    rf"(?:\*\*)?(?:{_LEAD_WORDS})(?:\*\*)?\s*(?:[:=](?:\*\*)?\s*|(?=\s*[$\\]|\s+[-\d(]|\s+[A-J]$))",
    re.IGNORECASE,
)
_TEXT_LEAD = re.compile(
    r"\s*\\(?:text|textbf|mathrm)\s*\{\s*"
    r"(?:the |so |thus,? |our )*(?:final |correct )?answer(?: is)?\s*:?\s*\}",
    re.IGNORECASE,
)
_OPEN_CURRENCY = re.compile(r"^([-+=]?\s*)\$(?=\s*[\d.])")
_CLOSING = re.compile(r"\s*(?:I hope it is correct|<\|[^<>|]{1,30}\|>)")
_STATED = re.compile(
    r"(?:(?:the|our|my) (?:final |correct )?answer is:?|final answer:|答案[是为]：?)\s*",
    re.IGNORECASE,
)
_PERCENT_BEHIND = re.compile(r"[\s$.]{0,16}(?:\\?%|percent\b)")
_PLAIN_NUMBER = re.compile(r"\s{0,8}\d[\d.,]{0,64}\s{0,8}")
_SENTENCE_END = re.compile(r"[.!?。！？\n]")
_WORDS = re.compile(r"[^\W\d_]+(?:'t)?")
_EDGES = re.compile(r"\A(?:\\q?quad(?![A-Za-z])|\s)+|(?:\\q?quad|\s)+\Z")
_NOTHING = re.compile(r"^(?:\{\})+|(?:(?<!\\)\{\})+$")
_MARKDOWN = re.compile(r"^\*\*(.*)\*\*$|^__(.*)__$|^`(.*)`$", re.DOTALL)


def unwrap(text: str) -> str:  # noqa: C901, PLR0912
    """The answer without delimiters, opening words and the full stop behind it."""
    text = stated(_TEXT_LEAD.sub("", text.strip(), count=1))
    for _ in range(3):
        before = text
        # A single dollar sign is currency, a pair delimits mathematics.
        if text[:1] == "$" or text[-1:] == "$":
            if text.count("$") - text.count("\\$") == 1:
                text = _OPEN_CURRENCY.sub(r"\1\\$ ", text)
            elif (
                text[:1] == "$" == text[-1:]
                and len(text) > 1
                and "$" not in text[1:-1].strip("$")
                and not text.endswith("\\$")
            ):
                text = text.strip("$").strip()
        # Delimiters come off only as the one pair around everything.
        if text[:2] in {"\\(", "\\["} and text[-2:] in {"\\)", "\\]"} and text.count(text[:2]) == 1:
            text = text[2:-2].strip()
        if text[:2] == "\\q" or text[-4:] == "quad":
            text = _EDGES.sub("", text)
        # Braces with a comma may be a set whose backslashes are lost.
        if text[:1] == "{" and text[-1:] == "}" and "," not in text and _is_one_group(text):
            text = text[1:-1].strip()
        if text[:1] in "*_`" and text[:1]:
            text = _MARKDOWN.sub(lambda m: m[1] or m[2] or m[3] or "", text).strip()
        text = text.rstrip(" \n\t。")
        if text[-1:] == "\\":  # a space or line break whose end is gone
            text = text.rstrip("\\ \n\t")
        if text[-2:] == "{}" or text[:2] == "{}":
            text = _NOTHING.sub("", text).strip()
        # A full stop ends a sentence; dots, `p.m.` and an open repeating decimal keep theirs.
        if text.endswith(".") and not text.endswith(("..", "\\.", "m.")):
            text = text[:-1].rstrip()
        text = _TEXT_LEAD.sub("", text, count=1)
        # Opening words ("Answer:") say nothing themselves, and may have had wrapping around them.
        lead = _LEAD.match(text)
        if lead is not None and lead.end() < len(text):
            text = text[lead.end() :].strip()
        if text == before:
            break
    return text


def _is_one_group(text: str) -> bool:
    """Whether the first brace closes at the very end."""
    depth = 0
    for match in _BRACES.finditer(text):
        depth += (match[0] == "{") - (match[0] == "}")
        if not depth:
            return match.end() == len(text)
    return False


def stated(text: str) -> str:
    """What a longer text states at its very end as "the final answer is …"; else the text.

    >>> stated("We add. The final answer is $5$. I hope it is correct.")
    '$5$.'
    """
    if len(text) < 24:
        return text
    last = None
    for match in _STATED.finditer(text):
        last = match
    if last is None or not _is_asserted(text[: last.start()]):
        return text
    rest = _CLOSING.split(text[last.end() :], maxsplit=1)[0].strip()
    if rest.count(" is ") == 1:  # Final answer: the value of x is 5
        rest = rest.partition(" is ")[2]
    return rest or text


def _is_asserted(before: str) -> bool:
    """Whether what follows a sentence's start is said without negation, condition or hedge."""
    sentence = _SENTENCE_END.split(before)[-1]
    words = {word.lower() for word in _WORDS.findall(sentence)}
    return not words & (HEDGES | NEGATIONS)


def unwrap_reference(text: str) -> str:
    """Like `unwrap`, for a reference: `#### 72` and whole worked solutions too."""
    boxed = boxed_answer(text)  # boxes first, as in a completion
    if boxed is None:
        return unwrap(text.rsplit("####", 1)[-1])
    # Behind a plain number only: there an answer may leave the sign out, so that a solution which
    # writes it outside of the box still equals itself.
    share = _PLAIN_NUMBER.fullmatch(boxed.content) and _PERCENT_BEHIND.match(text, boxed.end)
    return unwrap(boxed.content + "\\%" if share else boxed.content)
