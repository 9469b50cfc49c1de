"""Compare an answer with a reference; the reference decides what kind of comparison it is."""

from __future__ import annotations

import re
from dataclasses import replace

from rewards.answers.construct import MINUS_ONE
from rewards.answers.effort import fresh_effort
from rewards.answers.match.chemistry import same_formula
from rewards.answers.match.lettering import in_one_lettering, same_cross_products
from rewards.answers.match.matcher import Matcher
from rewards.answers.outcome import DEFAULT_OPTIONS, CompareOptions, Comparison, Equality
from rewards.answers.read.parts import labelled_parts, listed_parts
from rewards.answers.read.reading import Answer, read_answer, read_reference
from rewards.answers.read.sentences import claims_differ, said_of
from rewards.answers.read.style import same_but_for_style
from rewards.answers.read.tokens import UnreadableError, tokenize
from rewards.answers.read.wording import normal_tokens
from rewards.answers.show import kind_of, show
from rewards.answers.tree import Degree, Mul, Node, Num, Percent, Raw, Seq, Text, Unit


def compare(  # noqa: C901, PLR0912
    reference: Answer, answer: Answer, *, options: CompareOptions = DEFAULT_OPTIONS
) -> Comparison:
    r"""Whether an answer says what the reference says.

    >>> from rewards.answers.read.reading import read_answer, read_reference
    >>> compare(read_reference("\\frac12"), read_answer("0.5")).outcome.value
    'equal'
    """
    if reference.text == answer.text and reference.text and not reference.text.isspace():
        return Comparison(Equality.EQUAL, f"both are written “{_short(reference.text)}”")
    if answer.text and answer.text in {reference.whole, reference.damaged}:
        return Comparison(Equality.EQUAL, "both are the same text")
    if same_but_for_style(reference.text, answer.text):
        return Comparison(
            Equality.EQUAL, f"both are written “{_short(reference.text)}” but for style"
        )
    exact = options.tolerance is None or options.integers != "tolerance"
    if exact and _is_plain_integer(reference.text) and _is_plain_integer(answer.text):
        reason = f"{_short(answer.text)} is not {_short(reference.text)}"
        return Comparison(Equality.DIFFERENT, reason)
    if options.tolerance is not None and _VERSION.match(reference.text):
        options = replace(options, tolerance=None)
    expected, given = reference.tree, answer.tree
    if expected is None:
        return Comparison(
            Equality.UNDECIDED, f"the reference cannot be read: {reference.unreadable}"
        )
    if given is None:
        return Comparison(Equality.DIFFERENT, f"the answer cannot be read: {answer.unreadable}")
    if answer.unreadable:
        return Comparison(Equality.DIFFERENT, f"the answer {show(given)}: {answer.unreadable}")
    if options.tolerance is None and _are_other_numbers(reference, answer):
        read = (
            f"the reference was read as {reference.describe()}, the answer as {answer.describe()}"
        )
        return Comparison(Equality.DIFFERENT, f"{read}; their exact values differ")
    fresh_effort()
    matcher = Matcher(options)
    expected, given = in_one_lettering(expected, given, reference.text, answer.text)
    try:
        same = matcher.alike(expected, given)
    except RecursionError:
        same, matcher.why = None, "one of them is nested too deeply"
    read = f"the reference was read as {reference.describe()}, the answer as {answer.describe()}"
    if same and claims_differ(reference.text, answer.text):
        same, matcher.why = False, "they say it of different things"
    if same and not same_cross_products(reference.text, answer.text):
        same, matcher.why = False, "a cross product has an order, and is no other product"
    if same is not True and (formula := same_formula(reference.text, answer.text)) is not None:
        same = formula
        matcher.why = "the chemical formulas " + ("are the same" if formula else "differ")
    if same is not True and _part_by_part(reference, answer, options):
        return Comparison(Equality.EQUAL, f"{read}; they say the same part by part")
    if same is False and said_of(reference.text, answer.text):
        return Comparison(Equality.EQUAL, f"{read}; one is a sentence that says the other")
    if same is not True and _same_tokens(reference, answer):
        return Comparison(Equality.EQUAL, f"{read}; both hold the same words and signs")
    if same is False and _ungrouped(reference, answer, options):
        return Comparison(Equality.EQUAL, f"{read}; a comma may separate three-digit numbers")
    if same is not True and _with_decimal_comma(reference, answer, options):
        return Comparison(Equality.EQUAL, f"{read}; its comma is a decimal comma")
    if same is None:
        return Comparison(
            Equality.UNDECIDED, f"{read}; {matcher.why or 'no rule decides this pair'}"
        )
    if same:
        return Comparison(Equality.EQUAL, f"{read}; {matcher.why or 'they say the same'}")
    why = matcher.why or f"a {kind_of(expected)} is not a {kind_of(given)}"
    on_words = any(isinstance(side, (Raw, Text)) for side in (expected, given))
    return Comparison(Equality.DIFFERENT, f"{read}; {why}", on_words=on_words)


def _part_by_part(reference: Answer, answer: Answer, options: CompareOptions) -> bool:
    """Whether answers of several parts, labelled or of mixed kinds, agree in each, in order."""
    wanted, given = labelled_parts(reference.text), labelled_parts(answer.text)
    if wanted is None and given is None:
        if not any(isinstance(side.tree, (Raw, Text)) for side in (reference, answer)):
            return False  # it was read as a list, and compared
        wanted, given = listed_parts(reference.text), listed_parts(answer.text)
    wanted = wanted or listed_parts(reference.text)
    given = given or listed_parts(answer.text)
    if wanted is None or given is None or len(wanted) != len(given):
        return False
    return all(
        compare(read_reference(one), read_answer(other), options=options).is_equal
        for one, other in zip(wanted, given, strict=True)
    )


def _same_tokens(reference: Answer, answer: Answer) -> bool:
    """Whether texts that are not (both) understood as mathematics hold the same tokens."""
    if not any(isinstance(side.tree, (Raw, Text)) for side in (reference, answer)):
        return False
    try:
        one, other = (normal_tokens(tokenize(side.text)) for side in (reference, answer))
    except UnreadableError:
        return False
    return one == other


_VERSION = re.compile(r"(?:v|ver\.|version|release)\s?\d", re.IGNORECASE)  # v2.41 is exact
_GROUPED = re.compile(r"\d{1,3}(?:,[1-9]\d{2})+")  # no item starts with 0
_THOUSANDS = re.compile(r"[1-9]\d{0,2},\d{3}")


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


_COMMA = re.compile(r"(?<![\d.,}])(\d{1,300})(?:,|\{,\})(\d{1,300})(?![\d.,{])")
_BEHIND_OR_BEFORE = re.compile(r"[^\d,;()\[\]|&]{0,40}")  # a sign, a currency, a unit


def _with_decimal_comma(reference: Answer, answer: Answer, options: CompareOptions) -> bool:
    """Whether one side is `1000,99` and the other the number 1000.99, as it can only be.

    `1,234` is a thousand and more, `(1,5)` a pair, and the reference `5,7` may be a list.
    """
    for one, other in ((reference, answer), (answer, reference)):
        found = _COMMA.search(one.text)
        if found is not None and one is reference and len(found[2]) < 2:
            continue
        if found is None or _THOUSANDS.fullmatch(f"{found[1]},{found[2]}"):
            continue
        around = one.text[: found.start()], one.text[found.end() :]
        if not all(map(_BEHIND_OR_BEFORE.fullmatch, around)) or not _is_broken_number(other.tree):
            continue
        tree = read_answer(f"{around[0]}{found[1]}.{found[2]}{around[1]}").tree
        expected, given = (tree, other.tree) if one is reference else (other.tree, tree)
        if expected is None or given is None or isinstance(tree, (Raw, Text)):
            continue
        if Matcher(options).alike(expected, given) is True:
            return True
    return False


def _is_broken_number(node: Node | None) -> bool:
    """Whether a side is one number that is no integer, with a unit or without."""
    while isinstance(node, (Unit, Percent, Degree)):
        node = node.value
    if isinstance(node, Mul) and len(node.factors) == 2 and node.factors[0] == MINUS_ONE:
        node = node.factors[1]
    return isinstance(node, Num) and (bool(node.decimals) or node.value.denominator != 1)


_WHOLE = r"\d{1,18}|[1-9]\d{0,2}(?:(?:,\d{3}){1,6}|(?:\{,\}\d{3}){1,6})"
_FRACTION = r"(?:\d{1,18} ?)?\\[dt]?frac\{\d{1,18}\}\{\d{1,18}\}"
_EXACT_NUMERAL = re.compile(f"-?(?:{_WHOLE}|{_FRACTION})")
_NUMERAL = re.compile(rf"-?(?:{_WHOLE}|{_FRACTION}|\d{{1,18}}\.\d{{1,18}})")


def _are_other_numbers(reference: Answer, answer: Answer) -> bool:
    """Whether an exact number is answered by another number: no leniency can be meant there."""
    expected, given = reference.tree, answer.tree
    return (
        type(expected) is Num
        and type(given) is Num
        and expected.value != given.value
        and _EXACT_NUMERAL.fullmatch(reference.text) is not None
        and _NUMERAL.fullmatch(answer.text) is not None
    )


def _is_plain_integer(text: str) -> bool:
    """Whether a text is an integer in its one normal spelling."""
    return text.isdecimal() and text.isascii() and text[0] != "0"


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"
