"""C++ with GCC, its standard headers compiled once.

Not covered: other compilers, libraries beyond the standard one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from sandbox.languages.language import (
    SYSTEM_FILES,
    SYSTEM_FOLDERS,
    Language,
    Toolchain,
    find_program,
    insert_at_end_of,
)
from sandbox.languages.remote.cpp import REMOTE

_FLAGS = ["-O2", "-w", "-fmax-errors=3", "-ftemplate-depth=400", "-DONLINE_JUDGE"]
_NEWEST = "20"
# A program of an older standard that a newer one refuses; what GCC then says.
_NEWER_REFUSES = re.compile(r"is ambiguous|char8_t|C\+\+20|rewritten|deleted function")
_OLDER = "17"
_MAIN = re.compile(r"\bmain\s{0,40}\([^)]{0,300}\)\s{0,40}\{")
# The header of all headers, which contest programs include, compiled once. Programs that do not
# include it are not given it: its names would change which function a call means.
_HEADER = "first/bits/stdc++.h"
# For programs that name Boost where it is not installed: its `any` is the standard one.
_BOOST_ANY = """#pragma once
#include <any>
namespace boost {
struct any : std::any {
    using std::any::any;
    bool empty() const { return !has_value(); }
};
using std::any_cast;
using std::bad_any_cast;
}
"""
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
    programs = {"compiler": path}
    if any(Path("/usr").glob("lib*/*-linux-gnu*/libcrypto.so")):
        programs["crypto"] = "libcrypto.so"
    return Toolchain(programs, readable=readable)


def append_c_tests(source: str, tests: Sequence[str], mark: str, done: str) -> str:
    """A program and its tests in one source; the end of `main` tells that all held."""
    joined = f"{source}\n{done.replace('MARK', mark)}\n" + "\n".join(tests)
    found = list(_MAIN.finditer(joined))
    with_end = insert_at_end_of(joined, found[-1].end() - 1, "rlvr_done();") if found else None
    return with_end or f"{joined}\nint main() {{\n    rlvr_done();\n}}\n"


def _compile(tools: Toolchain, standard: str) -> list[list[str]]:
    options = ["-ISHARED/first", "-idirafter", "SHARED", "main.cpp"]
    # Linked only where a program uses it; two of HumanEval's tests do.
    crypto = ["-Wl,--as-needed", "-lcrypto"] if "crypto" in tools.programs else []
    flags = [*_FLAGS, f"-std=gnu++{standard}"]
    return [[tools.programs["compiler"], *flags, *options, "-o", "program", *crypto]]


def _prepare(tools: Toolchain, standard: str) -> list[list[str]]:
    flags = [*_FLAGS, f"-std=gnu++{standard}"]
    return [[tools.programs["compiler"], *flags, "-x", "c++-header", _HEADER]]


CPP = Language(
    name="cpp",
    aliases=frozenset({"c++", "cxx", "cc", "g++"}),
    file_name="main.cpp",
    find=lambda: find_gcc("g++"),
    shared_files={_HEADER: "#include_next <bits/stdc++.h>\n", "boost/any.hpp": _BOOST_ANY},
    prepare=lambda tools: _prepare(tools, _NEWEST),
    compile=lambda tools, _: _compile(tools, _NEWEST),
    retry=lambda tools, said: _compile(tools, _OLDER) if _NEWER_REFUSES.search(said) else [],
    run=lambda _tools, _limits: ["FOLDER/program"],
    append_tests=lambda source, tests, mark: append_c_tests(source, tests, mark, _DONE),
    remote=REMOTE,
    missing="install g++ (Debian: apt-get install g++)",
)


@lru_cache(maxsize=8)
def cpp_standard(standard: str) -> Language:
    """C++ of one standard, such as 17; no other is tried."""
    if standard == _NEWEST:
        return CPP
    return replace(
        CPP,
        name=f"cpp{standard}",
        aliases=frozenset({f"c++{standard}"}),
        prepare=lambda tools: _prepare(tools, standard),
        compile=lambda tools, _: _compile(tools, standard),
        retry=lambda _, __: [],
    )
