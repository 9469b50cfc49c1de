"""The text of a reference, whichever way the dataset holds it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import isfinite
from numbers import Integral, Number, Rational, Real

from rewards.columns import COLUMN_ALIASES, Role


class UnusableReferenceError(ValueError):
    """A reference that says nothing an answer could be compared with. Never leaves `rewards`."""


_SAYS_NONE = frozenset(
    (
        # NuminaMath-1.5 writes `proof` and `notfound`; NVIDIA's NeMo-RL leaves such rows out.
        "proof", "notfound", "not found", "none", "null", "nan", "n/a", "#n/a", "<na>", "n.a.",
        "not available", "not applicable", "no answer", "no answer found", "unknown answer",
        "see solution", "see the solution", "see explanation", "see above", "see proof",
        "see below", "see figure", "see the answer", "answer not found", "to be determined", "tbd",
        "todo", "undefined answer", "?", "-", "--", "...", "…",
    )
)  # fmt: skip
_LONGEST_NONE = 80
_WRAPPED = re.compile(r"\\(?:boxed|fbox|text|textbf|mathrm|textit)\s*\{(.*)\}", re.DOTALL)


@lru_cache(maxsize=1_024)
def says_none(reference: str) -> bool:
    r"""Whether a reference only says that there is none.

    >>> says_none("proof"), says_none("N/A"), says_none(r"\text{See solution.}")
    (True, True, True)
    >>> says_none("no solution"), says_none("na"), says_none(r"\emptyset")
    (False, False, False)
    """
    if len(reference) > _LONGEST_NONE or reference.isdecimal():
        return False
    text = reference.strip().strip("$").strip()
    while found := _WRAPPED.fullmatch(text):
        text = found[1].strip()
    text = " ".join(text.split()).lower()
    return text in _SAYS_NONE or text.rstrip(".!") in _SAYS_NONE


def reference_text(reference: object) -> str:
    r"""The reference as text.

    A number is its digits, and a truth value "True" or "False". A list holds the parts that are
    all required, in order; of a list that means alternatives, choose one when the dataset is
    made. A mapping is searched for one of the known reference names (verl's
    `{"style": "rule", "ground_truth": "42"}`).

    >>> reference_text(72), reference_text([r"\frac12"]), reference_text(["1", "2"])
    ('72', '\\frac12', '1, 2')
    >>> reference_text({"style": "rule", "ground_truth": "42"})
    '42'

    Raises:
        UnusableReferenceError: it is empty, not finite, or of a type that holds no answer.
    """
    if isinstance(reference, str):
        if not reference.strip():
            raise UnusableReferenceError("the reference is empty")
        return reference
    if isinstance(reference, bool):
        return str(reference)
    if isinstance(reference, Integral):
        return _digits(int(reference))
    if isinstance(reference, Rational):
        return f"{_digits(int(reference.numerator))}/{_digits(int(reference.denominator))}"
    # A Decimal is a Number, but not a Real.
    if isinstance(reference, Number) and hasattr(reference, "__float__"):
        if not isfinite(reference):
            raise UnusableReferenceError(f"the reference is {reference}, not a finite number")
        return str(float(reference) if isinstance(reference, Real) else reference)
    if isinstance(reference, Mapping):
        return _from_mapping(reference)
    if isinstance(reference, Sequence) and not isinstance(reference, bytes | bytearray):
        return _from_parts(reference)
    raise UnusableReferenceError(
        f"a reference is text, a number, or a list of these, not {type(reference).__name__}"
    )


def answer_text(reference: object) -> str:
    """The reference as text, for a reward that compares answers.

    Raises:
        UnusableReferenceError: as `reference_text`, or it only says that there is none.
    """
    text = reference_text(reference)
    if says_none(text):
        raise UnusableReferenceError(f"the reference says that there is none: {text!r:.80}")
    return text


def _digits(number: int) -> str:
    try:
        return str(number)
    except ValueError as error:  # Python refuses to write more than some thousand digits
        raise UnusableReferenceError("the reference is an integer of too many digits") from error


def _from_mapping(reference: Mapping[object, object]) -> str:
    named = [name for name in COLUMN_ALIASES[Role.REFERENCE] if reference.get(name) is not None]
    if len(named) != 1:
        found = ", ".join(str(name) for name in reference) or "none"
        raise UnusableReferenceError(
            f"the reference is a dict with the keys {found[:200]}; it must hold exactly one of "
            + ", ".join(COLUMN_ALIASES[Role.REFERENCE])
        )
    inner = reference[named[0]]
    if isinstance(inner, Mapping):
        raise UnusableReferenceError(f"the reference's {named[0]!r} is a dict again")
    return reference_text(inner)


def _from_parts(reference: Sequence[object]) -> str:
    if not reference:
        raise UnusableReferenceError("the reference is an empty list")
    for part in reference:
        if not isinstance(part, str | int | float):
            raise UnusableReferenceError(
                f"the reference is a list that holds a {type(part).__name__}; its parts must be "
                "text or numbers"
            )
    return ", ".join(reference_text(part) for part in reference)
