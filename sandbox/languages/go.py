"""Go with its own toolchain.

Not covered: modules beyond the standard library; tests written for `testing` with testify.
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

_MAIN = re.compile(r"\bfunc\s+main\s*\(\)\s*\{")
_DONE = (
    "rlvrText, _ := rlvrio.ReadAll(rlvros.Stdin); "
    'rlvros.Stdout.WriteString("MARK" + string(rlvrText))'
)
_PACKAGE = re.compile(r"^\s*package\s+\w+", re.MULTILINE)


def _find() -> Toolchain | None:
    go = find_program("go")
    if go is None:
        return None
    root = str(Path(go).parents[1])
    environment = {
        "GOROOT": root, "GOCACHE": "/tmp/none", "GO111MODULE": "off", "GOTELEMETRY": "off",  # noqa: S108
        "GOFLAGS": "-p=1", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local",
    }  # fmt: skip
    readable = (*SYSTEM_FOLDERS, root, "/usr/share/go")
    return Toolchain({"compiler": go}, readable=readable, environment=environment)


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
    compile=lambda tools, _: [[tools.programs["compiler"], "build", "-o", "program", "main.go"]],
    run=lambda _tools, _limits: ["FOLDER/program"],
    append_tests=_append_tests,
    counts_data=True,
    missing="install Go (Debian: apt-get install golang-go)",
)
