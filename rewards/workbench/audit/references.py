r"""What is to be said about one reference before a model is trained on it.

References of mathematics and words (`accuracy`), and letters that name none of a row's choices.

Not covered: tests of programs, see `rewards.workbench.audit.programs`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from rewards.answers import read_reference
from rewards.answers.match.closeness import shown_digits
from rewards.answers.tree import Fn, Group, Node, Num, Raw, Seq, SetOf, System, Text
from rewards.answers.walk import children
from rewards.extraction.reference import UnusableReferenceError, answer_text
from rewards.rules.accuracy import Accuracy, accuracy
from rewards.workbench.audit.rewritings import rewritings


class Fate(str, Enum):
    """What becomes of a row."""

    KEPT = "kept"
    MENDED = "mended"
    SET_ASIDE = "set aside"


class Finding(str, Enum):
    """What may be found; `is_unfit` says which of it keeps a rule from judging the row."""

    UNUSABLE = "unusable"
    PROSE = "prose"
    WORDS = "words"
    UNREADABLE = "unreadable"
    NO_SUCH_CHOICE = "no such choice"
    REFUSES_ITSELF = "refuses itself"
    REFUSES_REWRITING = "refuses its own rewriting"
    UNUSABLE_TESTS = "unusable tests"
    TRIVIAL_TESTS = "tests passed by a trivial program"
    REFUSES_SOLUTION = "tests refuse the row's solution"
    DAMAGED = "damaged"
    SOLUTION = "worked solution"
    AMBIGUOUS = "ambiguous"
    ROUNDED = "rounded decimal"
    PARTS = "several parts"
    CONTRADICTED = "other reference for the same prompt"
    REPEATED = "prompt repeated"

    @property
    def is_unfit(self) -> bool:
        """Whether a rule cannot be trusted to judge such a row."""
        return self in _UNFIT


_UNFIT = frozenset(
    {
        Finding.UNUSABLE,
        Finding.PROSE,
        Finding.UNREADABLE,
        Finding.NO_SUCH_CHOICE,
        Finding.REFUSES_ITSELF,
        Finding.REFUSES_REWRITING,
        Finding.UNUSABLE_TESTS,
        Finding.TRIVIAL_TESTS,
        Finding.REFUSES_SOLUTION,
        Finding.CONTRADICTED,
    }
)


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found about one reference.

    Attributes:
        findings: each with a sentence that says why.
        reads_as: how the reference was read, in words; "" where it has no text.
        mended: the text that should stand in its place; "" where it may stay as it is.
    """

    findings: Mapping[Finding, str]
    reads_as: str = ""
    mended: str = ""

    @property
    def fate(self) -> Fate:
        """What becomes of the row."""
        if any(finding.is_unfit for finding in self.findings):
            return Fate.SET_ASIDE
        return Fate.MENDED if self.mended else Fate.KEPT


_THOUSANDS = re.compile(r"\s*[-+]?[1-9]\d{0,2}(?:,\d{3})+\s*")
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d{1,20},\d{1,20}\s*")
_LETTER = re.compile(r"\(?[A-Za-z]\)?\.?")
_MARKED = re.compile(r"####|\\boxed|\\fbox")
_SOLUTION_CHARS = 80  # more around a marked answer is a way to it
_WRAPPING_CHARS = 400
_MOST_WORDS = 3  # a name or a day; more can be said in other words
# What the reference says, not how: no sympy, so that a look costs microseconds.
_JUDGE: Accuracy = Accuracy(name="audit", fallback=False)


def audit_reference(reference: object) -> Audited:
    r"""What is to be said about one reference, as a dataset holds it.

    >>> sorted(audit_reference("3.14").findings)
    [<Finding.ROUNDED: 'rounded decimal'>]
    >>> way = "In May she sold half as many as the 48 clips that she sold in April, which is 24."
    >>> audit_reference(f"{way} #### 24").mended
    '24'
    >>> audit_reference("41=42").fate
    <Fate.SET_ASIDE: 'set aside'>
    """
    try:
        text = answer_text(reference)
    except UnusableReferenceError as error:
        return Audited({Finding.UNUSABLE: str(error)})
    read = read_reference(text)
    reads_as = read.describe()
    if read.unreadable:
        return Audited({Finding.UNUSABLE: read.unreadable}, reads_as)
    found: dict[Finding, str] = {}
    mended = ""
    if read.whole or (_MARKED.search(text) and len(text) - len(read.text) > _SOLUTION_CHARS):
        found[Finding.SOLUTION] = f"its answer is {read.text[:80]!r}"
        mended = read.text
    elif read.mended:
        found[Finding.DAMAGED] = read.mended
        mended = read.text
    if read.tree is not None:
        found |= _seen(read.text, read.tree)
    if why := _refusal(text, read.text):
        found[Finding.REFUSES_ITSELF] = why
    elif Finding.PROSE not in found and (why := _refused_rewriting(text, read.text)):
        found[Finding.REFUSES_REWRITING] = why
    return Audited(found, reads_as, mended)


def _seen(text: str, tree: Node) -> dict[Finding, str]:
    """What a reference's tree gives rise to."""
    found: dict[Finding, str] = {}
    if isinstance(tree, Text):
        finding = Finding.PROSE if len(tree.words.split()) > _MOST_WORDS else Finding.WORDS
        found[finding] = "only the same words count as right"
    elif isinstance(tree, Raw):
        found[Finding.UNREADABLE] = "only the same signs count as right"
    if why := _ambiguity(text, tree):
        found[Finding.AMBIGUOUS] = why
    if shown_digits(tree) is not None:
        found[Finding.ROUNDED] = "an answer that rounds to it counts"
    parts = len(tree.items) if isinstance(tree, (Seq, SetOf, System)) else 1
    if parts > 1:
        found[Finding.PARTS] = f"all {parts} parts are required"
    return found


def audit_choice(reference: object, choices: object) -> str:
    """Why a letter or an index names none of the row's choices, or ""; "" also for anything else.

    >>> audit_choice("D", ["1", "2", "3"]), audit_choice("C", ["1", "2", "3"])
    ("'D' is none of 3 choices", '')
    """
    if isinstance(choices, Mapping):  # ARC: {"text": […], "label": […]}
        labels = choices.get("label")
        if not isinstance(labels, list) or not labels or not isinstance(reference, str):
            return ""
        return "" if reference in labels else f"{reference!r} is none of {len(labels)} choices"
    if not isinstance(choices, list) or not choices:
        return ""
    index = -1
    if isinstance(reference, str) and _LETTER.fullmatch(reference.strip()):
        index = ord(reference.strip(" ().").upper()) - ord("A")
    elif isinstance(reference, int) and not isinstance(reference, bool):
        index = reference
    return f"{reference!r} is none of {len(choices)} choices" if index >= len(choices) else ""


def same_reference(one: object, other: object) -> bool:
    """Whether two references ask for the same answer."""
    try:
        return accuracy.same_answer(answer_text(one), answer_text(other))
    except UnusableReferenceError:
        return False


def _refusal(text: str, answer: str) -> str:
    """Why the reference's own answer would not count as right, or ""."""
    if len(answer) > _WRAPPING_CHARS or answer.count("{") != answer.count("}"):
        return ""
    verdict = _JUDGE.verify(f"\\boxed{{{answer}}}", text)
    return "" if verdict.score == 1 else verdict.reason


def _refused_rewriting(text: str, answer: str) -> str:
    """Which rewriting of the reference's own answer would not count as right, or ""."""
    if len(answer) > _WRAPPING_CHARS or answer.count("{") != answer.count("}"):
        return ""
    for name, written in rewritings(answer).items():
        verdict = _JUDGE.verify(f"\\boxed{{{written}}}", text)
        if verdict.score != 1:
            return f"with {name}: {verdict.reason}"
    return ""


def _ambiguity(text: str, tree: Node) -> str:
    """How else the text could be read, or ""."""
    if _THOUSANDS.fullmatch(text):
        return "a number with thousands separators here; it may be a list"
    if _DECIMAL_COMMA.fullmatch(text):
        return "a list here; its comma may be a decimal comma"
    if isinstance(tree, Group) and _may_be_interval(tree):
        return "an ordered pair or an open interval, as the answer is"
    if _has_log(tree):
        return "log is to any base that makes both sides equal: e or 10"
    return ""


def _may_be_interval(group: Group) -> bool:
    if (group.opening, group.closing, len(group.items)) != ("(", ")", 2):
        return False
    low, high = group.items
    return isinstance(low, Num) and isinstance(high, Num) and low.value < high.value


def _has_log(node: Node) -> bool:
    if isinstance(node, Fn) and node.name == "log" and len(node.args) == 1:
        return True
    return any(_has_log(child) for child in children(node))
