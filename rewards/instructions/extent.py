"""How long a response is: words, sentences, paragraphs."""

from __future__ import annotations

import re

from rewards.instructions.arguments import Arguments, Found

_WORD = re.compile(r"\w+")
_END = re.compile(r"""[.!?]{1,8}["'”\u2019)\]*_]{0,4}(?=\s|$)|[。！？]{1,8}""")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:[A-Za-z]|[A-Za-z](?:\.[A-Za-z])+|mr|mrs|ms|dr|prof|st|sr|jr|vs|etc|no|inc"
    r"|ltd|co|fig|approx|dept|est|gen|col|sgt|rev|hon)$",
    re.IGNORECASE,
)
_LOOK_BACK = 12  # characters: the longest abbreviation
_RULE = re.compile(r"\s?\*\*\*\s?")
_STOPS = ".,?!'\""


def has_words(response: str, arguments: Arguments) -> Found:
    """At least, or less than, `num_words` words: runs of letters and digits."""
    count = len(_WORD.findall(response))
    return arguments.compared(count, "words", wanted="num_words", relation="relation")


def has_sentences(response: str, arguments: Arguments) -> Found:
    """At least, or less than, `num_sentences` sentences."""
    count = count_sentences(response)
    return arguments.compared(count, "sentences", wanted="num_sentences", relation="relation")


def count_sentences(text: str) -> int:
    """The sentences of a text: a stop that ends no abbreviation, or an unfinished rest.

    >>> count_sentences("Dr. Smith paid $3.50, i.e. too much. Really? Yes")
    3
    """
    count, begin = 0, 0
    seen: dict[str, bool] = {}  # whether a stop behind this ends an abbreviation
    for match in _END.finditer(text):
        before = text[max(begin, match.start() - _LOOK_BACK) : match.start()]
        lone_stop = match.group().startswith(".") and len(match.group()) == 1
        at_end = not text[match.end() : match.end() + 1]
        if lone_stop and not at_end:
            if before not in seen:
                seen[before] = _ABBREVIATION.search(before) is not None
            if seen[before]:
                continue
        if _WORD.search(text, begin, match.start()):
            count += 1
        begin = match.end()
    return count + (_WORD.search(text, begin) is not None)


def has_paragraphs(response: str, arguments: Arguments) -> Found:
    """Exactly `num_paragraphs` paragraphs, with `***` between them."""
    parts = [part.strip() for part in _RULE.split(response)]
    wanted = arguments.number("num_paragraphs")
    if not all(parts[1:-1]):
        return Found(False, "an empty paragraph")
    count = sum(map(bool, parts))
    return Found(count == wanted, f"{count} paragraphs between ***, {wanted} wanted")


def starts_paragraph(response: str, arguments: Arguments) -> Found:
    """`num_paragraphs` paragraphs between blank lines; number `nth_paragraph` starts with a word.

    As in the paper's own check, an empty paragraph keeps its number but is not counted.
    """
    parts = [part.strip() for part in response.split("\n\n")]
    wanted, nth = arguments.number("num_paragraphs"), arguments.number("nth_paragraph")
    word, count = arguments.text("first_word").strip().lower(), sum(map(bool, parts))
    if not 1 <= nth <= min(count, len(parts)) or not parts[nth - 1]:
        return Found(False, f"{count} paragraphs, none with number {nth}")
    first = parts[nth - 1].split(maxsplit=1)[0].lstrip("'\"")
    first = re.split(f"[{re.escape(_STOPS)}]", first, maxsplit=1)[0].lower()
    said = f"{count} paragraphs, number {nth} starts with {first!r:.40}"
    return Found(count == wanted and first == word, f"{said}; wanted {wanted} and {word!r}")
