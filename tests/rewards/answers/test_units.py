"""Units of measurement: every pair of them, with pint as the independent reference."""

from __future__ import annotations

import itertools
import math

import pytest

from rewards.answers import compare, read_answer, read_reference
from rewards.answers.nouns import noun
from rewards.answers.unit_table import UNITS
from rewards.answers.units import measure, read_phrase

# What pint calls some of ours.
PINT = {
    "°C": "degC", "°F": "degF", "AU": "au", "Cal": "kcal", "kn": "knot", "Ω": "ohm", "cc": "cm**3",
    "kmh": "km/hour", "mAh": "mA*hour", "Ah": "A*hour", "ton": "tonne", "cP": "centipoise",
    "rev": "revolution", "M": "molar", "mM": "mmol/L", "nM": "nmol/L", "µM": "µmol/L", "hp": "hp",
    "gal": "gallon", "Ci": "curie", "kb": "kilobit", "Mb": "megabit", "Gb": "gigabit",
    "month": "day*30.436875", "year": "day*365.2425", "decade": "day*3652.425",
    "floz": "fluid_ounce", "pt": "pint", "dyn": "dyne",
}  # fmt: skip
# Ours of another kind than pint's: money, logarithms, counts, or a name that pint gives elsewhere.
STRICTER = {"dB", "pH", "ppm", "ppb", "rad", "sr", "rev", "rpm", "rps", "Bq", "Sv", "lx", "lm"} | {
    "kBq",
    "mSv",
}
SAMPLE = [
    "m",
    "km",
    "cm",
    "mm",
    "µm",
    "nm",
    "pm",
    "inch",
    "ft",
    "yd",
    "mile",
    "nmi",
    "AU",
    "ly",
    "pc",
    "Å",
    "s",
    "ms",
    "µs",
    "ns",
    "min",
    "h",
    "day",
    "week",
    "month",
    "year",
    "decade",
    "g",
    "kg",
    "mg",
    "µg",
    "ton",
    "lb",
    "oz",
    "Da",
    "A",
    "mA",
    "µA",
    "kA",
    "K",
    "mK",
    "°C",
    "°F",
    "mol",
    "mmol",
    "cd",
    "lx",
    "lm",
    "rad",
    "mrad",
    "sr",
    "N",
    "kN",
    "mN",
    "lbf",
    "dyn",
    "J",
    "kJ",
    "MJ",
    "mJ",
    "eV",
    "keV",
    "MeV",
    "GeV",
    "cal",
    "kcal",
    "erg",
    "BTU",
    "Wh",
    "kWh",
    "W",
    "kW",
    "MW",
    "mW",
    "hp",
    "Pa",
    "kPa",
    "MPa",
    "GPa",
    "hPa",
    "bar",
    "mbar",
    "atm",
    "mmHg",
    "torr",
    "psi",
    "C",
    "mC",
    "µC",
    "nC",
    "mAh",
    "Ah",
    "V",
    "kV",
    "mV",
    "µV",
    "Ω",
    "kΩ",
    "MΩ",
    "mΩ",
    "S",
    "mS",
    "F",
    "µF",
    "nF",
    "pF",
    "H",
    "mH",
    "µH",
    "Wb",
    "T",
    "mT",
    "gauss",
    "Hz",
    "kHz",
    "MHz",
    "GHz",
    "rpm",
    "Bq",
    "kBq",
    "Ci",
    "Gy",
    "mGy",
    "Sv",
    "mSv",
    "rem",
    "L",
    "mL",
    "µL",
    "gal",
    "quart",
    "pt",
    "cup",
    "acre",
    "ha",
    "mph",
    "kmh",
    "kn",
    "bit",
    "kb",
    "Mb",
    "B",
    "kB",
    "MB",
    "GB",
    "TB",
    "KiB",
    "MiB",
    "ppm",
    "ppb",
    "dB",
    "M",
    "mM",
    "µM",
    "nM",
    "cP",
    "kat",
    "USD",
    "EUR",
    "cent",
]


def in_pint(registry, unit):
    name = PINT.get(unit, unit)
    try:
        return (
            registry.Quantity(5, registry.parse_expression(name).units)
            * (registry.parse_expression(name).magnitude)
            if unit not in {"°C", "°F"}
            else registry.Quantity(5, name)
        )
    except Exception:  # noqa: BLE001 - pint has no such unit: money
        return None


def pint_says_equal(one, other):
    try:
        return math.isclose(one.to(other.units).magnitude, other.magnitude, rel_tol=1e-9)
    except Exception:  # noqa: BLE001 - another dimension
        return False


def is_accepted(one, other):
    reference, answer = (rf"5\text{{ {unit}}}" for unit in (one, other))
    return compare(read_reference(reference), read_answer(answer)).is_equal


def test_every_pair_of_units_with_one_number_is_what_pint_says():
    pint = pytest.importorskip("pint")
    registry = pint.UnitRegistry(cache_folder=None)
    quantities = {unit: in_pint(registry, unit) for unit in SAMPLE}
    assert sum(found is None for found in quantities.values()) <= 5
    wrong = []
    for one, other in itertools.permutations(SAMPLE, 2):
        left, right = quantities[one], quantities[other]
        equal = left is not None and right is not None and pint_says_equal(left, right)
        accepted = is_accepted(one, other)
        if accepted != equal and not (equal and {one, other} & STRICTER):
            wrong.append((one, other, accepted))
    assert not wrong


def test_the_table_agrees_with_pint():
    """Factors of everything that pint knows by the same name, to the digits of the constants."""
    pint = pytest.importorskip("pint")
    registry = pint.UnitRegistry(cache_folder=None)
    compared, otherwise = 0, set()
    for unit, ours in UNITS.items():
        if unit in STRICTER or not unit.isascii() or ours.offset or not ours.dimensions:
            continue
        try:
            theirs = registry.Quantity(1, PINT.get(unit, unit)).to_base_units()
        except Exception:  # noqa: BLE001 - pint has no such unit
            continue
        if len(unit) < 3 and unit not in SAMPLE:
            continue  # two letters mean many things there
        if "candela" in str(theirs.units) or "bit" in str(theirs.units):
            continue
        if any(name in dict(ours.dimensions) for name in ("dalton", "activity", "equivalent")):
            continue
        if math.isclose(theirs.magnitude, float(ours.factor), rel_tol=2e-6):
            compared += 1
            continue
        otherwise.add(unit)
    assert otherwise <= NAMED_OTHERWISE
    assert compared > 400


# Gregorian and Julian years, metric and short tons, barrels of oil and of beer, acres by two feet,
# km/h and kilo-mph, turns that are no angle here, and names that pint splits (`mcd`: centi-days).
NAMED_OTHERWISE = frozenset(
    [
        "months",
        "yrs",
        "years",
        "decades",
        "century",
        "centuries",
        "tons",
        "bbl",
        "acre",
        "acres",
        "kmph",
        "revolution",
        "revolutions",
        "turn",
        "turns",
        "decibel",
        "decibels",
        "dpt",
        "mcd",
        "amps",
        "gauss",
    ]
)


@pytest.mark.parametrize("unit", SAMPLE)
def test_a_unit_is_accepted_beside_a_plain_number_and_the_same_beside_itself(unit):
    assert is_accepted(unit, unit)
    if unit[-1] not in "ΩM" and unit != "pm":  # names of variables, and an hour
        assert compare(read_reference("5"), read_answer(rf"5\text{{ {unit}}}")).is_equal
    assert not compare(read_reference("6"), read_answer(rf"5\text{{ {unit}}}")).is_equal


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("N", "kg m/s^2"), ("J", "N m"), ("W", "J/s"), ("Pa", "N/m^2"), ("V", "J/C"), ("V", "W/A"),
        ("Ω", "V/A"), ("F", "C/V"), ("Wb", "V s"), ("T", "Wb/m^2"), ("H", "Wb/A"), ("C", "A s"),
        ("Hz", "s^{-1}"), ("Gy", "J/kg"), ("L", "dm^3"), ("kat", "mol/s"), ("S", "A/V"),
    ],
)  # fmt: skip
def test_derived_units_are_their_definitions(whole, parts):
    assert is_accepted(whole, parts)
    assert not is_accepted("k" + whole, parts)


@pytest.mark.parametrize(
    "word",
    [
        "Zx", "Qzt", "abc", "zz", "X2", "q/r", "zork^2", "MeVs", "blargh", "hardly", "impossible",
        "gross", "quarters", "eighths", "halves", "nope", "never", "wrong", "dozens", "minus",
        "scarcely", "supposedly", "negative", "ではない", "не", "不是", "nicht", "pas",
    ],
)  # fmt: skip
def test_what_nobody_knows_is_no_counted_noun(word):
    answer = read_answer(rf"42\text{{ {word}}}")
    assert not compare(read_reference("42"), answer).is_equal
    assert not compare(read_reference(r"42\text{ km}"), answer).is_equal


@pytest.mark.parametrize(
    "word", ["apples", "children", "boxes", "cherries", "ways", "个", "people"]
)
def test_listed_nouns_say_nothing_new(word):
    assert noun(word)
    assert compare(read_reference("42"), read_answer(rf"42\text{{ {word}}}")).is_equal
    assert not compare(read_reference("42"), read_answer(rf"43\text{{ {word}}}")).is_equal


def test_prefixes_do_not_collide_with_units():
    for symbol in ("min", "ft", "yd", "cd", "Pa", "pt", "kn", "hp", "nmi", "ha", "mol", "T", "h"):
        assert read_phrase(symbol).unit == measure(symbol) is not None
    assert measure("min").factor == 60
    assert measure("ft").factor == measure("feet").factor
    assert measure("Mg").factor == 1_000_000_000 * measure("mg").factor
