"""Change one part of a reference: each change makes another answer of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A part as it is written -> another of its kind. Each is one reading rule's business.
_SWAPS = [
    (r"(?<![a-zA-Z])\\cup(?![a-z])", r"\\cap"),
    (r"(?<![a-zA-Z])\\cap(?![a-z])", r"\\cup"),
    (r"\\leq?(?:slant)?(?![a-z])", "<"),
    (r"\\geq?(?:slant)?(?![a-z])", ">"),
    (r"(?<![<\\-])<(?!=)", ">"),
    (r"(?<![>\\-])>(?!=)", "<"),
    (r"\\ne(?:q)?(?![a-z])", "="),
    (r"\\sin(?![a-z])", r"\\cos"),
    (r"\\cos(?![a-z])", r"\\sin"),
    (r"\\tan(?![a-z])", r"\\cot"),
    (r"\\ln(?![a-z])", r"\\sin"),
    (r"\\sqrt(?=\{)", r"\\sqrt[3]"),
    (r"\\pi(?![a-z])", r"e"),
    (r"\\infty", "7"),
    (r"\\alpha(?![a-z])", r"\\beta"),
    (r"\\vec(?![a-z])", r"\\hat"),
    (r"\\mathbb\{R\}", r"\\mathbb{Q}"),
    (r"\\mathbb\{Z\}", r"\\mathbb{Q}"),
    (r"\\land|\\wedge", r"\\lor"),
    (r"\\setminus", r"\\cup"),
    (r"\\to(?![a-z])|\\rightarrow", r"="),
    (r"\\pm", "+"),
    (r"\\begin\{pmatrix\}", r"\\begin{vmatrix}"),
    (r"(\\text|\\mathrm)\{\s*cm\s*\}", r"\\text{ km}"),
    (r"(\\text|\\mathrm)\{\s*m\s*\}", r"\\text{ cm}"),
    (r"(\\text|\\mathrm)\{\s*hours?\s*\}", r"\\text{ minutes}"),
    (r"(\\text|\\mathrm)\{\s*dollars?\s*\}", r"\\text{ cents}"),
]
_DIGIT = re.compile(r"(?<![\d.])\d+")
_LETTER = re.compile(r"(?<![a-zA-Z\\{])[a-zA-Z](?![a-zA-Z{])")


def changed(text: str) -> Iterator[tuple[str, str]]:
    r"""What a text becomes when one of its parts is another; with the kind of the change.

    >>> sorted(new for _, new in changed(r"2\le x"))
    ['2< x', '2\\le w', '3\\le x']
    """
    for match in _DIGIT.finditer(text):
        last = match.end() - 1
        digit = str((int(text[last]) + 1) % 10)
        yield "digit", text[:last] + digit + text[last + 1 :]
    for match in list(_LETTER.finditer(text))[:4]:
        other = "w" if match[0] != "w" else "v"
        yield "letter", text[: match.start()] + other + text[match.end() :]
    for pattern, other in _SWAPS:
        new = re.sub(pattern, other, text, count=1)
        if new != text:
            yield pattern, new
    if text[:1] in "([" and text[-1:] in ")]" and "," in text:
        yield "end", ("[" if text[0] == "(" else "(") + text[1:]
        yield "end", text[:-1] + ("]" if text[-1] == ")" else ")")
    if text[:1] == "-":
        yield "sign", text[1:]
    elif text[:1].isdecimal():
        yield "sign", "-" + text
