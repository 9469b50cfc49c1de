"""What the sandbox must know of a language: how to find, compile and run it, how to append tests.

Not covered: unforgeable tests appended to a program, which only a caller's own word allows. They
run in its process, so a program written against this very harness could forge them; leaving early,
exit codes and changed globals do not help it. All others are judged outside in every language.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.limits import Limits

SYSTEM_FOLDERS = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/libexec")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives")


@dataclass(frozen=True)
class Toolchain:
    """A language's tools on this machine.

    Attributes:
        programs: each tool by its role (`compiler`, `runtime`), as a path.
        readable: folders and files that compiling needs.
        needed_to_run: folders and files that running needs.
        environment: variables beyond `PATH`.
    """

    programs: Mapping[str, str]
    readable: tuple[str, ...] = SYSTEM_FOLDERS
    needed_to_run: tuple[str, ...] = SYSTEM_FOLDERS
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Remote:
    """How a language's asserts run outside of the program's process.

    Attributes:
        program: the program and the tests: the program's source with what answers the judge.
        judge: the tests, and what the program said of its functions: the judge's source.
        describes: the program says first what its functions take and return.
        reads_program: instead, the judge is made from the program's source.
        entry, judge_entry: what of the sources is started, where the language asks.
    """

    program: Callable[[str, Sequence[str]], str]
    judge: Callable[[Sequence[str], str], str]
    describes: bool = False
    reads_program: bool = False
    entry: str = ""
    judge_entry: str = ""


Appender = Callable[[str, Sequence[str], str], str]


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language.

    Attributes:
        name: what callers call it.
        aliases: other names, as fences in Markdown bear them.
        file_name: what a source file must be called.
        find: its toolchain on this machine, or `None`.
        prepare: commands that make something every compilation shares (a precompiled header).
        compile: commands that make a program of a source, or check its syntax.
        run: the command that runs it.
        remote: how asserts are judged outside of the program's process.
        run_tests: the command where tests are appended, if that is another one.
        retry: what the compiler said of a program that it refused: other commands to try, such as
            an older edition of the language, or none.
        main_of: what stands for ENTRY in `run`, by the source: the class that has `main`.
        files: what lies beside every program, by name.
        append_tests: program, tests and a mark: a source that prints the mark and what it read
            from stdin once every test held.
        adapt: a source as the compiler wants it.
        shared_files: what `prepare` works on, by name.
        counts_data: whether its memory is counted as private writable data, not address space.
        extra_memory_mb: what its runtime takes beyond the program's own heap.
        missing: what to install when there is no toolchain.
    """

    name: str
    aliases: frozenset[str] = frozenset()
    file_name: str
    find: Callable[[], Toolchain | None]
    compile: Callable[[Toolchain, Limits], list[list[str]]]
    run: Callable[[Toolchain, Limits], list[str]]
    append_tests: Appender
    prepare: Callable[[Toolchain], list[list[str]]] = lambda _: []
    run_tests: Callable[[Toolchain, Limits], list[str]] | None = None
    remote: Remote
    retry: Callable[[Toolchain, str], list[list[str]]] = lambda _, __: []
    main_of: Callable[[str], str] = lambda _: ""
    files: Mapping[str, str] = field(default_factory=dict)
    adapt: Callable[[str], str] = lambda source: source
    shared_files: Mapping[str, str] = field(default_factory=dict)
    counts_data: bool = False
    extra_memory_mb: int = 0
    missing: str = ""


def find_program(*names: str) -> str | None:
    """The first of these programs that is on the path, links resolved."""
    for name in names:
        found = shutil.which(name)
        if found:
            return str(Path(found).resolve())
    return None


def insert_at_end_of(source: str, opening: int, statement: str) -> str | None:
    r"""The source with a statement before the brace that closes the first one after `opening`.

    Strings, characters and comments of the C family are skipped.

    >>> insert_at_end_of("int main() { f(); }", 0, "g();")
    'int main() { f(); g();\n}'
    """
    depth = 0
    at = opening
    while at < len(source):
        mark = source[at]
        if source.startswith("//", at):
            at = source.find("\n", at)
            if at < 0:
                return None
        elif source.startswith("/*", at):
            at = source.find("*/", at) + 1
            if at < 1:
                return None
        elif mark in "\"'":
            at = _end_of_quote(source, at)
        elif mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth == 0:
                return f"{source[:at]}{statement}\n{source[at:]}"
        at += 1
    return None


def _end_of_quote(source: str, start: int) -> int:
    at = start + 1
    while at < len(source) and source[at] != source[start]:
        at += 2 if source[at] == "\\" else 1
    return at
