"""Go: signatures stand in the program; the judge is compiled against stubs of its functions.

Not covered: generic functions, methods, types of the program's own, channels and functions as
arguments; of testify, what `judge.go` lists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.languages.language import Remote
from sandbox.languages.remote.parts import part
from sandbox.languages.remote.trusted_names import GO_NAMES, of_program

_CALL = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\s{0,8}\(")
_VALUE = re.compile(r"(?::=|=)\s{0,8}([A-Za-z_]\w*)\s{0,8}(?:;|\n)")  # `candidate := add`
_FUNCTION = (
    r"^func[ \t]{{1,20}}{name}[ \t]{{0,8}}"
    r"\(([^{{}}]{{0,600}}(?:\{{\}}[^{{}}]{{0,600}}){{0,8}})\{{(?!\}})"
)
_TYPE = re.compile(r"[\w\[\]{}. ]{1,200}", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# What a type in a stub may be made of. It stands in the program: nothing else gets in.
_TYPE_WORDS = frozenset(
    [
        *(f"{sign}int{size}" for sign in ("", "u") for size in ("", "8", "16", "32", "64")),
        *("float32", "float64", "string", "bool", "byte", "rune", "error", "interface", "any"),
        "map",
    ]
)
_NO_CODE = re.compile(
    r'//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\\n])*"|`[^`]*(?:`|\Z)|' + r"'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)
_PACKAGE = re.compile(r"^[ \t]*package[ \t]+\w+[ \t]*;?", re.MULTILINE)
_IMPORTS = re.compile(
    r"^[ \t]*import[ \t]*(?:\(([^)]{0,4000})\)|((?:[\w.]+[ \t]+)?\"[^\"\n]{1,200}\"))", re.MULTILINE
)
_IMPORT = re.compile(r"([\w.]+)?[ \t]*\"([^\"\n]{1,200})\"")
_TEST = re.compile(r"^func[ \t]+(Test\w*)[ \t]*\([ \t]*\w+[ \t]+\*testing\.T[ \t]*\)", re.MULTILINE)
_MAIN = re.compile(r"^func[ \t]+main[ \t]*\(", re.MULTILINE)
_NOT_IMPORTED = frozenset({"testing", "github.com/stretchr/testify/assert",
                           "github.com/stretchr/testify/require"})  # fmt: skip
# Packages of the standard library whose import stands in a set-up cell, or is forgotten.
_PACKAGES = {
    name.rpartition("/")[2]: name
    for name in (
        *("fmt", "math", "math/rand", "strings", "strconv", "sort", "time", "errors", "reflect"),
        *("unicode", "bytes", "os", "regexp", "bufio", "math/big", "math/bits", "crypto/md5"),
    )
}
_OURS = "\n".join(
    f'import {name} "{path}"'
    for name, path in (
        *(("rlvrBinary", "encoding/binary"), ("rlvrErrors", "errors"), ("rlvrFmt", "fmt")),
        *(("rlvrMath", "math"), ("rlvrOS", "os"), ("rlvrReflect", "reflect")),
        ("rlvrSyscall", "syscall"),
    )
)
_ALL_USED = "var _ = rlvrErrors.New\nvar _ = rlvrFmt.Sprintln\nvar _ = rlvrOS.Exit\n"


@dataclass(frozen=True)
class _Function:
    name: str
    taken: tuple[str, ...]
    given: tuple[str, ...]


def _split_imports(text: str) -> tuple[dict[str, str], str]:
    """The imports of a source, path by name, and the source without them and its package."""
    found: dict[str, str] = {}
    for group, single in _IMPORTS.findall(text):
        for name, path in _IMPORT.findall(group or single):
            if path not in _NOT_IMPORTED:
                found[name or path.rpartition("/")[2]] = path
    return found, _IMPORTS.sub("", _PACKAGE.sub("", text))


def _uses(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}\.", text) is not None


def _functions(source: str, tests: str) -> list[_Function]:
    """Functions of the program that the tests name and do not define.

    Raises:
        ValueError: one takes or returns what cannot be sent.
    """
    found = []
    plain, told = _NO_CODE.sub("''", source), _NO_CODE.sub("''", tests)
    ends: dict[str, str] = {}
    for name in dict.fromkeys([*_CALL.findall(told), *_VALUE.findall(told)]):
        signature = re.compile(_FUNCTION.format(name=name), re.MULTILINE)
        match = signature.search(plain)
        # What Go has itself would be the program's own in its whole package.
        if match is not None and not signature.search(told) and name not in {"main", *GO_NAMES}:
            ends[name] = match.group(1)
    for name in of_program([*ends], told, GO_NAMES.__contains__):
        taken, results = _sides(ends[name])
        given = _types(results[1:-1]) if results.startswith("(") else [results] if results else []
        found.append(_Function(name, tuple(_types(taken)), tuple(given)))
    for function in found:
        for kind in (*function.taken, *function.given):
            words = {*_WORD.findall(kind)}
            if not _TYPE.fullmatch(kind) or not words or not words <= _TYPE_WORDS:
                raise ValueError(
                    f"{function.name} takes or returns what a judge cannot hold: {kind[:80]}"
                )
    return found


def _sides(text: str) -> tuple[str, str]:
    """What follows an opening bracket: the parameters, and the results after its closing one."""
    depth = 1
    for at, mark in enumerate(text):
        depth += (mark == "(") - (mark == ")")
        if depth == 0:
            return text[:at], text[at + 1 :].strip()
    raise ValueError("the program's functions cannot be told")


def _types(text: str) -> list[str]:
    """The type of each parameter: `a, b int` is two; names alone take the next one's type."""
    parts, depth = [""], 0
    for mark in text:
        depth += (mark in "([{") - (mark in ")]}")
        if mark == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += mark
    words = [" ".join(part.split()) for part in parts if part.strip()]
    named = any(re.match(r"[A-Za-z_]\w* ?[\w\[.*]", word) and not word.startswith("map[")
                and " " in word for word in words)  # fmt: skip
    if not named:
        return words
    kinds: list[str] = []
    kind = ""
    for word in reversed(words):
        name, space, rest = word.partition(" ")
        kind = rest if space else kind
        kinds.append(kind or name)
    return kinds[::-1]


def _program(source: str, tests: Sequence[str]) -> str:
    test_imports, told = _split_imports("\n".join(tests))
    functions = _functions(source, told)
    imports, body = _split_imports(source)
    bare = _NO_CODE.sub("''", body)
    # Functions are completions of a file whose imports are the data set's: those that are not
    # used are left out, and those of the standard library that are missing are made up.
    kept = _PACKAGES | test_imports | imports
    kept = {name: path for name, path in kept.items() if name in {"_", "."} or _uses(bare, name)}
    listed = ", ".join(
        f'"{function.name}": rlvrReflect.ValueOf({function.name})' for function in functions
    )
    end = part("program.go").replace("FUNCTIONS", listed)
    return _source(kept, _MAIN.sub("func rlvrOwnMain(", body), end)


def _source(imports: dict[str, str], body: str, end: str) -> str:
    lines = "\n".join(f'import {name} "{path}"' for name, path in imports.items())
    line = part("line.go")
    return f"package main\n{_OURS}\n{lines}\n{body}\n{line}\n{_ALL_USED}\n{end}"


def _judge(tests: Sequence[str], program: str) -> str:
    imports, body = _split_imports("\n".join(tests))
    functions = _functions(program, body)
    bare = _NO_CODE.sub("''", body)
    kept = {name: path for name, path in (_PACKAGES | imports).items() if _uses(bare, name)}
    calls = [f"rlvrRun({name})" for name in _TEST.findall(body)]
    if _MAIN.search(body):
        calls.append("rlvrOwnMain()")
    body = _MAIN.sub("func rlvrOwnMain(", body)
    body = re.sub(r"\btesting\.T\b", "rlvrT", body)
    stubs = "\n".join(_stub(function) for function in functions)
    end = part("judge.go").replace("CALLS", "\n\t".join(calls))
    for name in ("assert", "require"):  # which the tests may define themselves
        if not _uses(bare, name):
            end = re.sub(rf"^var {name} = .*$", "", end, flags=re.MULTILINE)
    return _source(kept, f"{body}\n{stubs}", end)


def _stub(function: _Function) -> str:
    parameters = ", ".join(f"a{n} {kind}" for n, kind in enumerate(function.taken))
    results = "".join(f"var r{n} {kind}; " for n, kind in enumerate(function.given))

    def values(mark: str, count: int) -> str:
        each = ", ".join(f"rlvrReflect.ValueOf(&{mark}{n}).Elem()" for n in range(count))
        return f"[]rlvrReflect.Value{{{each}}}"

    asked = f"{values('a', len(function.taken))}, {values('r', len(function.given))}"
    returned = ", ".join(f"r{n}" for n in range(len(function.given)))
    return (
        f"func {function.name}({parameters}) ({', '.join(function.given)}) {{ {results}"
        f'rlvrAsk("{function.name}", {asked}); return {returned} }}'
    )


REMOTE = Remote(program=_program, judge=_judge, reads_program=True)
