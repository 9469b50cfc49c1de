r"""Units written as mathematics: `5 m/s^2`, `3\,k\Omega`, `20^\circ C`.

Letters are variables; they are read as units only where the other side says a unit (then both
sides read so), and a degree sign with C or F behind it is a temperature.
"""

from __future__ import annotations

from collections.abc import Iterator

from rewards.answers.tree import Degree, Mul, Node, Num, Pow, Sym, Unit
from rewards.answers.units import measure
from rewards.answers.walk import children, rebuild, symbols

_SCALES = {"C": "°C", "F": "°F"}
_GREEK = {"mu": "µ", "Omega": "Ω"}
MAX_LETTERS = 12


def contains_ohm(node: Node) -> bool:
    r"""Whether a product ends in `\Omega`, which behind a number is the unit."""
    return isinstance(node, Mul) and node.factors[-1] == Sym("Omega")


def with_temperature(node: Node) -> Node:
    r"""`20^\circ C` and `20^\circ\text{C}` as 20 with the unit °C; anything else as it is."""
    if isinstance(node, Unit) and node.unit in _SCALES and _has_degree(node.value):
        return Unit(_bare(node.value), _SCALES[node.unit])
    if isinstance(node, Mul) and isinstance(node.factors[-1], Sym):
        scale = _SCALES.get(node.factors[-1].name)
        rest = node.factors[:-1]
        value = rest[0] if len(rest) == 1 else Mul(rest)
        if scale and _has_degree(value) and not symbols(value):
            return Unit(_bare(value), scale)
    return node


def _has_degree(node: Node) -> bool:
    if isinstance(node, Degree):
        return True
    return isinstance(node, Mul) and isinstance(node.factors[-1], Degree)


def _bare(node: Node) -> Node:
    if isinstance(node, Degree):
        return node.value
    return rebuild(node, tuple(_bare(child) for child in children(node)))


def unit_readings(node: Node) -> Iterator[Unit]:
    """A product of a number and letters, read as that number with units, in every way there is.

    >>> from fractions import Fraction
    >>> [found.unit for found in unit_readings(Mul((Num(Fraction(5)), Sym("m"), Sym("A"))))]
    ['mA', 'm A']
    """
    if not isinstance(node, Mul):
        return
    values = [factor for factor in node.factors if not symbols(factor)]
    parts = [part for factor in node.factors if symbols(factor) for part in _parts(factor, 1)]
    if not values or not parts or None in parts or len(parts) > MAX_LETTERS:
        return
    value = values[0] if len(values) == 1 else Mul(tuple(values))
    letters = [part for part in parts if part is not None]
    for phrase in _phrases(letters):
        if measure(phrase) is not None:
            yield Unit(value, phrase)


def _parts(node: Node, power: int) -> list[tuple[str, int] | None]:
    """The letters of a factor with their exponents; `None` for what is no letter."""
    if isinstance(node, Sym) and (len(node.name) == 1 or node.name in _GREEK):
        return [(_GREEK.get(node.name, node.name), power)]
    if isinstance(node, Mul):
        return [part for factor in node.factors for part in _parts(factor, power)]
    if isinstance(node, Pow) and isinstance(node.exponent, Num):
        exponent = node.exponent.value
        if exponent.denominator == 1 and abs(exponent) <= 20:
            below = _parts(node.base, power)
            return [part and (part[0], part[1] * int(exponent)) for part in below]
    return [None]


def _phrases(letters: list[tuple[str, int]]) -> Iterator[str]:
    """Neighbouring letters joined to words in every way: `m A` and `mA`."""
    if not letters:
        yield ""
        return
    for size in range(min(4, len(letters)), 0, -1):
        run = letters[:size]
        # an exponent belongs to the last letter of a symbol: k m^2 is km^2; below a bar to all
        power = run[-1][1]
        if any(part[1] != power and part[1] != 1 for part in run):
            continue
        word = "".join(part[0] for part in run)
        if measure(word) is None:
            continue
        head = word if power == 1 else f"{word} ^{power}"
        for rest in _phrases(letters[size:]):
            yield f"{head} {rest}".strip()
