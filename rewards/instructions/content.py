"""What a response says: keywords, letters, placeholders, a postscript, its language."""

from __future__ import annotations

import re

from rewards.instructions.arguments import Arguments, BadInstructionError, Found
from rewards.text.languages import is_in_language as _is_in_language
from rewards.text.scripts import language_code

_PLACEHOLDER = re.compile(r"\[[^\[\]\n]*\]")


def has_keywords(response: str, arguments: Arguments) -> Found:
    """Every one of `keywords` occurs, in any case, inside a longer word too."""
    lowered = response.lower()
    missing = [word for word in arguments.texts("keywords") if word.lower() not in lowered]
    return Found(not missing, f"missing: {', '.join(missing)}" if missing else "all keywords")


def repeats_keyword(response: str, arguments: Arguments) -> Found:
    """`keyword` occurs at least, or less than, `frequency` times, in any case."""
    keyword = arguments.text("keyword")
    count = response.lower().count(keyword.lower().strip())
    return arguments.compared(
        count, f"times {keyword!r:.60}", wanted="frequency", relation="relation"
    )


def avoids_words(response: str, arguments: Arguments) -> Found:
    """None of `forbidden_words` occurs as a word, in any case."""
    there = [
        word
        for word in arguments.texts("forbidden_words")
        if re.search(rf"(?<!\w){re.escape(word.strip())}(?!\w)", response, re.IGNORECASE)
    ]
    return Found(not there, f"holds {', '.join(there)}" if there else "no forbidden word")


def repeats_letter(response: str, arguments: Arguments) -> Found:
    """`letter` occurs at least, or less than, `let_frequency` times, in any case."""
    letter = arguments.text("letter").strip().lower()
    if len(letter) != 1:
        raise BadInstructionError(f"{arguments.instruction}: {letter!r:.20} is not one letter")
    return arguments.compared(
        response.lower().count(letter),
        f"times {letter!r}",
        wanted="let_frequency",
        relation="let_relation",
    )


def has_placeholders(response: str, arguments: Arguments) -> Found:
    """At least `num_placeholders` pairs of square brackets: `[name]`."""
    count, wanted = len(_PLACEHOLDER.findall(response)), arguments.number("num_placeholders")
    return Found(count >= wanted, f"{count} placeholders, at least {wanted} wanted")


def has_postscript(response: str, arguments: Arguments) -> Found:
    """`postscript_marker` stands somewhere; `P.S.` and `P.P.S` with blanks between too."""
    marker = arguments.text("postscript_marker").strip()
    letters = [part.strip() for part in marker.lower().split(".") if part.strip()]
    if letters in (["p", "s"], ["p", "p", "s"]):
        dots = r"\.[ \t]{0,4}".join(letters) + (r"\." if letters == ["p", "s"] else "")
        there = re.search(rf"(?<!\w){dots}", response, re.IGNORECASE) is not None
    else:
        there = marker.lower() in response.lower()
    return Found(there, f"{'a' if there else 'no'} {marker!r:.40}")


def is_in_language(response: str, arguments: Arguments) -> Found:
    """The response is in `language`, a code such as `en` or `pt`."""
    name = arguments.text("language")
    code = language_code(name)
    if code is None:
        raise BadInstructionError(f"{arguments.instruction}: unknown language {name!r:.40}")
    followed = _is_in_language(response, code)
    if followed is None:
        return Found(None, f"to tell {code} from others of its script: pip install 'rlvr[extra]'")
    return Found(followed, f"{'' if followed else 'not '}in {code}")
