"""The answer that a completion states, as text: what rewards that compare text have in common."""

from __future__ import annotations

from collections.abc import Sequence

from rewards.errors import InputError
from rewards.extraction.places import ANSWER_PLACES, AnswerPlace, FoundAnswer, find_answer
from rewards.extraction.turns import is_blank
from rewards.sample import Sample

UNFINISHED = "the reasoning never ends, so there is no answer"


def stated_answer(
    sample: Sample, places: Sequence[AnswerPlace], *, or_whole: bool = False
) -> FoundAnswer:
    r"""The one answer of a completion, from the first of `places` that was used.

    With `or_whole` a completion that uses none of them is the answer as a whole.

    >>> stated_answer(Sample(r"I say \boxed{blue}."), ("box",)).text
    'blue'
    """
    part = sample.answer_part()
    if part is None:
        return FoundAnswer(None, UNFINISHED)
    found = find_answer(part, places)
    nothing_used = found.text is None and found.note.startswith("no ")
    if or_whole and nothing_used and not is_blank(part):
        return FoundAnswer(part.strip(), "the whole answer part")
    return found


def check_places(places: Sequence[str]) -> None:
    """Refuse what is no place for an answer.

    Raises:
        InputError: it is not a tuple of known places.
    """
    if isinstance(places, str) or any(place not in ANSWER_PLACES for place in places):
        raise InputError(f"answer_in={places!r}: a tuple of {', '.join(ANSWER_PLACES)}")
