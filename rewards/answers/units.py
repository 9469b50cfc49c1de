"""Units of measurement: what a unit phrase means, and how one converts into another.

A phrase made of known units is a dimension and a factor. Any other phrase (`apples`, `ways`) is a
counted noun, which says nothing that the question has not said.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TypeAlias

from rewards.answers.vocabulary import NUMBER_WORDS

# dimension -> exponent, and the factor to the dimension's base unit
Measure: TypeAlias = tuple[tuple[tuple[str, int], ...], Fraction]

_TABLE = """
length   1          m meter meters metre metres 米
length   1000       km kilometer kilometers kilometre kilometres kms 千米 公里
length   1/100      cm centimeter centimeters centimetre centimetres 厘米
length   1/10       dm decimeter decimeters 分米
length   1/1000     mm millimeter millimeters millimetre millimetres 毫米
length   1/1000000  micrometer micrometers micron microns
length   1/1000000000 nm nanometer nanometers
length   0.0254     inch inches in
length   0.3048     ft foot feet
length   0.9144     yd yard yards
length   1609.344   mi mile miles
time     1          s sec secs second seconds 秒
time     60         min mins minute minutes 分钟 分
time     3600       h hr hrs hour hours 小时 时
time     86400      day days 天
time     604800     week weeks 周
time     2629746    month months 个月
time     31556952   yr yrs year years 年
time     1/1000     ms millisecond milliseconds
mass     1          g gram grams 克
mass     1000       kg kilogram kilograms kgs 千克 公斤
mass     1/1000     mg milligram milligrams
mass     1000000    Mg megagram megagrams ton tons tonne tonnes 吨
mass     453.59237  lb lbs pound pounds
mass     28.349523125 oz ounce ounces
volume   1/1000     l liter liters litre litres L 升
volume   1/1000000  ml mL milliliter milliliters 毫升
volume   0.003785411784 gal gallon gallons
volume   0.000946352946 quart quarts
volume   0.000473176473 pint pints
force    1          N newton newtons
force    1000       kN
energy   1          J joule joules
energy   1000       kJ kilojoule kilojoules
energy   1000000    MJ megajoule megajoules
energy   3600000    kWh
energy   4.184      cal calorie calories
power    1          W watt watts
power    1000       kW kilowatt kilowatts
power    1000000    MW megawatt megawatts
power    1/1000     mW milliwatt milliwatts
pressure 1          Pa pascal pascals
pressure 1000       kPa
pressure 1000000    MPa
charge   1          C coulomb coulombs
current  1          A amp amps ampere amperes
voltage  1          V volt volts
resistance 1        ohm ohms
frequency 1         Hz hertz
frequency 1000      kHz
frequency 1000000   MHz
frequency 1000000000 GHz
temperature 1       K kelvin kelvins
amount   1          mol mole moles
angle    1          rad radian radians
money    1          USD dollar dollars 美元
money    1/100      cent cents
euro     1          EUR euro euros 欧元
sterling 1          GBP
yen      1          JPY 日元
yuan     1          RMB CNY yuan 元
rupee    1          INR rupee rupees Rs
"""
_COMPOSITE = {"mph": "mi / h", "kmh": "km / h", "kph": "km / h", "fps": "ft / s"}
# Letters too common as variables to be units unless the text marks them as text.
_PLAIN_EXCLUDED = frozenset({"m", "s", "h", "g", "l", "L", "N", "J", "W", "C", "A", "V", "K", "in"})

DEGREES = frozenset({"degree", "degrees", "deg", "度"})
PERCENTS = frozenset({"percent", "percents", "pct", "percentage"})
# Behind a number these are no counted noun: they change it, or take it back.
_CHANGING = frozenset(
    {
        "squared", "cubed", "factorial", "half", "halves", "thirds", "tenths", "hundredths", "tens",
        "lakh", "crore", "k", "plus", "minus", "least", "most", "wrong", "false", "incorrect",
        "not", "if", "when", "unless", "more", "less", "fewer", "pair", "pairs", "point", "over",
        "is", "are", "was", "were", "isn", "aren", "too", *list(NUMBER_WORDS)[1:], "hundred",
    }
)  # fmt: skip
_OPPOSITES = tuple(
    frozenset(pair)
    for pair in (
        ("increase", "decrease"), ("increased", "decreased"), ("profit", "loss"), ("gain", "loss"),
        ("north", "south"), ("east", "west"), ("older", "younger"), ("above", "below"),
        ("more", "less"), ("more", "fewer"), ("before", "after"), ("faster", "slower"),
        ("up", "down"), ("clockwise", "counterclockwise"), ("taller", "shorter"),
        ("heavier", "lighter"), ("longer", "shorter"),
    )
)  # fmt: skip
_COLOURS = frozenset(
    [
        "red",
        "blue",
        "green",
        "yellow",
        "white",
        "black",
        "brown",
        "orange",
        "purple",
        "pink",
        "grey",
        "gray",
    ]
)
_PER = frozenset({"per", "/", "a", "an", "每"})
_MULTIPLIERS = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cu": 3, "cubed": 3, "平方": 2}
_WORD = re.compile(r"[a-z]+")
_SPLIT = re.compile(r"\^?-?\d+|/|\^|\*|-|[^\W\d_]+", re.UNICODE)

_ATOMS: dict[str, Measure] = {}
for _line in _TABLE.strip().splitlines():
    _dimension, _factor, *_names = _line.split()
    for _name in _names:
        _ATOMS[_name] = (((_dimension, 1),), Fraction(_factor))


def is_plain_unit(word: str) -> bool:
    """Whether an unmarked word behind a number is certainly a unit (`5 cm`, not `5 m`)."""
    return (
        word in _ATOMS or word in _COMPOSITE or word in DEGREES or word in PERCENTS
    ) and word not in _PLAIN_EXCLUDED


def contradicts(reference: str, answer: str) -> str | None:
    """Why a phrase behind the answer cannot stand for the one behind the reference, or `None`.

    >>> contradicts("years older", "years younger")
    'older is not younger'
    >>> contradicts("", "apples") is None
    True
    """
    wanted, given = (_WORD.findall(phrase.lower()) for phrase in (reference, answer))
    for pair in _OPPOSITES:
        for word in pair.intersection(wanted):
            if word not in given and (other := pair.intersection(given)):
                return f"{word} is not {next(iter(other))}"
    colours = _COLOURS.intersection(wanted), _COLOURS.intersection(given)
    if colours[0] and colours[1] and colours[0] != colours[1]:
        return f"{min(colours[1])} is not {min(colours[0])}"
    for at, word in enumerate(given):
        follows_unit = word in {"squared", "cubed"} and at > 0
        if word in _CHANGING and word not in wanted and not follows_unit:
            return f"“{word}” changes the answer"
    return None


def unlike(reference: str, answer: str) -> bool:
    """Whether one phrase is a unit of measurement and the other, a noun, has nothing of it.

    >>> unlike("apples", "km"), unlike("km away", "km")
    (True, False)
    """
    if (measure(reference) is None) == (measure(answer) is None):
        return False
    one, other = (set(_SPLIT.findall(phrase.lower())) for phrase in (reference, answer))
    if {"unit", "units"} & (one | other):
        return False
    if {part for part in one | other if part.lstrip("^-").isdecimal()} - (one & other):
        return True
    atoms = [{_dimensions(part) for part in side} - {None} for side in (one, other)]
    return not (one & other or atoms[0] & atoms[1])


def _dimensions(part: str) -> object:
    atom = _ATOMS.get(part)
    return None if atom is None else atom[0]


def measure(phrase: str) -> Measure | None:  # noqa: C901, PLR0912
    """The dimension and factor of a phrase made of known units only, else `None`.

    >>> measure("square cm") == measure("cm ^ 2")
    True
    >>> measure("km / h")[1]
    Fraction(5, 18)
    """
    dimensions: dict[str, int] = {}
    factor = Fraction(1)
    sign, pending = 1, 1
    last: Measure | None = None
    last_sign = 1
    for part in _SPLIT.findall(" ".join(_COMPOSITE.get(word, word) for word in phrase.split())):
        if part in _PER:
            sign = -1
        elif part in _MULTIPLIERS and part not in {"squared", "cubed"}:
            pending = _MULTIPLIERS[part]
        elif part in {"-", "*", "^"}:
            continue
        else:
            if part in {"squared", "cubed"}:
                power = _MULTIPLIERS[part]
            elif part.lstrip("^-").isdecimal():
                power = int(part.lstrip("^"))
            else:
                atom = _ATOMS.get(part) or _ATOMS.get(part.lower())
                if part[:1] == "M" and len(part) == 2 and part not in _ATOMS:
                    return None  # no megametre is a millimetre
                if atom is None:
                    return None
                last, last_sign, power = atom, sign, pending
                pending = 1
                for name, exponent in atom[0]:
                    dimensions[name] = dimensions.get(name, 0) + exponent * power * sign
                factor *= atom[1] ** (power * sign)
                continue
            if last is None or not -99 <= power <= 99:
                return None
            for name, exponent in last[0]:  # the exponent belongs to the unit before it
                dimensions[name] += exponent * (power - 1) * last_sign
            factor *= last[1] ** ((power - 1) * last_sign)
    if last is None:
        return None
    if "volume" in dimensions:  # a litre is a cubic decimetre
        dimensions["length"] = dimensions.get("length", 0) + 3 * dimensions.pop("volume")
    return tuple(sorted((name, power) for name, power in dimensions.items() if power)), factor
