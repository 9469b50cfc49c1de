"""C with GCC.

Not covered: other compilers, libraries beyond the standard one and libm.
"""

from __future__ import annotations

from sandbox.languages.cpp import append_c_tests, find_gcc
from sandbox.languages.language import Language
from sandbox.languages.remote.c import REMOTE

_FLAGS = ["-O2", "-std=gnu17", "-w", "-fmax-errors=3", "-DONLINE_JUDGE"]
_DONE = """
#include <stdio.h>
static void rlvr_done(void) {
    char text[128];
    fputs("MARK", stdout);
    while (fgets(text, sizeof text, stdin)) fputs(text, stdout);
    fflush(stdout);
}
"""

C = Language(
    name="c",
    aliases=frozenset({"gcc"}),
    file_name="main.c",
    find=lambda: find_gcc("gcc"),
    compile=lambda tools, _: [
        [tools.programs["compiler"], *_FLAGS, "main.c", "-o", "program", "-lm"]
    ],
    run=lambda _tools, _limits: ["FOLDER/program"],
    append_tests=lambda source, tests, mark: append_c_tests(source, tests, mark, _DONE),
    remote=REMOTE,
    missing="install gcc (Debian: apt-get install gcc)",
)
