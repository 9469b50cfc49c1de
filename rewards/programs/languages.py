"""What the name of a language says, as fences and dataset columns write it.

Not covered: guessing from source. A name that means no programming language says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class Kind(Enum):
    """What a name says."""

    RUNS = "runs"  # a language that the sandbox knows
    FOREIGN = "foreign"  # a programming language that it does not
    NO_PROGRAM = "no program"  # output, a shell line, markup
    NOTHING = "nothing"  # "en", "x"


@dataclass(frozen=True)
class Named:
    """A name read: the kind, and what the sandbox calls the language (with its standard)."""

    kind: Kind
    language: str = ""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FOREIGN = _names("""
    kotlin kt kts typescript ts tsx swift ruby rb php csharp cs scala haskell hs perl pl lua
    r julia jl dart pascal delphi fpc freepascal d ocaml ml fsharp fs erlang elixir ex lisp scheme
    racket clojure clj nim crystal zig fortran cobol ada objective-c objc matlab octave vb vbnet
    groovy assembly asm nasm brainfuck prolog smalltalk apl solidity sql mysql plsql verilog vhdl
    coffeescript jsx awk cuda
""")
_NO_PROGRAM = _names("""
    text txt plaintext plain output out stdout stdin input console terminal shell sh bash zsh
    fish cmd bat batch powershell ps1 markdown md rst json jsonl json5 yaml yml xml html css diff
    patch log latex tex math mermaid dot graphviz csv tsv ini toml cfg conf dockerfile makefile
    make pycon python-repl pyrepl doctest traceback error none nohighlight example examples
    test tests sample ascii regex http url
""")
_VERSION = r"(?:\s?\(.*\))?(?:\s?v?\d[\d.]*)?"
_GNU = r"(?:(?:gnu|gcc|g\+\+|clang|clang\+\+|msvc|ms|microsoft visual)\s)*"
_CPP = r"(?:c\+\+|cpp|cxx|cc|g\+\+|hpp)\s?-?(?P<standard>\d\w)?(?:\s?\(.*\))?(?:[ ,].*)?"
_PATTERNS = tuple((re.compile(pattern), language) for pattern, language in (
    (r"(?:i?python|pypy|cpython|py)\s?-?\s?3?(?:\.\d+)*" + _VERSION, "python"),
    (r"(?:python|pypy|cpython)\s?\(?\s?3.*", "python"),
    (r"py3\d*|python3\d*", "python"),
    (_GNU + _CPP, "cpp"),
    (r"(?:(?:gnu|gcc|clang)\s)*c\s?-?(?:\d\w)?" + _VERSION + "|gcc|h", "c"),
    (r"(?:openjdk|java)\s?-?\d*" + _VERSION, "java"),
    (r"(?:javascript|js|mjs|cjs|node|node\.?js|ecmascript)" + _VERSION, "javascript"),
    (r"(?:rust|rs|rustc)\s?(?:20\d\d)?" + _VERSION, "rust"),
    (r"(?:go|golang)" + _VERSION, "go"),
    (r"(?:c#|c sharp|f#|\.net|mono c#|visual basic).*", ""),
))  # fmt: skip
# What a fence may say of a program without naming its language.
_NEUTRAL = _names("""
    code program solution answer main source src snippet final script submission copy codeblock
    code-block block
""")
_FIRST_PART = re.compile(r"(python3?|py3?|cpp|c\+\+|rust)[-_.+/]")  # "python-solution"
_STANDARDS = {"11": "11", "0x": "11", "14": "14", "1y": "14", "17": "17", "1z": "17",
              "20": "20", "2a": "20", "23": "20", "2b": "20"}  # fmt: skip
_NAME_MAX = 60


@lru_cache(maxsize=512)
def read_name(text: str) -> Named:
    """What a tag or a cell says of the language.

    >>> read_name("c++17").language, read_name("GNU C++20 (64)").language
    ('c++17', 'c++20')
    >>> read_name("PyPy 3").language, read_name("kotlin").kind.value, read_name("en").kind.value
    ('python', 'foreign', 'nothing')
    """
    name = " ".join(text.strip().lower().split())
    name = name.strip("{} ").lstrip(".")
    if not name or len(name) > _NAME_MAX:
        return Named(Kind.NOTHING)
    if name in _NO_PROGRAM:
        return Named(Kind.NO_PROGRAM)
    if name in _FOREIGN:
        return Named(Kind.FOREIGN, name)
    for pattern, language in _PATTERNS:
        found = pattern.fullmatch(name)
        if found is None:
            continue
        if not language:
            return Named(Kind.FOREIGN, name)
        standard = _STANDARDS.get(found.groupdict().get("standard") or "")
        return Named(Kind.RUNS, f"c++{standard}" if standard else language)
    first = name.split(" ")[0]
    return Named(Kind.FOREIGN, first) if first in _FOREIGN else Named(Kind.NOTHING)


@lru_cache(maxsize=512)
def read_tag(tag: str) -> Named:
    """What the tag of a fence says: of a language that nobody knows, that it is another one.

    >>> read_tag("vb.net").kind.value, read_tag("solution").kind.value, read_tag("").kind.value
    ('foreign', 'nothing', 'nothing')
    >>> read_tag("main.cpp").language, read_tag("python-solution").language
    ('cpp', 'python')
    """
    named = read_name(tag)
    name = tag.strip().lower()
    if named.kind is not Kind.NOTHING or not name or name in _NEUTRAL or name.isdigit():
        return named
    first = _FIRST_PART.match(name)
    if first is not None:
        return read_name(first.group(1))
    stem, dot, ending = name.rpartition(".")
    of_file = read_name(ending) if stem and dot else named
    return of_file if of_file.kind is Kind.RUNS else Named(Kind.FOREIGN, name)


def family(language: str) -> str:
    """A language without its standard.

    >>> family("c++17"), family("rust")
    ('cpp', 'rust')
    """
    return "cpp" if language.startswith("c++") else language
