"""C++ with GCC, its standard headers compiled once.

Not covered: other compilers, libraries beyond the standard one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.languages.language import (
    SYSTEM_FILES,
    SYSTEM_FOLDERS,
    Language,
    Toolchain,
    find_program,
    insert_at_end_of,
)

_FLAGS = ["-O2", "-std=gnu++17", "-w", "-fmax-errors=3", "-ftemplate-depth=400"]
_MAIN = re.compile(r"\bmain\s*\([^)]*\)\s*\{")
# Every header that programs of tests and contests use, read once instead of for every program.
_HEADER = "rlvr_all.h"
_DONE = """
#include <cstdio>
static void rlvr_done() {
    char text[128];
    std::fputs("MARK", stdout);
    while (std::fgets(text, sizeof text, stdin)) std::fputs(text, stdout);
    std::fflush(stdout);
}
"""


def find_gcc(compiler: str) -> Toolchain | None:
    """GCC's parts; its driver looks for them beside itself."""
    path = find_program(compiler)
    assembler = find_program("as")
    if path is None or assembler is None:
        return None
    tools = (path, assembler, find_program("ld") or "/usr/bin/ld", "/usr/bin/ld", "/usr/bin/as")
    readable = (*SYSTEM_FOLDERS, *SYSTEM_FILES, "/usr/include", "/usr/local/include", *tools)
    return Toolchain({"compiler": path}, readable=readable)


def append_c_tests(source: str, tests: Sequence[str], mark: str, done: str) -> str:
    """A program and its tests in one source; the end of `main` tells that all held."""
    joined = f"{done.replace('MARK', mark)}\n{source}\n" + "\n".join(tests)
    found = list(_MAIN.finditer(joined))
    with_end = insert_at_end_of(joined, found[-1].end() - 1, "rlvr_done();") if found else None
    return with_end or f"{joined}\nint main() {{\n    rlvr_done();\n}}\n"


CPP = Language(
    name="cpp",
    aliases=frozenset({"c++", "cxx", "cc", "g++"}),
    file_name="main.cpp",
    find=lambda: find_gcc("g++"),
    shared_files={_HEADER: "#include <bits/stdc++.h>\n"},
    prepare=lambda tools: [[tools.programs["compiler"], *_FLAGS, "-x", "c++-header", _HEADER]],
    compile=lambda tools, _: [
        [tools.programs["compiler"], *_FLAGS, "-include", "SHARED/" + _HEADER, "main.cpp"]
        + ["-o", "program"]
    ],
    run=lambda _tools, _limits: ["FOLDER/program"],
    append_tests=lambda source, tests, mark: append_c_tests(source, tests, mark, _DONE),
    missing="install g++ (Debian: apt-get install g++)",
)
