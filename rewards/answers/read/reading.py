"""Read a reference or an answer: text in, `Answer` out. Never raises, whatever the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from rewards.answers.effort import fresh_effort
from rewards.answers.evaluate.contradictions import is_contradiction
from rewards.answers.read.clock import read_clock, read_date
from rewards.answers.read.literals import based, number
from rewards.answers.read.mending import balanced, mend
from rewards.answers.read.number_words import number_in_words, ordinal_in_words
from rewards.answers.read.sentences import said_in
from rewards.answers.read.solutions import concluded, final_answer, is_solution
from rewards.answers.read.statements import StatementReader
from rewards.answers.read.tokens import UnreadableError, tokenize
from rewards.answers.read.unwrap import unwrap, unwrap_reference
from rewards.answers.read.wording import (
    is_prose,
    normal_tokens,
    normal_words,
    resolve_words,
    words_only,
)
from rewards.answers.show import kind_of, show
from rewards.answers.tree import Choice, Named, Node, Num, Raw, Seq, Text
from rewards.answers.vocabulary import HEDGES, LINKS, NAMED, NEGATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rewards.answers.read.tokens import Token

_LITERAL = re.compile(r"[-+]? ?(\d{1,400}(?:\.\d{1,400})?)")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?:,\d{3}){1,6}|(?:\{,\}\d{3}){1,6})", re.ASCII)
_FRACTION = re.compile(
    r"-?([1-9]\d{0,17} ?)?\\[dt]?frac\{(\d{1,18})\}\{([1-9]\d{0,17})\}", re.ASCII
)
_BASED = re.compile(
    r"\(?([0-9A-Za-z]{1,200})\)?_\{?(?:\\text\{)?(?:base)?[\s}~]*(\d{1,2}|[a-z]+)\}{0,2}"
)
_BASE_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "sixteen": 16, "hex": 16, "bin": 2, "oct": 8,
}  # fmt: skip
_CHOICE = re.compile(
    r"(?:option|choice|answer|选项|选)?\s*"
    r"(?:\(([A-J])\)(?:[.:]?(?:\s|~|\\[,;:\s]|\\q?quad\b)+(\S.*))?|([A-J])(?:\s*[.:)、]\s*(\S.*)?)?)",
    re.IGNORECASE | re.DOTALL,
)
_CHOICE_LIST = re.compile(r"\(?[A-J]\)?(?:\s*(?:,|;|\band\b|&|、|\s)\s*\(?[A-J]\)?)+")
_FORMULA = re.compile(r"\$\$?([^$]+)\$?\$|\\\[(.+?)\\\]|\\\((.+?)\\\)", re.DOTALL)
_STYLE = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mbox|textit|rm|bf|boldsymbol)\s*\{([^{}]*)\}")
_TAKEN_BACK = HEDGES | NEGATIONS | {"or", "and"}
MAX_CACHED = 512
MAX_LINES = 40
_READABLE_DIGITS = 400
_NO_ITEM = (Text, Raw, Seq, Named)  # what is no value on a line of its own
BAD_ROUNDING = "its approximation is wrong"
QUESTION = "it is a question"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read out of a text.

    Attributes:
        text: the text without what was wrapped around it.
        is_reference: whether it is a reference, which may round carelessly.
        mended: what was damaged in the text and is mended in `text`; nothing if it was whole.
        whole: the solution that it was found in, if it was.
        damaged: the text as it stood where its braces had to be mended.
        refused: why a reference says nothing that an answer could be compared with, or nothing.
    """

    text: str
    is_reference: bool = False
    mended: str = ""
    refused: str = ""
    whole: str = ""
    damaged: str = ""
    _read: list[tuple[Node | None, str | None]] = field(
        default_factory=list, repr=False, compare=False, hash=False
    )

    def _reading(self) -> tuple[Node | None, str | None]:
        if not self._read:
            read = _read_cached if len(self.text) <= MAX_CACHED else _read_tree
            found = read(self.text)
            if isinstance(found[0], Text) and not self.is_reference:
                # a whole solution in the box
                said = concluded(self.text, _is_a_value, whole_sentence=True)
                found = found if said is None else read(unwrap(said))
            self._read.append(found)
        return self._read[0]

    @property
    def tree(self) -> Node | None:
        """The typed tree, or `None` if nothing can be read."""
        return self._reading()[0]

    @property
    def unreadable(self) -> str | None:
        """Why nothing can be read, or `None` if something can."""
        if not self._read and len(self.text) < _READABLE_DIGITS and _is_plain_numeral(self.text):
            return self.refused or None  # digits can be read; their tree is often not asked for
        reason = self.refused or self._reading()[1]
        return None if self.is_reference and reason in {BAD_ROUNDING, QUESTION} else reason

    @property
    def kind(self) -> str:
        """What it is, in a word or two."""
        tree = self.tree
        return "nothing" if tree is None else kind_of(tree)

    @property
    def normal(self) -> str:
        """The answer in normal form, as text."""
        tree = self.tree
        return "" if tree is None else show(tree)

    def describe(self) -> str:
        r"""How it was read, in words.

        >>> read_answer("\\frac{1}{2}").describe()
        'the number 1/2'
        """
        tree = self.tree
        if tree is None:
            return f"nothing ({self.unreadable})"
        normal = show(tree)
        if len(normal) > 120:
            normal = normal[:117] + "…"
        mended = f" ({self.mended})" if self.mended else ""
        return f"the {kind_of(tree)} {normal}{mended}"


def read_reference(text: str) -> Answer:
    r"""Read a dataset's reference as a whole: `#### 72`, `\boxed{…}`, `$…$` or plain text."""
    if _is_plain_numeral(text):
        return Answer(text, is_reference=True)
    whole = mend(text)
    answer = Answer(unwrap_reference(whole.text), is_reference=True, mended=whole.what)
    if isinstance(answer.tree, (Raw, Text)):
        said = final_answer(whole.text, _is_a_value)
        if said is not None:
            return Answer(unwrap(said), True, "said at the end of a solution", whole=answer.text)
        if is_solution(whole.text):
            refused = "it is a worked solution that marks no answer"
            return Answer(answer.text, is_reference=True, refused=refused)
    if isinstance(answer.tree, Raw):
        repaired = balanced(answer.text, _normal_form)
        if repaired is not None:
            return Answer(unwrap(repaired.text), True, mended=repaired.what, damaged=answer.text)
    return answer


def _is_plain_numeral(text: str) -> bool:
    """Whether a text is digits and nothing else: half of all answers, with nothing to unwrap."""
    return text.isdecimal() and text.isascii()


def _is_a_value(text: str) -> bool:
    return _normal_form(text) is not None


def _normal_form(text: str) -> str | None:
    node, unreadable = _read_tree(unwrap(text))
    if node is None or unreadable or isinstance(node, (Raw, Text)):
        return None
    return show(node)


def read_answer(text: str) -> Answer:
    """Read what stood in a completion's box (or other place for the answer)."""
    if _is_plain_numeral(text):
        return Answer(text)
    whole = mend(text)
    return Answer(unwrap(whole.text), mended=whole.what)


def _read_numeral(text: str) -> Node | None:
    """A number as it is usually written: most answers are, and tokens take ten times as long."""
    literal = _LITERAL.fullmatch(text)
    if literal is not None:
        return number(literal[1], negative=literal[0][0] == "-")
    if _GROUPED.fullmatch(text) is not None:
        return number(text.replace("{,}", "").replace(",", ""))
    fraction = _FRACTION.fullmatch(text)
    if fraction is not None:
        whole, top, bottom = (int(part or "0") for part in fraction.groups())
        if not whole or 0 < top < bottom:
            value = whole + Fraction(top, bottom)
            return Num(-value if text[0] == "-" else value)
    return None


def _read_tree(text: str) -> tuple[Node | None, str | None]:
    numeral = _read_numeral(text)
    if numeral is not None:
        return numeral, None
    if not text or text.isspace():
        return None, "it is empty"
    fresh_effort()
    try:
        tokens = tokenize(text)
    except UnreadableError as error:
        return Raw(text), None if text else str(error)
    if not any(token.value not in {"{", "}", "?", ".", ","} for token in tokens):
        return None, "it holds nothing but punctuation"
    try:
        node = _read_words(text, tokens)
        if node is None:
            node = _read_mathematics(text, tokens)
        if tokens[-1].value == "?" and not isinstance(node, Raw):
            return node, QUESTION
        return node, _contradiction(node)
    except RecursionError:
        return Raw(normal_tokens(tokens)), None


_read_cached = lru_cache(maxsize=4096)(_read_tree)


def _read_words(text: str, tokens: Sequence[Token]) -> Node | None:  # noqa: C901
    """Choices, fixed words, times, numerals with a base: what is no formula."""
    plain = _STYLE.sub(r"\1", text).strip()
    if len(plain) <= 200:
        choice = _read_choice(plain)
        if choice is not None:
            return choice
        numeral = _BASED.fullmatch(plain.replace(" ", ""))
        if numeral is not None and numeral[1][0].isdecimal():
            base = numeral[2]
            try:
                return based(numeral[1].upper(), str(_BASE_WORDS.get(base, base)))
            except UnreadableError:
                pass
        moment = read_clock(tokens) or read_date(tokens)
        if moment is not None:
            return moment
        special = _read_digits_and_words(plain) if plain else None
        if special is not None:
            return special
    words = words_only(tokens)
    if words is None:
        return None
    normal = normal_words(tokens)
    lower = normal.lower()
    if lower in NAMED:
        return Named(NAMED[lower])
    number_said = number_in_words(_compact(plain.lower()))
    if number_said is not None:
        return number_said
    rank = ordinal_in_words(lower)
    if rank is not None:
        return Text(f"ordinal {rank}")
    return None if _mathematical(tokens) else Text(normal)


_RING = r"(?:[\u2460-\u2473]|\\textcircled\s?\{\d{1,2}\})"
_CIRCLED = re.compile(rf"{_RING}(?:[\s,、和]*{_RING})*")
_RINGED = re.compile(r"[\u2460-\u2473]|\d+")
_BESIDE = re.compile(r"([^()]{1,100}?)\s*[（(]([^()]{1,100})[)）]")


def _read_digits_and_words(plain: str) -> Node | None:
    """`①③`, `3rd`, `42 (forty-two)`, `3分之2`: numbers that are not written in digits alone."""
    if plain[0].isdecimal() or not plain.isascii():
        rank = ordinal_in_words(plain)
        if rank is not None:
            return Text(f"ordinal {rank}")
        if "分之" in plain and (part := number_in_words(plain)) is not None:
            return part
    if ("①" <= plain[0] <= "⑳" or plain[0] == "\\") and _CIRCLED.fullmatch(plain):
        marks = _RINGED.findall(plain)
        numbers = [int(mark) if mark.isascii() else ord(mark) - 0x245F for mark in marks]
        items = tuple(Num(Fraction(value)) for value in numbers)
        return items[0] if len(items) == 1 else Seq(items)
    beside = _BESIDE.fullmatch(plain) if plain[-1] in ")）" else None
    if beside is not None:
        said = [number_in_words(part.strip().lower()) for part in beside.groups()]
        if (said[0] is None) != (said[1] is None):
            written = _read_cached(unwrap(beside[2] if said[1] is None else beside[1]))[0]
            return written if written == (said[0] or said[1]) else None
    return None


def _compact(text: str) -> str:
    """Words with their punctuation gone."""
    return " ".join(text.strip(" .!\"'").split())


def _mathematical(tokens: Sequence[Token]) -> bool:
    """Whether words alone are still a formula: `pi`, `sin x`, `infinity`."""
    return all(token.kind != "text" for token in resolve_words(tokens))


_OTHER_CHOICE = re.compile(
    r"(?:or|and|not)\b|.*(?:\([A-J]\)|(?<![A-Za-z\\])[A-J][).:])|[\d\s.,]*[A-J]\W*$",
    re.DOTALL,
)


def _read_choice(plain: str) -> Choice | None:
    if len(plain) < 40 and _CHOICE_LIST.fullmatch(plain):
        letters = [char for char in plain if char.isupper()]
        if len(set(letters)) == len(letters):
            return Choice("".join(sorted(letters)))
    match = _CHOICE.fullmatch(plain)
    if match is not None:
        letter, detail = match[1] or match[3], match[2] or match[4]
        if letter.isupper() and not (detail and _OTHER_CHOICE.match(detail)):
            return Choice(letter, _read_tree(unwrap(detail))[0] if detail else None)
    return None


def _read_mathematics(text: str, tokens: Sequence[Token]) -> Node:
    resolved = resolve_words(tokens)
    try:
        return StatementReader(resolved).whole()
    except UnreadableError:
        pass
    lines = _lines(text)
    if lines is not None:
        return lines
    said = said_in(" ".join(_STYLE.sub(r"\1", text).split())) if " " in text else None
    if said is not None:
        node = _read_tree(unwrap(said))[0]
        if node is not None and not isinstance(node, (Text, Raw)):
            return node
    if is_prose(tokens):
        formula = _only_formula(text)
        if formula is not None:
            node = _read_tree(formula)[0]
            if node is not None and not isinstance(node, (Text, Raw)):
                return node
        return Text(normal_words(tokens))
    return Raw(normal_tokens(tokens))


def _lines(text: str) -> Node | None:
    """Values that stand one below the other, each on a line of its own, as a list."""
    if "\n" not in text:
        return None
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not 1 < len(lines) <= MAX_LINES:
        return None
    read = [_read_tree(line)[0] for line in lines]
    items = [node for node in read if node is not None and not isinstance(node, _NO_ITEM)]
    return Seq(tuple(items)) if len(items) == len(lines) else None


def _only_formula(text: str) -> str | None:
    """The formula of a sentence that holds exactly one, and no number or hedge beside it."""
    if len(text) > 400:
        return None
    found = list(_FORMULA.finditer(text))
    if len(found) != 1:
        return None
    around = text[: found[0].start()] + " " + text[found[0].end() :]
    if any(char.isdecimal() or char in "\\$" for char in around):
        return None
    before = text[: found[0].start()].split()
    after = " ".join(text[found[0].end() :].lower().strip(" .").split())
    around_words = {word.strip(".,;:!").lower() for word in around.split()}
    if around_words & _TAKEN_BACK:
        return None
    if before and not (before[-1].endswith(":") or before[-1].lower().strip(",") in LINKS):
        return None
    if after not in {"", "is the solution", "is the answer", "works"}:
        return None
    return next(group for group in found[0].groups() if group is not None).strip()


def _contradiction(node: Node) -> str | None:
    if not is_contradiction(node):
        return None
    return "it contradicts itself" if is_contradiction(node, rounding=False) else BAD_ROUNDING
