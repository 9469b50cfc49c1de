"""Whether a number with its unit equals the reference."""

from __future__ import annotations

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from rewards.columns import Role
from rewards.errors import InputError
from rewards.extraction.places import AnswerPlace
from rewards.extraction.stated import check_places, stated_answer
from rewards.extras import require_package
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.text.shorten import shown
from rewards.verdict import Status, Verdict

_UNIT_COLUMNS = ("unit", "units")
_SLACK = 1e-9  # what a conversion between units may lose
_MAX_CHARS = 200
_MAX_NESTED = 3  # `\\mathrm` within `\\text`

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)\s{0,2}"
    r"(?P<digits>\d{1,3}(?:(?:,|\{,\}| )\d{3}){1,9}(?:\.\d{1,40})?"
    r"|\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})"
    r"(?:/(?P<under>\d{1,20}))?"
    r"(?:[eE](?P<power>[+-]?\d{1,3})|\s{0,2}(?:\*|\\times|\\cdot)\s{0,2}10(?:\^|\*\*)"
    r"\{?(?P<tens>[+-]?\d{1,3})\}?)?"
)
_FRACTION = re.compile(r"\\[dt]?frac\{(\d{1,20})\}\{(\d{1,20})\}")
_WRAPPED = re.compile(r"\\(?:text|mathrm|textrm|rm|mbox|operatorname|unit|si)\s?\{([^{}]{0,100})\}")
_EXPONENT = re.compile(
    r"(?:\^|\*\*)\s{0,2}(?:\{\s{0,2}(?P<braced>[+-]?\d)\s{0,2}\}|(?P<bare>[+-]?\d))"
)
# Names with one exponent each: a tower of powers would be computed by pint's parser.
_FACTOR = r"\(?[A-Za-zµΩÅ_%]{1,40}(?:\*\*[+-]?\d)?\)?"
_UNIT = re.compile(rf"{_FACTOR}(?: ?[*/ ] ?{_FACTOR}){{0,8}}")
_REPLACED = (
    ("\\,", " "), ("\\;", " "), ("\\ ", " "), ("~", " "), ("$", ""),
    ("\\cdot", "*"), ("\\times", "*"), ("·", "*"), ("⋅", "*"), ("×", "*"), ("−", "-"), ("⁻", "-"),
    ("^\\circ", "°"), ("^{\\circ}", "°"), ("\\degree", "°"), ("\\mu", "µ"), ("μ", "µ"),
    ("\\Omega", "Ω"), ("\u2126", "Ω"), ("\\%", "%"), ("\u212b", "Å"),
)  # fmt: skip
_TEMPERATURE = re.compile(r"°\s{0,2}([CF])(?![A-Za-z])")
_SUPERSCRIPTS = re.compile(r"-?[⁰¹²³⁴⁵⁶⁷⁸⁹]")


class _Read(NamedTuple):
    number: float
    unit: str


@dataclass(frozen=True, kw_only=True)
class Quantity(Reward):
    r"""1.0 when the stated number, in its unit, equals the reference's, else 0.0.

    Units are converted (`5 km` is `5000 m`, `20 °C` is `293.15 K`); one of another dimension is
    wrong. The answer is one number with at most one unit: a range, two numbers or an expression is
    none. A reference without a unit says nothing about it, so any is let pass.

    Needs the package pint: `pip install 'rlvr[extra]'`.

    Attributes:
        relative: greatest difference relative to the reference that still counts as equal.
        absolute: the same as an amount in the reference's unit; either tolerance is enough.
        significant_figures: compare both after rounding to so many figures instead.
        require_unit: whether an answer without a unit is wrong where the reference has one.
        answer_in: where the answer may stand, as in `Accuracy`.

    The reference's unit may also stand in a column `unit` or `units`.

    >>> Quantity(relative=0.01).verify(r"\boxed{9.8\,\text{m/s}^2}", "981 cm/s^2").score
    1.0
    >>> quantity.verify(r"\boxed{5}", "5 km").reason
    'no unit, expected kilometer'

    Raises:
        InputError: an option has a value that it cannot have.
        MissingExtraError: pint is not installed.
    """

    name: str = "quantity"
    relative: float = 0.0
    absolute: float = 0.0
    significant_figures: int | None = None
    require_unit: bool = True
    answer_in: tuple[AnswerPlace, ...] = ("box", "answer_tag", "final_answer_phrase", "bare")

    role: ClassVar[Role | None] = Role.REFERENCE
    also_reads: ClassVar[tuple[str, ...]] = _UNIT_COLUMNS

    def __post_init__(self) -> None:
        check_places(self.answer_in)
        if not 0 <= self.relative < 1 or not 0 <= self.absolute < float("inf"):
            raise InputError(
                f"relative={self.relative} must be in [0, 1), absolute={self.absolute} at least 0"
            )
        if self.significant_figures is not None and not 1 <= self.significant_figures <= 15:
            raise InputError(f"significant_figures={self.significant_figures}: from 1 to 15")

    def warm_up(self) -> None:
        """Read the table of units now rather than in the first training step."""
        _registry()

    def judge_many(self, samples: Any) -> list[Verdict]:
        """Judge samples, in order."""
        require_package("pint", needed_by=self.name)
        return super().judge_many(samples)

    def judge(self, sample: Sample) -> Verdict:
        """Judge one completion."""
        text = _reference_text(sample)
        wanted = _read(text)
        unit = _unit(wanted.unit) if wanted is not None else None
        if wanted is None or unit is None:
            reason = f"the reference {text!r:.100} is not a number with a known unit"
            return Verdict(None, Status.BAD_REFERENCE, reason=reason)
        found = stated_answer(sample, self.answer_in)
        if found.text is None:
            return Verdict(0.0, Status.NO_ANSWER, expected=text, reason=found.note)
        extracted = shown(found.text)
        given = _read(found.text)
        own = _unit(given.unit) if given is not None else None
        if given is None or own is None:
            what = "a number with a unit" if given is None else f"a known unit: {given.unit!r:.60}"
            reason = f"{found.note} does not hold {what}"
            return Verdict(0.0, Status.NO_ANSWER, extracted, text, reason)
        flaw, value = self._converted(given, own, wanted, unit)
        if flaw or not self._equal(value, wanted.number):
            reason = flaw or f"{value:g} and {wanted.number:g} {unit}".rstrip()
            return Verdict(0.0, Status.WRONG, extracted, text, reason)
        said = f"{value:g} {unit}".rstrip()
        reason = f"{said} for {wanted.number:g} {unit}".rstrip()
        return Verdict(1.0, Status.CORRECT, extracted, text, reason)

    def _converted(self, given: _Read, own: Any, wanted: _Read, unit: Any) -> tuple[str, float]:
        """The answer's number in the reference's unit; first why there is none, or ""."""
        import pint

        if not given.unit and wanted.unit and self.require_unit and not unit.dimensionless:
            return f"no unit, expected {unit}", 0.0
        if not wanted.unit and not own.dimensionless:
            return "", given.number
        if not given.unit and not unit.dimensionless:
            return "", given.number
        try:
            with _lock:
                converted = _registry().Quantity(given.number, own).to(unit).magnitude
        except pint.DimensionalityError:
            return f"{own} is no {unit}", 0.0
        if not given.unit and not self._equal(float(converted), wanted.number):
            return "", given.number  # a % or ° left out: 50 for 50 %, as well as 0.5
        return "", float(converted)

    def _equal(self, value: float, wanted: float) -> bool:
        if self.significant_figures is not None:
            digits = self.significant_figures - 1
            return f"{value * (1 + 1e-14):.{digits}e}" == f"{wanted * (1 + 1e-14):.{digits}e}"
        allowed = max(self.absolute, max(self.relative, _SLACK) * abs(wanted))
        return abs(value - wanted) <= allowed * (1 + _SLACK)


def _reference_text(sample: Sample) -> str:
    reference = sample.reference
    if isinstance(reference, bool) or not isinstance(reference, str | int | float):
        return ""
    unit = next((cell for name in _UNIT_COLUMNS if (cell := sample.row.get(name))), "")
    return f"{reference} {unit}".strip() if isinstance(unit, str) else str(reference)


def _read(text: str) -> _Read | None:
    """A text as one number and the rest of it, a unit; `None` when it starts with no number."""
    text = text.strip().strip("$").strip()
    if len(text) > _MAX_CHARS:
        return None
    for old, new in _REPLACED:
        text = text.replace(old, new)
    text = _SUPERSCRIPTS.sub(lambda match: "^" + unicodedata.normalize("NFKC", match[0]), text)
    text = _FRACTION.sub(r"\1/\2", text).strip()
    match = _NUMBER.match(text)
    if match is None:
        return None
    digits = re.sub(r"[^\d.]", "", match["digits"])
    under = float(match["under"] or 1)
    if under == 0:
        return None
    number = float(f"{digits}e{match['power'] or match['tens'] or 0}") / under
    if number == float("inf"):
        return None
    unit = _EXPONENT.sub(_power, text[match.end() :])  # first: its braces stand in the unit's
    for _ in range(_MAX_NESTED):
        unit, changed = _WRAPPED.subn(r" \1", unit)
        if not changed:
            break
    unit = _TEMPERATURE.sub(r"deg\1", unit).replace("°", "degree").strip().rstrip(".").strip("{} ")
    return _Read(-number if match["sign"] == "-" else number, " ".join(unit.split()))


def _power(match: re.Match[str]) -> str:
    return f"**{match['braced'] or match['bare']}"


_lock = threading.Lock()


@lru_cache(maxsize=1024)
def _unit(text: str) -> Any | None:
    """A unit of pint's, or `None` when there is none such. Nothing else is handed to its parser."""
    registry = _registry()
    if text and not _UNIT.fullmatch(text):
        return None
    try:
        with _lock:
            return registry.parse_units(text)
    except Exception:  # noqa: BLE001 - its parser raises by a dozen names, Python's own included
        return None


@lru_cache(maxsize=1)
def _registry() -> Any:
    require_package("pint", needed_by="quantity")
    import pint  # half a second, and an extra

    with _lock:
        return pint.UnitRegistry(cache_folder=None)


quantity = Quantity()
