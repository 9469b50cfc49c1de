r"""Answers to science questions as people type them: `6.3x10^-7 M`, `10^(-16) J`, `(a) 1, (b) 2`.

Both sides are rewritten as LaTeX before they are read, and only where exact reading has not found
them equal. Labels of parts, a substance behind a unit (`4.00 g O`) and the left side of `y ∝ x^2`
go only where the other side leaves them out; labelled parts keep their order.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rewards.answers.read.tokens import to_latex
from rewards.answers.units import measure

MAX_CHARACTERS = 2_000

_TIMES_TEN = re.compile(r"(?<=\d)\s{0,3}(?:[xX×*·]|\\times|\\cdot)\s{0,3}(?=10\s{0,2}\^)")
_DOLLAR_TEN = re.compile(r"(?<=\d)\s{0,2}\$\s{0,2}(?=10\s{0,2}\^)")
_POWER = re.compile(
    r"(?<![\d.])10\s{0,2}\^\s{0,2}(?:\(\s{0,2}([-+−]?\d{1,4})\s{0,2}\)|([-+−]?\d{1,4})(?![\d.]))"
)
_OVER = re.compile(r"\b(\d{1,9})\sover\s(\d{1,9})\b")
_VACUUM = re.compile(r"(\\(?:var)?(?:epsilon|mu))\s?_\s?\{?o\}?(?![A-Za-z])")
# A number, and behind it what may be its unit: up to the next item.
_MEASURED = re.compile(
    r"(?P<number>(?<![A-Za-z\\_^{.\d])(?:\d{1,30}(?:,\d{3})*(?:\.\d{0,30})?|\.\d{1,30})"
    r"(?:\s?\\times\s?10\^\{[-+]?\d{1,4}\}|[eE][-+]?\d{1,4})?|(?<![\d.}^])10\^\{[-+]?\d{1,4}\})"
    r"(?P<gap>\s{0,3})(?P<unit>[A-Za-zµμΩ°Å][A-Za-z0-9µμΩ°Å*/^().·{}\- ]{0,60})"
    r"(?=\s*(?:[,;$\n]|\Z))"
)
_EXPONENT = re.compile(r"\s?\^\{?(-?\d{1,2})\}?")
_SHORT_FORMS = {"gm": "g", "gms": "g", "M": "mol/L", "HP": "hp"}
_SUBSTANCE = re.compile(r"\s(?:[A-Z][a-z]?\d{0,3}){1,8}\Z|\s[A-Z]{2,5}\Z")
_LETTERED = re.compile(r"(?:^|(?<=[\s,;.]))\(([a-h])\)\s?")
_NAMED_PART = re.compile(  # a name in words, and no function or product of letters
    r"\s{0,3}(?!(?:arc|sin|cos|tan|cot|log|lim|exp|det|min|max|gcd)\b)"
    r"(?:p[HK][A-Za-z0-9_ ]{0,40}|[A-Za-z]{3}[A-Za-z0-9_ ]{0,40})(?::|\s?=)\s?"
)
_BETWEEN_PARTS = re.compile(r",\s(?!\d{3}\b)|;|\n")
_PROPORTIONAL = re.compile(r"\\propto\b|∝")
_ROUGHLY = re.compile(r"\s{0,3}(?:~|\\sim\b|\\propto\b|∝)")


class PlainPair(NamedTuple):
    """A reference and an answer rewritten, and whether the order of their items counts."""

    reference: str
    answer: str
    ordered: bool


def plain_pair(reference: str, answer: str) -> PlainPair | None:
    r"""Both sides as LaTeX, or `None` where there is nothing to rewrite.

    >>> plain_pair("6.3x10^-7 M", "6.32 x 10^-7").reference
    '6.3\\times 10^{-7}\\text{ mol/L}'
    >>> plain_pair("(a) 0.15, (b) 0.148", "0.15, 0.148")
    PlainPair(reference='0.15, 0.148', answer='0.15, 0.148', ordered=True)
    """
    if len(reference) > MAX_CHARACTERS or len(answer) > MAX_CHARACTERS:
        return None
    sides = [_powers(reference), _powers(answer)]
    lettered = [_without_letters(side) for side in sides]
    named = [_without_names(side) for side in sides]
    ordered = any(side is not None for side in lettered)
    sides = [old if new is None else new for old, new in zip(sides, lettered, strict=True)]
    if (named[0] is None) != (named[1] is None):
        sides = [old if new is None else new for old, new in zip(sides, named, strict=True)]
        ordered = True
    sides = _proportional(*sides)
    substances = [_SUBSTANCE.search(side.rstrip("$ .")) for side in sides]
    lone = (substances[0] is None) != (substances[1] is None)
    sides = [_with_units(side, drop_substance=lone) for side in sides]
    if sides == [reference, answer] and not ordered:
        return None
    return PlainPair(sides[0], sides[1], ordered)


def _powers(text: str) -> str:
    text = _OVER.sub(r"\\frac{\1}{\2}", to_latex(text))
    text = _DOLLAR_TEN.sub(r"\\times ", text) if text.count("$") % 2 == 0 else text
    text = _TIMES_TEN.sub(r"\\times ", text)
    text = _POWER.sub(lambda m: "10^{" + (m[1] or m[2]).replace("−", "-").lstrip("+") + "}", text)
    return _VACUUM.sub(r"\1_0", text)


def _without_letters(text: str) -> str | None:
    """The parts behind `(a)`, `(b)`, … in their order, as a list; `None` if these are none."""
    found = list(_LETTERED.finditer(text))
    if len(found) < 2 or text[: found[0].start()].strip(" $"):
        return None
    if "".join(mark[1] for mark in found) != "abcdefgh"[: len(found)]:
        return None
    ends = [*(mark.start() for mark in found[1:]), len(text)]
    parts = [text[mark.end() : end] for mark, end in zip(found, ends, strict=True)]
    parts = [part.lstrip(" :").rstrip(" \n\t,;.") for part in parts]
    return ", ".join(parts) if all(parts) else None


def _without_names(text: str) -> str | None:
    """`Torque: 24 lb ft, Efficiency: 82 %` without the names of its parts."""
    parts = _BETWEEN_PARTS.split(text)
    marks = [_NAMED_PART.match(part) for part in parts]
    if not all(marks):
        return None
    return ", ".join(
        part[mark.end() :].strip() for part, mark in zip(parts, marks, strict=True) if mark
    )


def _proportional(reference: str, answer: str) -> list[str]:
    r"""`~ r^3` and `N \propto r^3`: without the left side where the other has none."""
    sides = [reference, answer]
    for one, other in ((0, 1), (1, 0)):
        opening = _ROUGHLY.match(sides[one])
        parts = _PROPORTIONAL.split(sides[other])
        if opening and len(parts) == 2 and parts[0].strip():
            sides[one] = sides[one][opening.end() :].strip()
            sides[other] = parts[1].strip().removesuffix("\\)").removesuffix("$")
    return sides


def _with_units(text: str, *, drop_substance: bool) -> str:
    def marked(match: re.Match[str]) -> str:
        unit = match["unit"].strip()
        if drop_substance:
            unit = _SUBSTANCE.sub("", unit)
        unit = _SHORT_FORMS.get(unit, unit)
        letter = len(unit) == 1 and not match["gap"] and unit != "g"
        if letter or measure(unit) is None:
            return match[0]
        words = _EXPONENT.sub(r"}^{\1}\\text{", unit).removesuffix("\\text{")
        return match["number"] + "\\text{ " + words + ("" if words.endswith("}") else "}")

    return _MEASURED.sub(marked, text)
