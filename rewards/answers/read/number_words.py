"""Numbers written in words: `forty-two`, `two thirds`, `一又二分之一`, `百分之五十`."""

# ruff: noqa: RUF001, SIM905 - word lists read better as text

from __future__ import annotations

import re
from fractions import Fraction

from rewards.answers.construct import times
from rewards.answers.tree import Fn, Node, Num, Percent

_UNITS = {
    word: value
    for value, word in enumerate(
        (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen "
            "fourteen fifteen sixteen seventeen eighteen nineteen"
        ).split()
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
    )
} | {"fourty": 40}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        (
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
            "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
        ).split(),
        start=1,
    )
}
_PARTS = {word: value for word, value in _ORDINALS.items() if value > 2} | {
    "half": 2, "quarter": 4, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
_PARTS |= {f"{word}s": value for word, value in _PARTS.items()} | {"halves": 2}
_WORD = re.compile(r"[a-z]+")
_PLAIN = re.compile(r"[a-z \-]+")
_ORDINAL = re.compile(r"(\d{1,6})(?:st|nd|rd|th)")
MAX_CHARS = 120

_HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "兩": 2,
}  # fmt: skip
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000}
_HAN_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HAN = "".join(_HAN_DIGITS) + "".join(_HAN_SCALES) + "".join(_HAN_MYRIADS)
_HAN_NUMBER = rf"([{_HAN}]{{1,20}}|\d{{1,12}}(?:\.\d{{1,12}})?)"
_HAN_FORM = re.compile(rf"(负|正)?(?:(百)分之|{_HAN_NUMBER}分之|{_HAN_NUMBER}又{_HAN_NUMBER}分之)?"
                       rf"{_HAN_NUMBER}(?:点([{_HAN}]{{1,20}}))?")  # fmt: skip


_HAN_ROOT = re.compile(rf"(?:{_HAN_NUMBER}分之)?{_HAN_NUMBER}?(?:倍)?根[号號]{_HAN_NUMBER}")


def number_in_words(text: str) -> Node | None:
    """The number that a text in lower case spells, or `None`.

    >>> number_in_words("forty-two"), number_in_words("two thirds").value
    (Num(value=Fraction(42, 1), decimals=None), Fraction(2, 3))
    """
    if len(text) > MAX_CHARS:
        return None
    if not text.isascii():
        return _chinese(text)
    if not _PLAIN.fullmatch(text):
        return None
    words = _WORD.findall(text)
    sign = -1 if words[:1] in (["minus"], ["negative"]) else 1
    value = _spelled(words[sign < 0 :])
    return None if value is None else Num(sign * value)


def ordinal_in_words(text: str) -> int | None:
    """The rank that `third` and `3rd` give, or `None`."""
    written = _ORDINAL.fullmatch(text)
    return int(written[1]) if written else _ORDINALS.get(text)


def _spelled(words: list[str]) -> Fraction | None:
    if not words:
        return None
    part = _PARTS.get(words[-1])
    if part is None:
        whole = _cardinal(words)
        return None if whole is None else Fraction(whole)
    if "and" in words:  # one and a half, two and three quarters
        cut = len(words) - 1 - words[::-1].index("and")
        whole, rest = _cardinal(words[:cut]), _spelled(words[cut + 1 :])
        if whole is not None and rest is not None and 0 < rest < 1:
            return whole + rest
    count = 1 if words[:-1] == ["a"] or words == ["half"] else _cardinal(words[:-1])
    return None if count is None else Fraction(count, part)


def _cardinal(words: list[str]) -> int | None:  # noqa: C901
    """`two thousand and five`; `None` for anything else, `five two` among it."""
    total, group, limit = 0, 0, 10**15  # `limit`: what may still follow is smaller
    room = 1000  # within a group: below it
    seen = False
    for index, word in enumerate(words):
        if word in _SCALES:
            scale = _SCALES[word]
            if not (group or words[:index] == ["a"]) or scale >= limit:
                return None
            total, group, limit, room = total + max(group, 1) * scale, 0, scale, 1000
        elif word == "hundred":
            if words[:index] == ["a"]:
                group = 1
            if not 0 < group < 10:
                return None
            group, room = 100 * group, 100
        elif word in _TENS and room >= 100:
            group, room = group + _TENS[word], 10
        elif word in _UNITS and (_UNITS[word] < room) and not (word == "zero" and len(words) > 1):
            group, room = group + _UNITS[word], 0
        elif (word == "and" and seen and room in {100, 1000}) or (word == "a" and not index):
            if index + 1 == len(words):
                return None
            continue
        else:
            return None
        seen = True
    return total + group if seen else None


def _chinese(text: str) -> Node | None:
    text = text.replace(" ", "")
    if "根" in text:
        return _chinese_root(text)
    form = _HAN_FORM.fullmatch(text)
    if form is None:
        return None
    sign, percent, below, whole, above, last, decimals = form.groups()
    value = _han(last)
    if value is None or (decimals and not all(digit in _HAN_DIGITS for digit in decimals)):
        return None
    if decimals:
        digits = "".join(str(_HAN_DIGITS[digit]) for digit in decimals)
        value += Fraction(int(digits), 10 ** len(digits))
    for bottom in (below, above):
        divisor = _han(bottom) if bottom else Fraction(1)
        if not divisor:
            return None
        value /= divisor
    if whole:
        units = _han(whole)
        if units is None:
            return None
        value += units
    if sign == "负":
        value = -value
    return Percent(Num(value)) if percent else Num(value)


def _chinese_root(text: str) -> Node | None:
    """`根号三`, `三分之二倍根号三`."""
    root = _HAN_ROOT.fullmatch(text)
    if root is None:
        return None
    divisor, factor, radicand = (_han(part) if part else Fraction(1) for part in root.groups())
    if not divisor or factor is None or radicand is None:
        return None
    return times(Num(factor / divisor), Fn("sqrt", (Num(radicand),)))


def _han(text: str) -> Fraction | None:
    """A numeral of Chinese characters, or of digits."""
    if text[0].isdecimal():  # of any script
        return Fraction(text)
    if all(char in _HAN_DIGITS for char in text) and len(text) > 1:  # 二〇二五
        return Fraction(int("".join(str(_HAN_DIGITS[char]) for char in text)))
    total = section = digit = 0
    last = 10**20
    for char in text:
        if char in _HAN_DIGITS:
            digit = _HAN_DIGITS[char]
        elif char in _HAN_SCALES:
            section += (digit or 1) * _HAN_SCALES[char]
            digit = 0
        else:
            if _HAN_MYRIADS[char] >= last:
                return None
            last = _HAN_MYRIADS[char]
            total, section, digit = total + (section + digit) * last, 0, 0
    return Fraction(total + section + digit)
