"""Words and the writing systems they are written in, by Unicode ranges; standard library only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

# The letters of each script, with the marks that stand on them. The most usual ones come first.
_RANGES = {
    "Latin": "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1e00-\u1eff\u2c60-\u2c7f"
    "\ua720-\ua7ff",
    "Han": "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "Kana": "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff",
    "Hangul": "\u1100-\u11ff\u3131-\u318e\uac00-\ud7af",
    "Cyrillic": "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f",
    "Greek": "\u0370-\u0373\u0376-\u037d\u037f-\u03ff\u1f00-\u1fff",
    "Arabic": "\u0610-\u061a\u0620-\u065f\u066e-\u06d3\u06d5-\u06ff\u0750-\u077f\u08a0-\u08ff"
    "\ufb50-\ufdff\ufe70-\ufefc",
    "Hebrew": "\u0591-\u05f4\ufb1d-\ufb4f",
    "Devanagari": "\u0900-\u0963\u0970-\u097f",
    "Bengali": "\u0980-\u09e3\u09f0-\u09ff",
    "Gurmukhi": "\u0a00-\u0a65\u0a70-\u0a7f",
    "Gujarati": "\u0a80-\u0ae5\u0af0-\u0aff",
    "Oriya": "\u0b00-\u0b65\u0b70-\u0b7f",
    "Tamil": "\u0b80-\u0be5",
    "Telugu": "\u0c00-\u0c65\u0c70-\u0c7f",
    "Kannada": "\u0c80-\u0ce5\u0cf0-\u0cff",
    "Malayalam": "\u0d00-\u0d65\u0d70-\u0d7f",
    "Sinhala": "\u0d80-\u0de5\u0df0-\u0df3",
    "Thai": "\u0e01-\u0e3a\u0e40-\u0e4e",
    "Lao": "\u0e81-\u0ecf\u0edc-\u0edf",
    "Myanmar": "\u1000-\u103f\u1050-\u109f",
    "Georgian": "\u10a0-\u10ff\u1c90-\u1cbf\u2d00-\u2d2f",
    "Armenian": "\u0531-\u0587",
    "Ethiopic": "\u1200-\u139f\u2d80-\u2ddf",
    "Khmer": "\u1780-\u17d3\u17dc\u17dd",
}
SPACELESS = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
"""Characters of the scripts without spaces between words, for a class of a regular expression."""

# The same scripts by name; as words of a language two of their characters count as one.
_WITHOUT_SPACES = frozenset(("Han", "Kana", "Thai", "Lao", "Myanmar", "Khmer"))
_LOOSE = _WITHOUT_SPACES | {"Hangul"}
_LONGEST_WORD = 40  # letters; nobody writes longer ones but to hide text in a single "word"

_MARKS = "\u0300-\u036f\u200c\u200d"  # combining accents and joiners belong to any script
_KNOWN = "".join(_RANGES.values())
# Looking ahead keeps what is no letter from being tried against two dozen alternatives.
_WORD = re.compile(
    rf"(?=[^\W\d_]|[{_KNOWN}])(?:"
    + "|".join(
        rf"(?P<{name}>[{ranges}][{ranges}{_MARKS}]*(?:['\u2019][{ranges}]+)?)"
        for name, ranges in _RANGES.items()
    )
    + r"|(?P<Other>[^\W\d_]+))"
)
_LATIN = _RANGES["Latin"]
_LATIN_WORD = re.compile(rf"[{_LATIN}][{_LATIN}{_MARKS}]*(?:['\u2019][{_LATIN}]+)?")
_BEYOND_LATIN = re.compile(rf"(?=[^\W\d_]|[{_KNOWN}])[^{_LATIN}]")
_ALPHABETS = frozenset(("Latin", "Greek", "Cyrillic"))  # single letters of these are variables

LANGUAGE_SCRIPTS: dict[str, frozenset[str]] = {
    code: frozenset(scripts.split())
    for codes, scripts in (
        ("af az ca cs cy da de en es et eu fi fr ga gl hr hu id is it lt", "Latin"),
        ("lv ms mt nl no pl pt ro sk sl sq sv sw tl tr uz vi", "Latin"),
        ("be bg kk ky mk mn ru sr tg uk", "Cyrillic"),
        ("ar fa ps ur", "Arabic"),
        ("hi mr ne sa", "Devanagari"),
        ("as bn", "Bengali"),
        ("zh", "Han"),
        ("ja", "Han Kana"),
        ("ko", "Hangul"),
        ("el", "Greek"),
        ("he yi", "Hebrew"),
        ("pa", "Gurmukhi"),
        ("gu", "Gujarati"),
        ("or", "Oriya"),
        ("ta", "Tamil"),
        ("te", "Telugu"),
        ("kn", "Kannada"),
        ("ml", "Malayalam"),
        ("si", "Sinhala"),
        ("th", "Thai"),
        ("lo", "Lao"),
        ("my", "Myanmar"),
        ("ka", "Georgian"),
        ("hy", "Armenian"),
        ("am", "Ethiopic"),
        ("km", "Khmer"),
    )
    for code in codes.split()
}
_NAMES = {
    "arabic": "ar", "bengali": "bn", "bulgarian": "bg", "chinese": "zh", "czech": "cs",
    "danish": "da", "dutch": "nl", "english": "en", "finnish": "fi", "french": "fr",
    "german": "de", "greek": "el", "gujarati": "gu", "hebrew": "he", "hindi": "hi",
    "hungarian": "hu", "indonesian": "id", "italian": "it", "japanese": "ja", "kannada": "kn",
    "korean": "ko", "malayalam": "ml", "mandarin": "zh", "marathi": "mr", "nepali": "ne",
    "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt", "punjabi": "pa",
    "romanian": "ro", "russian": "ru", "spanish": "es", "swahili": "sw", "swedish": "sv",
    "tamil": "ta", "telugu": "te", "thai": "th", "turkish": "tr", "ukrainian": "uk",
    "urdu": "ur", "vietnamese": "vi",
}  # fmt: skip


def weigh_scripts(text: str, *, variables: bool = False) -> Counter[str]:
    """How many words of a text are in each script.

    A word is a run of letters of one script and counts one, in a script without spaces one for
    every two characters. The script is `Other` for one that is not known here, for letters of
    several scripts glued together, which no language writes, and for words of more than 40 letters.
    Single letters of alphabets are variables and count only where `variables` says so.

    >>> dict(weigh_scripts("Hi 中文字 pΩt x"))
    {'Latin': 1, 'Han': 2, 'Other': 3}
    """
    if _BEYOND_LATIN.search(text) is None:
        return _weigh_latin(text, variables=variables)
    return _weigh_any(text, variables=variables)


def holds_script(text: str, scripts: Iterable[str]) -> bool:
    """Whether a letter of one of these scripts occurs in a text.

    >>> holds_script("Это", ["Latin"]), holds_script("Это x", ["Latin"])
    (False, True)
    """
    return any(_letter_of(script).search(text) is not None for script in scripts)


@cache
def _letter_of(script: str) -> re.Pattern[str]:
    return re.compile(f"[{_RANGES[script]}]")


def _weigh_latin(text: str, *, variables: bool) -> Counter[str]:
    """The same for a text without letters of another script: by the lengths of its words alone."""
    weights: Counter[str] = Counter()
    for size, times in Counter(map(len, _LATIN_WORD.findall(text))).items():
        if size > _LONGEST_WORD:
            weights["Other"] += times * (size // 8)
        elif size > 1 or variables:
            weights["Latin"] += times
    return weights


def _weigh_any(text: str, *, variables: bool) -> Counter[str]:
    """The same for any text, word by word: what touches a word may make it one of no language."""
    weights: Counter[str] = Counter()
    before, weight, size, end = "", 0, 0, -1  # of the word before, which the next may touch
    for match in _WORD.finditer(text):
        script = match.lastgroup or "Other"
        start, stop = match.span()
        length = stop - start
        if script in _WITHOUT_SPACES:
            counts = (length + 1) // 2
        elif length > _LONGEST_WORD:
            script, counts = "Other", length // 8
        else:
            counts = 1
        if start == end and _cannot_touch(before, script):
            before = script = "Other"
        if before and (variables or size > 1 or before not in _ALPHABETS):
            weights[before] += weight
        before, weight, size, end = script, counts, length, stop
    if before and (variables or size > 1 or before not in _ALPHABETS):
        weights[before] += weight
    return weights


def _cannot_touch(left: str, right: str) -> bool:
    """Whether letters of two scripts make no word together; a CJK text may hold Latin words."""
    return left != right and left not in _LOOSE and right not in _LOOSE


def language_code(name: str) -> str | None:
    """The code of a language by its code, tag or English name, or `None` when it is unknown.

    >>> language_code("zh-CN"), language_code("German"), language_code("python")
    ('zh', 'de', None)
    """
    plain = name.strip().lower()
    code = _NAMES.get(plain) or re.split(r"[-_]", plain, maxsplit=1)[0]
    return code if code in LANGUAGE_SCRIPTS else None
