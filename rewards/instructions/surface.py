"""What a response looks like: its case, its ends, its commas."""

from __future__ import annotations

import re

from rewards.instructions.arguments import Arguments, Found
from rewards.text.languages import Target, count_words

_TOKEN = re.compile(r"[^\s.,;:!?\"()\[\]{}<>*_`…“”]+")
_ENGLISH = Target.of("en")
_MOSTLY = 0.5


def ends_with(response: str, arguments: Arguments) -> Found:
    """The last thing said is `end_phrase`, in any case; quotation marks around all do not count."""
    phrase = arguments.text("end_phrase").strip()
    ends = response.strip().strip('"').rstrip().lower().endswith(phrase.lower())
    return Found(ends, f"{'ends' if ends else 'does not end'} with {phrase!r:.60}")


def is_quoted(response: str, arguments: Arguments) -> Found:  # noqa: ARG001
    """Double quotation marks around the whole response."""
    text = response.strip()
    quoted = len(text) > 2 and text[0] == text[-1] == '"'
    return Found(quoted, f"{'' if quoted else 'not '}in double quotation marks")


def has_capital_words(response: str, arguments: Arguments) -> Found:
    """At least, or less than, `capital_frequency` words in capitals."""
    count = sum(token.isupper() for token in _TOKEN.findall(response))
    return arguments.compared(
        count, "words in capitals", wanted="capital_frequency", relation="capital_relation"
    )


def is_upper(response: str, arguments: Arguments) -> Found:  # noqa: ARG001
    """No small letter, at least one capital, in Latin letters mostly."""
    return _in_one_case(response, all_in_case=response.isupper(), case="capital")


def is_lower(response: str, arguments: Arguments) -> Found:  # noqa: ARG001
    """No capital, at least one small letter, in Latin letters mostly."""
    return _in_one_case(response, all_in_case=response.islower(), case="small")


def has_no_comma(response: str, arguments: Arguments) -> Found:  # noqa: ARG001
    """No comma; those of Chinese, Japanese and Arabic are commas too."""
    count = sum(response.count(comma) for comma in ",，、،﹐﹑")
    return Found(not count, f"{count} commas")


def _in_one_case(response: str, *, all_in_case: bool, case: str) -> Found:
    if not all_in_case:
        return Found(False, f"not all in {case} letters")
    english = count_words(response, _ENGLISH).share > _MOSTLY
    return Found(english, f"all in {case} letters" + ("" if english else ", but not English"))
