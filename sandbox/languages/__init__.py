"""The languages a program may be written in besides Python, and where their toolchains lie."""

from __future__ import annotations

import re

from sandbox.errors import BadTestsError
from sandbox.languages.c import C
from sandbox.languages.cpp import CPP, cpp_standard
from sandbox.languages.go import GO
from sandbox.languages.java import JAVA
from sandbox.languages.javascript import JAVASCRIPT
from sandbox.languages.language import Language, Toolchain
from sandbox.languages.rust import RUST

LANGUAGES = (C, CPP, GO, JAVA, JAVASCRIPT, RUST)
_CPP_STANDARD = re.compile(r"(?:c\+\+|cpp)(11|14|17|20)")
PYTHON_NAMES = frozenset({"python", "py", "python3"})

__all__ = ["LANGUAGES", "PYTHON_NAMES", "Language", "Toolchain", "language_named"]


def language_named(name: str) -> Language | None:
    """The language of this name or alias; `None` for Python.

    Raises:
        BadTestsError: no language has that name.
    """
    wanted = name.strip().lower()
    if wanted in PYTHON_NAMES:
        return None
    standard = _CPP_STANDARD.fullmatch(wanted)
    if standard is not None:
        return cpp_standard(standard.group(1))
    for language in LANGUAGES:
        if wanted == language.name or wanted in language.aliases:
            return language
    known = ", ".join(["python", *(language.name for language in LANGUAGES)])
    raise BadTestsError(f"no language is called {name!r}; known: {known}")
