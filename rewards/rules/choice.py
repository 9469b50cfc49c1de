"""Whether the stated letter is the right one."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rewards.columns import CHOICE_COLUMNS, Role
from rewards.extraction.places import AnswerPlace
from rewards.extraction.stated import check_places, stated_answer
from rewards.reward import Reward
from rewards.rules.exact_match import normalised
from rewards.sample import Sample
from rewards.text.shorten import shown
from rewards.verdict import Status, Verdict

_MAX_CHARS = 2_000
_MAX_PROMPT_CHARS = 20_000
_LETTERS = string.ascii_uppercase
# "B", "(B)", "**B**", "\text{B}", and the same with the choice's text behind it: "(B) blue".
_WRAPPED = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mathsf|operatorname)\s?\{([^{}]{0,1900})\}")
_LABELLED = re.compile(r"\(?([A-Z])(?:\)[.:]?|[.:])\s{1,4}(\S.{0,1900})", re.DOTALL)
_PLAIN = re.compile(r"\(?([A-Z])\)?[.:)]?")
_SEVERAL = re.compile(r"\(?[A-Z]\)?(?:(?:\s?(?:[,;&]|\band\b)\s?|\s{0,1})\(?[A-Z]\)?){1,25}\.?")
_LEAD = re.compile(r"(?i:option|choice|answer)\s{1,4}(?=\(?[A-Za-z]\)?\W{0,3}(?:$|\s))")
# What takes a choice back, or names another one, behind the first.
_HEDGE = re.compile(r"\b(?:[B-Z]|or|not|maybe|perhaps|either|but)\b|\(A\)")


def _form(text: str) -> str:
    """A choice's text for comparison; a text of one letter keeps what is no article there."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    short = normalised(text)
    return short if len(short) > 1 else normalised(text, "case")


@dataclass(frozen=True)
class _Choices:
    """The letters there are, their texts where the row has them, and what else may name a text."""

    letters: str
    texts: tuple[str, ...] = ()
    context: str = ""

    def is_text_of(self, letter: str, text: str) -> bool:
        """Whether a text that stands behind a letter is that choice's own.

        Where the row lists no texts, the prompt or the reference must have it behind the letter.
        """
        if self.texts:
            return self.letter_of(text) == letter
        wanted = normalised(text)
        label = "" if letter == "A" else f"{letter.lower()} "  # `a` is an article
        return bool(wanted) and f" {label}{wanted} " in f" {self.context} "

    def letter_of(self, text: str) -> str | None:
        """The one letter whose text this is."""
        wanted = _form(text)
        found = [
            letter
            for letter, own in zip(self.letters, self.texts, strict=False)
            if wanted and _form(own) == wanted
        ]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Choice(Reward):
    r"""1.0 when the letter that a completion states is the reference's, else 0.0.

    The answer stands in the last box, an `<answer>` tag, a closing "the answer is (B)" or is the
    whole completion, and is one letter, possibly with the choice's own text behind it: `B`, `(B)`,
    `B. blue`, `\text{B}`. A letter in the prose is no answer, "B or C" is none, and of several
    right letters all must be named and no other. A text behind a letter must be that choice's own,
    by the row's choices or else by the prompt or the reference; with any other it is no answer. A
    letter alone is a letter even where another choice's text is that letter.

    The reference is a letter (`B`, `(B)`, `B. blue`), several (`A, C`, `AC`, a list), the text of a
    choice, or, where the row lists its choices, a number counted from 0 as in MMLU. Choices are
    read from the columns `choices` or `options`: texts, `{"A": "red", …}`, or ARC's
    `{"label": […], "text": […]}`. Where the row has them an answer may be the choice's text alone.

    Attributes:
        answer_in: where the answer may stand, as in `Accuracy`.

    >>> choice.verify("so the answer is (B).", "B").score
    1.0
    >>> choice.verify(r"\boxed{B or C}", "B").score
    0.0
    >>> choice.verify("blue", 1, choices=["red", "blue"]).score
    1.0
    """

    name: str = "choice"
    answer_in: tuple[AnswerPlace, ...] = ("box", "answer_tag", "final_answer_phrase", "bare")

    role: ClassVar[Role | None] = Role.REFERENCE
    also_reads: ClassVar[tuple[str, ...]] = CHOICE_COLUMNS

    def __post_init__(self) -> None:
        check_places(self.answer_in)

    def judge(self, sample: Sample) -> Verdict:
        """Compare the letter of one completion with the reference's."""
        choices = _read_choices(sample.row)
        if not choices.texts:
            said = f"{_prompt_text(sample.prompt)} \n {_plain_text(sample.reference)}"
            choices = replace(choices, context=normalised(said))
        right = _read_reference(sample.reference, choices)
        if right is None:
            reason = f"the reference {sample.reference!r:.100} names none of the choices"
            return Verdict(None, Status.BAD_REFERENCE, reason=reason)
        expected = ", ".join(sorted(right))
        found = stated_answer(sample, self.answer_in)
        if found.text is None:
            return Verdict(0.0, Status.NO_ANSWER, expected=expected, reason=found.note)
        extracted = shown(found.text)
        given = _read_letters(found.text, choices)
        if given is None:
            reason = f"{found.note} is no letter of a choice: {shown(found.text, 80)!r}"
            return Verdict(0.0, Status.NO_ANSWER, extracted, expected, reason)
        reason = f"{found.note} says {', '.join(sorted(given))}"
        if given == right:
            return Verdict(1.0, Status.CORRECT, extracted, expected, reason)
        return Verdict(0.0, Status.WRONG, extracted, expected, f"{reason}, not {expected}")


def _prompt_text(prompt: object) -> str:
    """The words of a prompt: a string, or the contents of its messages."""
    if isinstance(prompt, str):
        return prompt[-_MAX_PROMPT_CHARS:]
    if isinstance(prompt, Sequence) and not isinstance(prompt, bytes):
        contents = [turn.get("content") for turn in prompt if isinstance(turn, Mapping)]
        return "\n".join(part for part in contents if isinstance(part, str))[-_MAX_PROMPT_CHARS:]
    return ""


def _plain_text(reference: object) -> str:
    """A reference's words without the markup that may stand around them."""
    return _WRAPPED.sub(r"\1", reference) if isinstance(reference, str) else ""


def _read_choices(row: Mapping[str, object]) -> _Choices:
    cell = next((row[name] for name in CHOICE_COLUMNS if row.get(name) is not None), None)
    if isinstance(cell, Mapping):
        labels, texts = cell.get("label"), cell.get("text")
        if labels is None or texts is None:
            labels, texts = list(cell), list(cell.values())
        named = [str(label).strip().upper() for label in labels]
        if all(len(label) == 1 for label in named):
            # ARC numbers a few of its questions.
            named = [_LETTERS[int(label) - 1] if label in "123456789" else label for label in named]
            return _Choices("".join(named), tuple(map(str, texts)))
    if isinstance(cell, Sequence) and not isinstance(cell, str | bytes) and len(cell) <= 26:
        texts = [str(text) for text in cell]
        return _Choices(_LETTERS[: len(texts)], tuple(map(_without_label, texts)))
    return _Choices(_LETTERS)


def _without_label(text: str) -> str:
    """The text of a choice that is listed as "B. blue"."""
    labelled = _LABELLED.fullmatch(text.strip()[:_MAX_CHARS])
    return labelled.group(2) if labelled else text


def _read_reference(reference: object, choices: _Choices) -> frozenset[str] | None:
    if isinstance(reference, bool):
        return None
    if isinstance(reference, int):
        inside = choices.texts and 0 <= reference < len(choices.letters)
        return frozenset(choices.letters[reference]) if inside else None
    if isinstance(reference, str):
        text = reference.strip()
        if text.isdecimal() and choices.texts and choices.letter_of(text) is None:
            number = int(text) if len(text) < 3 else len(choices.letters)
            return _read_reference(number, choices)
        return _read_letters(text, choices)
    if isinstance(reference, Sequence) and not isinstance(reference, bytes) and reference:
        found = [_read_reference(item, choices) for item in reference]
        named = [letters for letters in found if letters is not None]
        return frozenset().union(*named) if len(named) == len(found) else None
    return None


def _read_letters(text: str, choices: _Choices) -> frozenset[str] | None:
    """The letters that an answer names, or `None` when it is anything but letters of choices."""
    if len(text) > _MAX_CHARS:
        return None
    bare = text.strip()
    if not (len(bare) == 1 and bare.upper() in choices.letters) and (
        letter := choices.letter_of(text)
    ):
        return frozenset(letter)  # a letter alone is a letter, though it be another choice's text
    text = unicodedata.normalize("NFKC", text)
    text = _WRAPPED.sub(r"\1", text).replace("\\ ", " ").strip(" \t\n$*_`'\"{}")
    text = _LEAD.sub("", text).strip().rstrip(".")
    plain = text.upper() if len(text) <= 3 else text
    named: str | None = None
    if match := _PLAIN.fullmatch(plain):
        named = match.group(1)
    elif match := _LABELLED.fullmatch(text):
        named = match.group(1)
        said = match.group(2)
        if _HEDGE.search(said) and not choices.texts:
            return None
        if not choices.is_text_of(named, said):
            return None  # another choice's text, or something that nobody lists
    elif _SEVERAL.fullmatch(text):
        named = "".join(char for char in text if char in _LETTERS)
    if named is None or not set(named) <= set(choices.letters) or len(set(named)) < len(named):
        return None
    return frozenset(named)


choice = Choice()
