"""What a phrase behind a number means: a unit of measurement, counted nouns, or nothing known.

A phrase made of known units is a measure and converts. Listed nouns (`apples`, `ways`) say what
the question has said. A word that is neither stands for itself alone: `5 zorkons` is 5 zorkons.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from rewards.answers.nouns import (
    GENERIC,
    are_lonely_fillers,
    contradicts,
    cut,
    is_filler,
    may_be_noun,
    noun,
)
from rewards.answers.unit_table import UNITS, Measure

DEGREES = frozenset({"degree", "degrees", "deg", "度"})
PERCENTS = frozenset({"percent", "percents", "pct", "percentage"})
MAX_POWER = 30
_SIGNS = frozenset("/^0123456789")  # no counted noun has one

_COMPOSITE = {"mph": "mi / h", "kmh": "km / h", "kph": "km / h", "fps": "ft / s"}
_PER = frozenset({"per", "/", "每"})
_ARTICLES = frozenset({"a", "an"})  # `dollars an hour`
_BEFORE = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "平方": 2, "立方": 3}
_BEHIND = {"squared": 2, "cubed": 3}
# Capitals that people put where the symbol has none; elsewhere capitals count.
_CARELESS = frozenset(
    "km cm kg ft hr hrs min mins sec secs lb lbs oz mph kmh kph yr yrs inch feet foot".split()  # noqa: SIM905
)
_TEMPERATURE = re.compile(
    r"(?:degrees?|deg|°)\s*(celsius|fahrenheit|c|f)\b|\b(celsius|fahrenheit)\b", re.IGNORECASE
)
_SPLIT = re.compile(r"°[CF]|\^?-?\d+|[/^*()-]|[^\W\d_]+", re.UNICODE)
_KNOWN = frozenset(UNITS) | frozenset(_BEFORE) | _PER
# Units of two letters that are no product of letters; longer symbols of the table are none either.
_PLAIN_SHORT = frozenset(
    "km cm dm mm nm kg mg Mg ms ml mL lb oz ft yd mi hr kN kJ MJ kW MW mW Hz Pa eV dB kV yr".split()  # noqa: SIM905
)
_PLAIN_LONG = frozenset(
    "ohm mol mmol keV MeV GeV TeV kHz MHz GHz THz kPa MPa GPa hPa kWh MWh atm psi rpm ppm ppb kcal "  # noqa: SIM905
    "cal mmHg BTU mAh mph kmh kph fps kms hrs yds sec secs mins lbs yrs inch feet foot mile acre "
    "USD EUR GBP JPY RMB CNY INR".split()
)


def find_unit(word: str) -> Measure | None:
    """The unit that a word names; capitals count in symbols, not in words."""
    found = UNITS.get(word)
    lower = word.lower()
    if found is None and ((len(word) > 3 and word[1:].islower()) or lower in _CARELESS):
        return UNITS.get(lower)
    return found


def is_plain_unit(word: str) -> bool:
    """Whether an unmarked word behind a number is certainly a unit (`5 cm`, not `5 m`)."""
    if word in DEGREES or word in PERCENTS or word in _PLAIN_SHORT or word in _PLAIN_LONG:
        return True
    return len(word) > 3 and word.islower() and word in UNITS


def measure(phrase: str) -> Measure | None:
    """The measure of a phrase made of known units only, else `None`.

    >>> measure("square cm") == measure("cm ^ 2")
    True
    >>> measure("km / h").factor
    Fraction(5, 18)
    >>> measure("N") == measure("kg m s ^-2")
    True
    """
    words = _words(phrase)
    alone = UNITS.get(words[0]) if len(words) == 1 else None
    if alone is not None:
        return alone
    return _product(words)


class _Factors:
    """A product of units as it is read; `add` raises each unit to its power."""

    def __init__(self) -> None:
        self.dimensions: dict[str, int] = {}
        self.factor = Fraction(1)

    def add(self, unit: Measure, power: int) -> None:
        for name, exponent in unit.dimensions:
            self.dimensions[name] = self.dimensions.get(name, 0) + exponent * power
        self.factor *= unit.factor**power

    def measure(self) -> Measure:
        kept = sorted((name, power) for name, power in self.dimensions.items() if power)
        return Measure(tuple(kept), self.factor)


def _product(words: list[str]) -> Measure | None:
    found = _Factors()
    sign, pending = 1, 1
    last: tuple[Measure, int] | None = None
    depth_signs: list[int] = []
    for at, word in enumerate(words):
        if word in _PER or (word in _ARTICLES and last is not None):
            sign = -1
        elif word == "(":
            depth_signs.append(sign)
        elif word == ")":
            sign = depth_signs.pop() if depth_signs else sign
        elif word in _BEFORE:
            pending = _BEFORE[word]
        elif word in {"-", "*", "^"}:
            continue
        elif word in _BEHIND or word.lstrip("^-").isdecimal():
            power = _BEHIND.get(word) or int(word.lstrip("^"))
            if last is None or not -MAX_POWER <= power <= MAX_POWER or words[at - 1] == ")":
                return None
            found.add(last[0], (power - 1) * last[1])  # the exponent belongs to the unit before it
        else:
            unit = find_unit(word)
            if unit is None:
                return None
            last = (unit, sign)
            found.add(unit, sign * pending)
            pending = 1
    return found.measure() if last is not None else None


def _words(phrase: str) -> list[str]:
    if "°" in phrase or "elsius" in phrase or "ahrenheit" in phrase or "deg" in phrase:
        phrase = _TEMPERATURE.sub(lambda m: f"°{(m[1] or m[2])[0].upper()}", phrase)
    words: list[str] = []
    for word in _SPLIT.findall(phrase):
        if word in _COMPOSITE:
            words += _COMPOSITE[word].split()
        elif word.isascii() or word in UNITS:
            words.append(word)
        else:
            words += cut(word, _KNOWN)
    return words


class Phrase(NamedTuple):
    """A phrase taken apart: its units as one measure, its nouns, what nobody knows, all words."""

    unit: Measure | None
    nouns: frozenset[str]
    unknown: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def is_generic(self) -> bool:
        """Whether it says no more than `units` (or `square units`)."""
        return (
            self.unit is None
            and bool(self.nouns & GENERIC)
            and all(word in GENERIC or word.startswith("^") for word in self.nouns)
        )


def read_phrase(phrase: str) -> Phrase:  # noqa: C901
    """Take a phrase apart.

    >>> read_phrase("dollars per apple").nouns
    frozenset({'apple'})
    >>> read_phrase("hardly").unknown
    ('hardly',)
    """
    words = _words(phrase)
    whole = measure(phrase) if words else None
    if whole is not None:
        return Phrase(whole, frozenset(), (), tuple(words))
    units: list[str] = []
    nouns: set[str] = set()
    unknown: list[str] = []
    anchored = False
    for at, word in enumerate(words):
        lower = word.lower()
        named = noun(lower) if word == lower else None
        follows = words[at + 1] if at + 1 < len(words) else ""
        if word in {"in", "a", "an"} and at + 1 < len(words) and follows.isalpha():
            units += [word] if word != "in" and find_unit(follows) else []
        elif word in _PER or word in _BEFORE or word in _BEHIND or not word.isalpha():
            units.append(word)
        elif named is not None and (find_unit(word) is None or word in {"cups", "stone"}):
            nouns.add(named)
            anchored = True
        elif find_unit(word) is not None:
            units.append(word)
            anchored = True
        elif not (is_filler(lower) and word == lower):
            unknown.append(word)
    if not anchored and not unknown:
        unknown = [] if are_lonely_fillers(words) else words
    while units and (units[-1] in _PER or not units[-1].strip("*-")):
        units.pop()
    unit = _product(units) if units else None
    if units and unit is None:
        powers = [word for word in units if word not in {"/", "*", "-"} | _PER]
        nouns |= {
            f"^{_BEFORE.get(word) or _BEHIND.get(word) or word.lstrip('^')}" for word in powers
        }
    return Phrase(unit, frozenset(nouns), tuple(unknown), tuple(words))


def differing(reference: str, answer: str) -> str | None:  # noqa: C901, PLR0912
    """Why two phrases cannot stand behind the same value, whatever it is; `None` if they can.

    What is forgiven, and why: a unit or listed noun that only one side has (the question names
    it); nouns described otherwise (`hard candies`, `lollipop candies`), but for colours and
    opposites; `units` for any unit; a noun of the reference that no list has, left out by the
    answer. Measures of one dimension are left to their conversion.

    >>> differing("km", "kg"), differing("", "apples"), differing("", "zorks")
    ('kg is not km', None, '“zorks” is no unit or noun that is known')
    """
    if reference == answer:
        return None
    if why := contradicts(reference, answer):
        return why
    wanted, given = read_phrase(reference), read_phrase(answer)
    if _same_head(wanted, given):
        return None
    for word in given.unknown:
        if word not in wanted.words:
            return f"“{word}” is no unit or noun that is known"
    missing = [word for word in wanted.unknown if word not in given.words]
    nouns_only = all(may_be_noun(word) for word in missing) and not _SIGNS & set(
        "".join(wanted.words)
    )
    if missing and (given.words or not nouns_only):
        return f"“{missing[0]}” is missing"
    if not wanted.words or not given.words:
        return None
    no = f"{answer} is not {reference}"
    if wanted.unit is not None and given.unit is not None:
        if wanted.unit.dimensions != given.unit.dimensions:
            return no
    elif wanted.is_generic or given.is_generic:
        return None if _same_power(wanted, given) else no
    elif (wanted.unit is None) != (given.unit is None):
        return no
    one, other = wanted.nouns, given.nouns
    if wanted.unit is not None and not (one and other):
        return None
    if one <= other or other <= one or one & GENERIC or other & GENERIC:
        return None if bool(one) == bool(other) or wanted.unknown else no
    return no


def _same_head(wanted: Phrase, given: Phrase) -> bool:
    """Whether both count the same noun, with nothing but words for its kind before it."""
    if wanted.unit or given.unit or not (wanted.words and given.words):
        return False
    if any(word.startswith("^") for word in wanted.nouns | given.nouns):
        return False  # square units are no units
    heads = noun(wanted.words[-1]), noun(given.words[-1])
    plain = all(may_be_noun(word) for word in (*wanted.unknown, *given.unknown))
    return heads[0] is not None and heads[0] == heads[1] and plain


def _same_power(wanted: Phrase, given: Phrase) -> bool:
    """`square units` are for square centimetres and square units, `units` for what has no area."""
    powers = []
    for side in (wanted, given):
        if side.unit is not None:
            powers.append(dict(side.unit.dimensions).get("length", 0))
        else:
            marks = [int(word[1:]) for word in side.nouns if word[1:].lstrip("-").isdecimal()]
            powers.append(marks[0] if marks else 1)
    measured = [side.unit for side in (wanted, given) if side.unit is not None]
    if any(dict(unit.dimensions).keys() != {"length"} for unit in measured):
        return 1 in powers  # `units` for kilograms
    return powers[0] == powers[1]
