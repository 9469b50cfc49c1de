"""Whether the stated answer is the reference's text, as a whole or in its words."""

from __future__ import annotations

import re
import string
import unicodedata
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from rewards.columns import COLUMN_ALIASES, Role
from rewards.errors import InputError
from rewards.extraction.places import AnswerPlace
from rewards.extraction.stated import check_places, stated_answer
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.text.scripts import SPACELESS
from rewards.text.shorten import shown
from rewards.verdict import Status, Verdict

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
# Chinese, Japanese and Thai put no spaces between words: there a character is a token.
_TOKEN = re.compile(rf"[{SPACELESS}]|[^\s{SPACELESS}]+")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_PLACES: tuple[AnswerPlace, ...] = ("box", "answer_tag", "final_answer_phrase")


@dataclass(frozen=True, kw_only=True)
class _TextAnswer(Reward):
    """The stated answer, compared with every text that the reference allows.

    A completion that uses none of the places in `answer_in` is the answer as a whole.
    """

    answer_in: tuple[AnswerPlace, ...] = _PLACES
    normalise: Literal["squad", "case", "none"] = "squad"

    role: ClassVar[Role | None] = Role.REFERENCE

    def __post_init__(self) -> None:
        check_places(self.answer_in)
        if self.normalise not in {"squad", "case", "none"}:
            raise InputError(f"normalise={self.normalise!r}: 'squad', 'case' or 'none'")

    @abstractmethod
    def compare(self, text: str, note: str, wanted: Mapping[str, str]) -> Verdict:
        """Judge the answer `text` found at `note`; `wanted` has references by their normal form."""

    def judge(self, sample: Sample) -> Verdict:
        """Judge one completion."""
        references = _alternatives(sample.reference)
        wanted: dict[str, str] = {}
        for reference in references:
            wanted.setdefault(normalised(reference, self.normalise), reference)
        if flaw := _flaw(wanted):
            return Verdict(None, Status.BAD_REFERENCE, reason=flaw)
        expected = shown(" | ".join(references))
        found = stated_answer(sample, self.answer_in, or_whole=True)
        if found.text is None:
            return Verdict(0.0, Status.NO_ANSWER, expected=expected, reason=found.note)
        compared = self.compare(found.text, found.note, wanted)
        return replace(compared, expected=expected)


@dataclass(frozen=True, kw_only=True)
class ExactMatch(_TextAnswer):
    """1.0 when the stated answer is one of the references, else 0.0.

    SQuAD's exact match (Rajpurkar et al. 2016, arXiv 1606.05250, section 6.1): both sides in lower
    case, without punctuation, without the articles a, an, the, with single spaces. A reference that
    is a list holds alternatives (SQuAD's `{"text": [...]}` too): one is enough.

    Attributes:
        answer_in: where the answer may stand; a completion that uses none of these places is the
            answer as a whole, so prose around an unmarked answer is wrong.
        normalise: `"squad"` as above, `"case"` only folds case and white space, `"none"` compares
            the texts as they are, apart from white space around them.

    >>> exact_match.verify("The answer is the Eiffel Tower.", ["Eiffel tower", "La tour"]).score
    1.0
    >>> exact_match.verify("Paris or London", "Paris").score
    0.0

    Raises:
        InputError: an option has a value that it cannot have.
    """

    name: str = "exact_match"

    def compare(self, text: str, note: str, wanted: Mapping[str, str]) -> Verdict:
        """Compare one answer with its references."""
        given = normalised(text, self.normalise)
        if given in wanted:
            reason = f"{note} is {wanted[given]!r:.200}"
            return Verdict(1.0, Status.CORRECT, shown(text), reason=reason)
        reason = f"{note} reads {shown(given, 80)!r}, not {shown(next(iter(wanted)), 80)!r}"
        return Verdict(0.0, Status.WRONG, shown(text), reason=reason)


@dataclass(frozen=True, kw_only=True)
class TokenF1(_TextAnswer):
    """The overlap of words between the stated answer and the best reference, from 0 to 1.

    SQuAD's F1 (arXiv 1606.05250, section 6.1): with `n` common words, counted as often as both
    sides have them, `precision = n / words of the answer`, `recall = n / words of the reference`,
    `score = 2 · precision · recall / (precision + recall)`, the greatest over the references.
    Words as in `ExactMatch`; in scripts without spaces a character is a word.

    It rewards every word of the reference wherever it stands: "not Paris" scores 2/3 for "Paris".
    Where an answer is right or wrong use `ExactMatch`.

    Attributes:
        answer_in, normalise: as in `ExactMatch`.

    >>> token_f1.verify("The answer is Barack Obama.", "Obama").score
    0.6666666666666666

    Raises:
        InputError: an option has a value that it cannot have.
    """

    name: str = "token_f1"

    def compare(self, text: str, note: str, wanted: Mapping[str, str]) -> Verdict:
        """Compare the words of one answer with those of its references."""
        given = Counter(_TOKEN.findall(normalised(text, self.normalise)))
        overlaps = [_overlap(given, Counter(_TOKEN.findall(right))) for right in wanted]
        score, common, answer_words, reference_words = max(overlaps)
        reason = (
            f"{common} words in common, of {answer_words} in {note} and "
            f"{reference_words} in the reference"
        )
        status = Status.CORRECT if score == 1 else Status.WRONG
        return Verdict(score, status, shown(text), reason=reason)


def normalised(text: str, how: Literal["squad", "case", "none"] = "squad") -> str:
    """A text as the two rewards compare it.

    `"squad"` is `normalize_answer` of SQuAD's evaluation script, step by step: lower case, without
    ASCII punctuation (`string.punctuation`, so `$ + < = > ^ | ~` go and `“` stays), without
    articles, with single spaces.

    >>> normalised("The  Eiffel-Tower costs $5!")
    'eiffeltower costs 5'
    """
    if how == "none":
        return text.strip()
    if how == "case":
        return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split())


def _alternatives(reference: object) -> list[str]:
    """The texts of a reference, any of which is right; what is no text is left out."""
    if isinstance(reference, Mapping):
        names = ("text", "value", "aliases", *COLUMN_ALIASES[Role.REFERENCE])
        return [text for name in names for text in _alternatives(reference.get(name))]
    if isinstance(reference, str):
        return [reference]
    if isinstance(reference, int | float):
        return [str(reference)]
    if isinstance(reference, Sequence) and not isinstance(reference, bytes):
        return [text for item in reference for text in _alternatives(item)]
    return []


def _flaw(wanted: Mapping[str, str]) -> str | None:
    if not wanted:
        return "the reference holds no text"
    if not all(wanted):
        return "a reference is empty, or nothing but punctuation and articles"
    return None


def _overlap(given: Counter[str], wanted: Counter[str]) -> tuple[float, int, int, int]:
    common = (given & wanted).total()
    sizes = given.total(), wanted.total()
    return (2 * common / sum(sizes) if common else 0.0), common, *sizes


exact_match = ExactMatch()
token_f1 = TokenF1()
