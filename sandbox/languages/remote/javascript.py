"""JavaScript: both ends are sources; names come by asking.

Not covered: tests or programs that are modules with imports; functions of the tests as arguments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from sandbox.languages.language import Remote
from sandbox.languages.remote.parts import part
from sandbox.languages.remote.trusted_names import JAVASCRIPT_NAMES, deciders

_CALL = re.compile(r"(?<![\w.$])([A-Za-z_$][\w$]*)\s{0,8}\(")
_EXPORT = re.compile(r"^[ \t]*export[ \t]+(?:default[ \t]+|\{[^}\n]{0,2000}\};?)?", re.MULTILINE)


def _program(source: str, _: Sequence[str]) -> str:
    plain = _EXPORT.sub("", source)
    return f"{part('line.js')}\nconst PROGRAM = {json.dumps(plain)};\n{part('program.js')}"


def _judge(tests: Sequence[str], _: str) -> str:
    text = "\n".join(tests)
    called = {*_CALL.findall(text)}
    never = sorted(JAVASCRIPT_NAMES | deciders(text, called - {"assert", "require", "if"}))
    given = f"const TESTS = {json.dumps(text)};\nconst NEVER = {json.dumps(never)};"
    return f"{part('line.js')}\n{given}\n{part('judge.js')}"


REMOTE = Remote(program=_program, judge=_judge)
