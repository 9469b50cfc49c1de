"""Compare an answer with a reference; the reference decides what kind of comparison it is."""

from __future__ import annotations

import re

from rewards.answers.effort import fresh_effort
from rewards.answers.match.lettering import in_one_lettering
from rewards.answers.match.matcher import Matcher
from rewards.answers.outcome import DEFAULT_OPTIONS, CompareOptions, Comparison, Outcome
from rewards.answers.read.reading import Answer, read_answer
from rewards.answers.read.style import same_but_for_style
from rewards.answers.read.tokens import UnreadableError, tokenize
from rewards.answers.read.wording import normal_tokens
from rewards.answers.show import kind_of, show
from rewards.answers.tree import Node, Raw, Seq, Text


def compare(  # noqa: C901
    reference: Answer, answer: Answer, *, options: CompareOptions = DEFAULT_OPTIONS
) -> Comparison:
    r"""Whether an answer says what the reference says.

    >>> from rewards.answers.read.reading import read_answer, read_reference
    >>> compare(read_reference("\\frac12"), read_answer("0.5")).outcome.value
    'equal'
    """
    if reference.text == answer.text and reference.text and not reference.text.isspace():
        return Comparison(Outcome.EQUAL, f"both are written “{_short(reference.text)}”")
    if same_but_for_style(reference.text, answer.text):
        return Comparison(
            Outcome.EQUAL, f"both are written “{_short(reference.text)}” but for style"
        )
    exact = options.tolerance is None
    if exact and _is_plain_integer(reference.text) and _is_plain_integer(answer.text):
        reason = f"{_short(answer.text)} is not {_short(reference.text)}"
        return Comparison(Outcome.DIFFERENT, reason)
    expected, given = reference.tree, answer.tree
    if expected is None:
        return Comparison(
            Outcome.UNDECIDED, f"the reference cannot be read: {reference.unreadable}"
        )
    if given is None:
        return Comparison(Outcome.DIFFERENT, f"the answer cannot be read: {answer.unreadable}")
    if answer.unreadable:
        return Comparison(Outcome.DIFFERENT, f"the answer {show(given)}: {answer.unreadable}")
    fresh_effort()
    matcher = Matcher(options)
    expected, given = in_one_lettering(expected, given, reference.text, answer.text)
    try:
        same = matcher.alike(expected, given)
    except RecursionError:
        same, matcher.why = None, "one of them is nested too deeply"
    read = f"the reference was read as {reference.describe()}, the answer as {answer.describe()}"
    if same is not True and _same_tokens(reference, answer):
        return Comparison(Outcome.EQUAL, f"{read}; both hold the same words and signs")
    if same is False and _ungrouped(reference, answer, options):
        return Comparison(Outcome.EQUAL, f"{read}; a comma may separate three-digit numbers")
    if same is None:
        return Comparison(
            Outcome.UNDECIDED, f"{read}; {matcher.why or 'no rule decides this pair'}"
        )
    if same:
        return Comparison(Outcome.EQUAL, f"{read}; {matcher.why or 'they say the same'}")
    why = matcher.why or f"a {kind_of(expected)} is not a {kind_of(given)}"
    return Comparison(Outcome.DIFFERENT, f"{read}; {why}")


def _same_tokens(reference: Answer, answer: Answer) -> bool:
    """Whether texts that are not (both) understood as mathematics hold the same tokens."""
    if not any(isinstance(side.tree, (Raw, Text)) for side in (reference, answer)):
        return False
    try:
        one, other = (normal_tokens(tokenize(side.text)) for side in (reference, answer))
    except UnreadableError:
        return False
    return one == other


_GROUPED = re.compile(r"\d{1,3}(?:,[1-9]\d{2})+")  # no item starts with 0


def _ungrouped(reference: Answer, answer: Answer, options: CompareOptions) -> bool:
    """Whether `100,200` on one side is the list `100, 200` that the other side is."""
    trees: list[Node | None] = []
    for one, other in ((reference, answer), (answer, reference)):
        grouped = _GROUPED.fullmatch(one.text) is not None and isinstance(other.tree, Seq)
        trees.append(read_answer(one.text.replace(",", ", ")).tree if grouped else one.tree)
    expected, given = trees
    if expected is None or given is None or (expected, given) == (reference.tree, answer.tree):
        return False
    return Matcher(options).alike(expected, given) is True


def _is_plain_integer(text: str) -> bool:
    """Whether a text is an integer in its one normal spelling."""
    return text.isdecimal() and text.isascii() and text[0] != "0"


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"
