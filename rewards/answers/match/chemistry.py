r"""Chemical formulas in one spelling: `\ce{H2SO4}`, `H_2SO_4`, `\text{H}_2\text{SO}_4`."""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

import re

_ELEMENTS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se "
    "Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy "
    "Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm"
).split()
_ATOM = "(?:" + "|".join(sorted(_ELEMENTS, key=len, reverse=True)) + ")"
_CHARGE = r"(?:\^(?:\d{0,2}[+-]|[+-]\d{0,2}))?"
_SPECIES = rf"\d{{0,3}}(?:{_ATOM}\d{{0,3}}|\((?:{_ATOM}\d{{0,3}})+\)\d{{0,3}})+{_CHARGE}"
_FORMULA = re.compile(rf"{_SPECIES}(?:\+{_SPECIES})*(?:(?:->|<=>){_SPECIES}(?:\+{_SPECIES})*)?")
_WRAPPED = re.compile(r"\\(?:ce|cf|chem|text|textrm|mathrm|mathsf|rm|ensuremath)(?![A-Za-z])")
_ARROWS = re.compile(
    r"\\(?:long)?(?:right)arrow|\\xrightarrow(?:\{[^{}]*\})?|\\to(?![A-Za-z])|→|⟶|=>"
)
_BALANCE = re.compile(r"\\rightleftharpoons|\\leftrightarrow|⇌|↔")
_FACE = re.compile(r"\\(?:left|right)(?![A-Za-z])|\\[,;:! ]|[\s{}$_~]")
_ATOMS = re.compile(_ATOM)
_ION = re.compile(r"(?<=[A-Za-z0-9)])(?<!\^\d)([+-])(?=\Z|\+|->|<=>)")
MAX_CHARS = 200


def chemical(text: str) -> tuple[str, bool] | None:
    r"""The formula in one spelling, and whether `\ce` says that it is one; else `None`.

    >>> chemical(r"\text{H}_2\text{SO}_4"), chemical("x_2") is None
    (('H2SO4', False), True)
    """
    if len(text) > MAX_CHARS:
        return None
    marked = "\\ce" in text
    text = _BALANCE.sub("<=>", _ARROWS.sub("->", text))
    plain = _FACE.sub("", _WRAPPED.sub("", text))
    if marked:  # `\ce` takes a charge behind the formula as it stands
        plain = _ION.sub(r"^\1", plain)
    return (plain, marked) if _FORMULA.fullmatch(plain) else None


def same_formula(one: str, other: str) -> bool | None:
    r"""Whether two texts are the same formula, one set with `\ce` or both of several elements.

    Case counts: `CO` is not `Co`. So does order, and every number. `None`: they may be anything
    else than formulas.
    """
    left, right = chemical(one), chemical(other)
    if left is None or right is None:
        return None
    several = len(set(_ATOMS.findall(left[0]))) > 1 and any(char.isdigit() for char in left[0])
    if not (left[1] or right[1] or several):
        return None
    return True if left[0] == right[0] else False if left[1] or right[1] else None
