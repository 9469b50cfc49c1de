"""Which class of a Java source is started.

Not covered: sources that `javac` would refuse.
"""

from __future__ import annotations

import re

_NO_CODE = re.compile(
    r'//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'", re.DOTALL
)
_PARTS = re.compile(
    r"\b(?:class|interface|enum|record)\s{1,40}(?P<type>\w+)"
    r"|(?P<main>\bmain\s{0,40}\(\s{0,40}(?:final\s{1,40})?String\b)"
    r"|(?P<brace>[{}])"
)


def main_class(source: str) -> str:
    """The class to run: `Main` where it has a `main`, else the first that has one.

    >>> main_class("class A { void f() { } } class B { public static void main(String[] a) { } }")
    'B'
    """
    found: list[str] = []
    depth, name = 0, ""
    for part in _PARTS.finditer(_NO_CODE.sub(" ", source)):
        if part["brace"]:
            depth += 1 if part["brace"] == "{" else -1
        elif part["type"] and depth == 0:
            name = part["type"]
        elif part["main"] and name and depth == 1:
            found.append(name)
    return "Main" if "Main" in found or not found else found[0]
