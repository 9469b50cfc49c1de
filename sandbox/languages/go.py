"""Go with its own toolchain.

Not covered: modules beyond the standard library. What tests use of `testing` and of testify stands
in `remote/judge.go`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sandbox.languages.language import (
    SYSTEM_FOLDERS,
    Language,
    Toolchain,
    find_program,
    insert_at_end_of,
)
from sandbox.languages.remote.go import REMOTE

_MAIN = re.compile(r"\bfunc\s+main\s*\(\)\s*\{")
_DONE = (
    "rlvrText, _ := rlvrio.ReadAll(rlvros.Stdin); "
    'rlvros.Stdout.WriteString("MARK" + string(rlvrText))'
)
# What programs import: compiled once where Go comes without compiled packages (since 1.20).
_FIRST = (
    "package main\nimport (\n"
    + "".join(
        f'_ "{name}"\n'
        for name in (
            *("bufio", "bytes", "container/heap", "container/list", "errors", "fmt", "io", "math"),
            *("math/big", "math/bits", "math/rand", "os", "reflect", "regexp", "sort", "strconv"),
            *("strings", "sync", "time", "unicode", "crypto/md5"),
        )
    )
    + ")\nfunc main() {}\n"
)
_PACKAGE = re.compile(r"^\s*package\s+\w+", re.MULTILINE)


def _find() -> Toolchain | None:
    go, env = find_program("go"), find_program("env")
    if go is None or env is None:
        return None
    root = Path(go).parents[1]
    environment = {
        "GOROOT": str(root), "GO111MODULE": "off", "GOTELEMETRY": "off", "GOFLAGS": "-p=1",
        "CGO_ENABLED": "0", "GOTOOLCHAIN": "local",
    }  # fmt: skip
    # Debian's keeps its sources elsewhere, behind links.
    sources = str((root / "src").resolve())
    readable = (*SYSTEM_FOLDERS, str(root), sources, env)
    return Toolchain({"compiler": go, "env": env}, readable=readable, environment=environment)


def _build(tools: Toolchain, source: str, program: str) -> list[list[str]]:
    """Compile with the packages that `prepare` compiled; where they lie nothing is written."""
    go = [tools.programs["env"], "GOCACHE=SHARED/cache", tools.programs["compiler"]]
    return [[*go, "build", "-o", program, source]]


def _append_tests(source: str, tests: Sequence[str], mark: str) -> str:
    joined = source + "\n" + "\n".join(tests)
    header = 'package main\nimport rlvrio "io"\nimport rlvros "os"\n'
    body = _PACKAGE.sub("", joined)
    found = list(_MAIN.finditer(body))
    done = _DONE.replace("MARK", mark)
    return header + ((found and insert_at_end_of(body, found[-1].end() - 1, done)) or body)


GO = Language(
    name="go",
    aliases=frozenset({"golang"}),
    file_name="main.go",
    find=_find,
    shared_files={"first.go": _FIRST},
    prepare=lambda tools: _build(tools, "first.go", "first"),
    compile=lambda tools, _: _build(tools, "main.go", "program"),
    run=lambda _tools, _limits: ["FOLDER/program"],
    append_tests=_append_tests,
    remote=REMOTE,
    counts_data=True,
    missing="install Go (Debian: apt-get install golang-go)",
)
