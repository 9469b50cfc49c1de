"""The units of measurement that are known: a base table, and SI prefixes generated over it.

A unit is a vector of dimensions, a factor to the coherent unit and, for temperatures, an offset.
Kinds that share their SI dimension but are never exchanged in an answer (hertz and becquerel,
gray and sievert, a number and a decibel) have a dimension of their own: then `5 Bq` is not `5 Hz`.

Sources of the factors: the SI brochure (9th edition), NIST SP 811 appendix B, CODATA 2022 for the
electronvolt and the dalton. Conversions by an irrational factor (parsec, revolutions) are not made.
"""

# ruff: noqa: RUF001 - the micro sign and the Greek letter are both written

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple


class Measure(NamedTuple):
    """A unit: dimensions with their exponents, the factor and the zero point of its scale."""

    dimensions: tuple[tuple[str, int], ...]
    factor: Fraction
    offset: Fraction = Fraction(0)


# What a derived unit is made of: `N` is kg m s^-2.
_DERIVED = {
    "number": {},
    "force": {"mass": 1, "length": 1, "time": -2},
    "energy": {"mass": 1, "length": 2, "time": -2},
    "power": {"mass": 1, "length": 2, "time": -3},
    "pressure": {"mass": 1, "length": -1, "time": -2},
    "charge": {"current": 1, "time": 1},
    "voltage": {"mass": 1, "length": 2, "time": -3, "current": -1},
    "resistance": {"mass": 1, "length": 2, "time": -3, "current": -2},
    "conductance": {"mass": -1, "length": -2, "time": 3, "current": 2},
    "capacitance": {"mass": -1, "length": -2, "time": 4, "current": 2},
    "inductance": {"mass": 1, "length": 2, "time": -2, "current": -2},
    "flux": {"mass": 1, "length": 2, "time": -2, "current": -1},
    "field": {"mass": 1, "time": -2, "current": -1},
    "frequency": {"time": -1},
    "volume": {"length": 3},
    "area": {"length": 2},
    "speed": {"length": 1, "time": -1},
    "absorbed": {"length": 2, "time": -2},
    "molarity": {"amount": 1, "length": -3},
    "catalysis": {"amount": 1, "time": -1},
    "vergence": {"length": -1},
    "viscosity": {"mass": 1, "length": -1, "time": -1},
}

# Units that take SI prefixes: dimension, factor, symbols, the prefixes of the symbol that are in
# use (`as` and `Pb` are no attoseconds and no petabits), and the names, which take any.
_PREFIXED = """
length      1            m       T G M k h d c m µ n p f | meter metre
time        1            s       k m µ n p f             | second
time        3600         h       M k h                   |
mass        1/1000       g       T G M k h d c m µ n p f | gram
current     1            A       M k m µ n p f           | ampere amp
temperature 1            K       k m µ n                 | kelvin
amount      1            mol     k m µ n p f             | mole
luminous    1            cd      m                       | candela
illuminated 1            lx      k m                     | lux
lit         1            lm      k m                     | lumen
angle       1            rad     m µ                     | radian
solid       1            sr      m                       | steradian
force       1            N       G M k m µ n p           | newton
energy      1            J       E P T G M k m µ n p f   | joule
energy      4.184        cal     k                       | calorie
energy      1.602176634e-19 eV   E P T G M k m µ n       | electronvolt
power       1            W       P T G M k m µ n p f     | watt
pressure    1            Pa      T G M k h m µ           | pascal
pressure    100000       bar     k m µ                   | bar
charge      1            C       M k m µ n p f           | coulomb
voltage     1            V       G M k m µ n p           | volt
resistance  1            Ω,ohm   T G M k m µ n           | ohm
conductance 1            S       k m µ n p               | siemens
capacitance 1            F       m µ n p f               | farad
inductance  1            H       m µ n p                 | henry
flux        1            Wb      m µ n                   | weber
field       1            T       G m µ n p               | tesla
frequency   1            Hz      T G M k m µ             | hertz
activity    1            Bq      P T G M k m             | becquerel
absorbed    1            Gy      k m µ n                 | gray
equivalent  1            Sv      k m µ n                 | sievert
catalysis   1            kat     m µ n                   | katal
volume      1/1000       l,L     G M k h d c m µ n p     | liter litre
information 1            bit     T G M k                 | bit
information 8            B       E P T G M k             | byte
dalton      1            Da      M k                     | dalton
length      3.0856775814913673e16 pc G M k               | parsec
mass        1000         tonne   k M                     | tonne
"""
_SYMBOL_ONLY = {"kb": ("information", "1000"), "Mb": ("information", "1000000"),
    "Gb": ("information", "1000000000"), "mM": ("molarity", "1"), "nM": ("molarity", "1e-6"),
    "µM": ("molarity", "1/1000"), "molar": ("molarity", "1000"), "kt": ("mass", "1000000"),
    "Mt": ("mass", "1000000000"), "Gt": ("mass", "1e12"), "cP": ("viscosity", "1/1000"),
}  # fmt: skip
_PREFIXES = {
    "Q": ("quetta", 30), "R": ("ronna", 27), "Y": ("yotta", 24), "Z": ("zetta", 21),
    "E": ("exa", 18), "P": ("peta", 15), "T": ("tera", 12), "G": ("giga", 9), "M": ("mega", 6),
    "k": ("kilo", 3), "h": ("hecto", 2), "da": ("deca", 1), "d": ("deci", -1), "c": ("centi", -2),
    "m": ("milli", -3), "µ": ("micro", -6), "n": ("nano", -9), "p": ("pico", -12),
    "f": ("femto", -15), "a": ("atto", -18), "z": ("zepto", -21), "y": ("yocto", -24),
}  # fmt: skip
_BINARY = {"Ki": ("kibi", 10), "Mi": ("mebi", 20), "Gi": ("gibi", 30), "Ti": ("tebi", 40)}

# Units without prefixes: dimension, factor, all spellings.
_PLAIN = """
length   0.001       毫米 мм
length   0.01        厘米 см
length   0.1         分米
length   1           米 м
length   1000        千米 公里 kms км
length   0.000001    micron microns
length   0.0000000001 Å angstrom angstroms ångström
length   0.0254      inch inches in 英寸
length   0.3048      ft foot feet 英尺
length   0.9144      yd yds yard yards 码
length   1609.344    mi mile miles 英里
length   1852        nmi
length   149597870700 AU au
length   9460730472580800 ly lightyear lightyears light-year light-years
length   1.8288      fathom fathoms
length   201.168     furlong furlongs
time     1           sec secs 秒 с сек
time     60          min mins minute minutes 分钟 分 мин minuten minutos
time     3600        h hr hrs hour hours 小时 时 ч stunde stunden hora horas heure heures
time     86400       day days 天 日 tag tage jour jours día días
time     604800      week weeks wk wks 周 星期
time     2629746     month months 个月
time     31556952    yr yrs year years 年 jahr jahre año años
time     315569520   decade decades
time     3155695200  century centuries
mass     1           千克 公斤 kgs кг
mass     1/1000      克 г
mass     1000        ton tons tonnes 吨
mass     0.45359237  lb lbs lbm pound pounds
mass     0.028349523125 oz ounce ounces
mass     6.35029318  stones
dalton   1           u amu
volume   1/1000      升 л
volume   1/1000000   cc ccm 毫升
volume   0.003785411784 gal gals gallon gallons
volume   0.000946352946 qt qts quart quarts
volume   0.000473176473 pt pint pints
volume   0.0002365882365 cup cups
volume   0.0000147867647825 tbsp tablespoon tablespoons
volume   0.00000492892159375 tsp teaspoon teaspoons
volume   0.000029573529562500 floz
volume   0.158987294928 bbl
area     4046.8564224 acre acres
area     10000       ha hectare hectares 公顷
area     666.6666666666667 亩
force    4.4482216152605 lbf
force    0.00001     dyn dyne dynes
force    9.80665     kgf
energy   1055.05585262 BTU Btu btu
energy   0.0000001   erg ergs
energy   4184        Cal Calorie Calories
energy   3600        Wh
energy   3600000     kWh kilowatt-hour kilowatt-hours
energy   3600000000  MWh
power    745.69987158227022 hp horsepower
pressure 101325      atm atmosphere atmospheres
pressure 133.322387415 mmHg
pressure 133.32236842105263 torr Torr
pressure 6894.757293168361 psi
charge   3.6         mAh
charge   3600        Ah
field    0.0001      gauss
activity 37000000000 Ci curie curies
absorbed 1/100       rads
equivalent 1/100     rem
speed    0.44704     mph
speed    5/18        kmh kph kmph
speed    0.3048      fps
speed    1852/3600   kn kts knot knots
turn     1           rev revs revolution revolutions turn turns
decibel  1           dB decibel decibels
ph       1           pH
ppm      1           ppm
ppm      1/1000      ppb
vergence 1           diopter diopters dioptre dioptres dpt
money    1           USD dollar dollars 美元 dólares
money    1/100       cent cents
euro     1           EUR euro euros 欧元
sterling 1           GBP
yen      1           JPY yen 日元
yuan     1           RMB CNY yuan 元 人民币
rupee    1           INR rupee rupees Rs
rouble   1           RUB rouble roubles ruble rubles рублей рубля рубль руб
peso     1           peso pesos
bitcoin  1           BTC
"""
_ABSOLUTE = {
    "°C": (Fraction(1), Fraction("273.15")),
    "°F": (Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
}
_COMPOSED = {"rpm": {"turn": 1, "time": -1}, "rps": {"turn": 1, "time": -1}}


def _fraction(text: str) -> Fraction:
    top, _, bottom = text.partition("/")
    return Fraction(top) / Fraction(bottom or 1)


def _vector(dimension: str) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(_DERIVED.get(dimension, {dimension: 1}).items()))


def _scaled(base: Measure, radix: int, power: int) -> Measure:
    return Measure(base.dimensions, base.factor * Fraction(radix) ** power)


def _prefixed() -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    names: dict[str, Measure] = {}
    for line in _PREFIXED.strip().splitlines():
        short, _, long = line.partition("|")
        dimension, factor, symbols, *prefixes = short.split()
        base = Measure(_vector(dimension), _fraction(factor))
        by_sign = {sign: _scaled(base, 10, power) for sign, (_, power) in _PREFIXES.items()}
        for symbol in symbols.split(","):
            found[symbol] = base
            for sign in prefixes:
                found[sign + symbol] = by_sign[sign]
        for name in long.split():
            for spelled in (name, name + "s"):
                names[spelled] = base
                for sign, (word, _) in _PREFIXES.items():
                    names[word + spelled] = by_sign[sign]
        if dimension == "information":
            for sign, (word, power) in _BINARY.items():
                found[sign + symbols] = _scaled(base, 2, power)
                names |= dict.fromkeys(
                    (f"{word}{long.strip()}", f"{word}{long.strip()}s"), found[sign + symbols]
                )
    for symbol, (dimension, factor) in _SYMBOL_ONLY.items():
        found[symbol] = Measure(_vector(dimension), _fraction(factor))
    return found | names


def _unprefixed() -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for line in _PLAIN.strip().splitlines():
        dimension, factor, *spellings = line.split()
        for spelling in spellings:
            found[spelling] = Measure(_vector(dimension), _fraction(factor))
    return found


def _table() -> dict[str, Measure]:
    # What stands in the plain table is meant as it stands: `ft` is no femtotonne.
    table = _prefixed() | _unprefixed()
    for name, (factor, offset) in _ABSOLUTE.items():
        table[name] = Measure((("temperature", 1),), factor, offset)
    table["rpm"] = Measure(tuple(sorted(_COMPOSED["rpm"].items())), Fraction(1, 60))
    table["rps"] = Measure(tuple(sorted(_COMPOSED["rps"].items())), Fraction(1))
    return table


UNITS: dict[str, Measure] = _table()
"""Every spelling of a unit; capitals count (`Mg` is no milligram)."""
