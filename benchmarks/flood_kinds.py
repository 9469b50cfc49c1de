r"""Texts made to be slow to read: thirty-odd kinds of flood, and where in a completion they stand.

A policy that runs into a loop writes such texts by the megabyte, and whoever wants to stop a
trainer writes them on purpose. All are the same at every run.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from types import MappingProxyType

_SCRIPTS = "word слово 字 の 한글 λόγος كلمة מילה शब्द คำ "
_LATEX = r"\frac{a}{b}\left(\sqrt{x^{2}}\right)\cdot\text{ of }\sum_{k=1}^{n}\alpha\, "


def _repeated(piece: str) -> Callable[[int], str]:
    """So many bytes of one piece, over and over."""
    width = len(piece.encode())
    return lambda size: piece * max(size // width, 1)


def _nested(opening: str, closing: str) -> Callable[[int], str]:
    """Half of the bytes opening, half closing."""
    width = len((opening + closing).encode())
    return lambda size: opening * max(size // width, 1) + closing * max(size // width, 1)


def _any_unicode(size: int) -> str:
    """Characters from all planes, as chance has them, but no halves of surrogate pairs."""
    numbers = random.Random(17)  # noqa: S311 - not for secrets
    points = (numbers.randrange(0x20, 0x20000) for _ in range(size // 3))
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)


def _any_ascii(size: int) -> str:
    numbers = random.Random(18)  # noqa: S311 - not for secrets
    return "".join(numbers.choices([chr(point) for point in range(0x20, 0x7F)], k=size))


KINDS: MappingProxyType[str, Callable[[int], str]] = MappingProxyType(
    {
        "one letter": _repeated("a"),
        "blanks": _repeated(" "),
        "line feeds": _repeated("\n"),
        "lines of blanks": _repeated(" " * 62 + "\n"),
        "CRLF": _repeated("a\r\n"),
        "tabs": _repeated("\t"),
        "NUL bytes": _repeated("\0"),
        "opening braces": _repeated("{"),
        "closing braces": _repeated("}"),
        "nested braces": _nested("{", "}"),
        "parentheses": _repeated("("),
        "backslashes": _repeated("\\"),
        "dollars": _repeated("$"),
        "dollar letters": _repeated("$a"),
        "boxes": _repeated(r"\boxed{1} "),
        "boxes joined": _repeated(r"\boxed{1}, "),
        "unclosed boxes": _repeated(r"\boxed{"),
        "nested boxes": _nested(r"\boxed{", "}"),
        "box words": _repeated(r"\boxed "),
        "opened reasoning": _repeated("<think>"),
        "closed reasoning": _repeated("<think>a</think>"),
        "answer tags": _repeated("<answer>a</answer>"),
        "angle brackets": _repeated("<"),
        "HTML": _repeated('<p class="a"><b>bold</b></p>'),
        "turn marks": _repeated("<|im_start|>tool\na<|im_end|>"),
        "fences": _repeated("```\n"),
        "programs": _repeated("```python\nprint(1)\n```\n"),
        "back-ticks": _repeated("`"),
        "digits": _repeated("1234567890"),
        "numbers": _repeated("12,345.67 "),
        "enormous exponent": lambda size: "1e" + "9" * size,
        "signs": _repeated("-"),
        "sums": _repeated("x+"),
        "powers": _repeated("2^"),
        "commas": _repeated(","),
        "quotes": _repeated('"'),
        "apostrophes": _repeated("a'"),
        "stars": _repeated("**a"),
        "hashes": _repeated("####"),
        "hashed answers": _repeated("#### 7\n"),
        "claims": _repeated("The answer is "),
        "claims in lines": _repeated("So the final answer is 7.\n"),
        "choices": _repeated("(A) "),
        "words": _repeated("and so on "),
        "sentences": _repeated("It is so. Is it? "),
        "LaTeX": _repeated(_LATEX),
        "LaTeX commands": _repeated(r"\a"),
        "mathematics": _repeated(r"\(a\) "),
        "opened mathematics": _repeated(r"\[a"),
        "arrays": _nested("[", "]"),
        "opened objects": _repeated('{"a":'),
        "numbers in JSON": lambda size: "[" + "1," * (size // 2) + "1]",
        "mixed scripts": _repeated(_SCRIPTS),
        "Chinese": _repeated("答案是"),
        "emoji": _repeated("👩‍👩‍👧‍👦"),
        "combining marks": _repeated("\u0301"),
        "accented letters": _repeated("a\u0301\u0323"),
        "bidirectional marks": _repeated("\u202e\u202c"),
        "zero-width": _repeated("\u200b"),
        "ligatures": _repeated("ﷺ"),
        "addresses": _repeated("https://example.org/a?b=c "),
        "opened addresses": _repeated("https://"),
        "one long line": _repeated("x = (x + 1) * 2; "),
        "any Unicode": _any_unicode,
        "any ASCII": _any_ascii,
    }
)
"""What a text of so many bytes is made of, by name."""

PLACES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "alone": ("", ""),
        "in a box": (r"<think>so</think>\boxed{", "}"),
        "as the reasoning": ("<think>", r"</think>\boxed{7}"),
        "in a fence": ("```python\n", "\n```\n"),
    }
)
"""What stands before the flood and behind it, by name."""
