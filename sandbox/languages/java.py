"""Java with a JDK: compiled to a folder, run with the serial collector.

Not covered: build files; one source file, whose class `Main`, or the first with a `main` method,
runs, whatever its package and visibility.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sandbox.languages.java_classes import main_class
from sandbox.languages.language import (
    SYSTEM_FILES,
    SYSTEM_FOLDERS,
    Language,
    Toolchain,
    find_program,
    insert_at_end_of,
)
from sandbox.languages.remote.java import REMOTE
from sandbox.limits import Limits

_MAIN = re.compile(r"\bstatic\s{1,40}void\s{1,40}main\s{0,40}\([^)]{0,300}\)[^{;]{0,300}\{")
_PUBLIC_CLASS = re.compile(
    r"((?:^|;|\})[ \t]*(?:(?:final|abstract|sealed|strictfp)\s{1,40}){0,3})public\s{1,40}"
    r"((?:(?:final|abstract|sealed|strictfp)\s{1,40}){0,3}(?:class|interface|enum|record)\s)",
    re.MULTILINE,
)
_DONE = (
    'try { System.out.print("MARK"); System.out.write(System.in.readAllBytes()); '
    "System.out.flush(); } catch (java.io.IOException e) { throw new RuntimeException(e); }"
)
_PACKAGE = re.compile(r"^[ \t]*package[ \t]+[\w.]+[ \t]*;", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+[^;\n]+;", re.MULTILINE)


def _find() -> Toolchain | None:
    compiler, runtime = find_program("javac"), find_program("java")
    if compiler is None or runtime is None:
        return None
    home = str(Path(runtime).parents[1])
    readable = (*SYSTEM_FOLDERS, *SYSTEM_FILES, home, "/etc/java-17-openjdk", "/usr/share/java")
    programs = {"compiler": compiler, "runtime": runtime}
    # The launcher of Java finds its libraries through /proc, which is not there.
    libraries = f"{home}/lib:{home}/lib/server"
    environment = {"JAVA_HOME": home, "LD_LIBRARY_PATH": libraries}
    return Toolchain(programs, readable, readable, environment)


def _append_tests(source: str, tests: Sequence[str], mark: str) -> str:
    joined = source + "\n" + "\n".join(tests)
    # Imports of the tests must stand before the first class.
    imports = _IMPORT.findall(joined)
    body = _IMPORT.sub("", joined)
    found = list(_MAIN.finditer(body))
    done = _DONE.replace("MARK", mark)
    with_end = insert_at_end_of(body, found[-1].end() - 1, done) if found else None
    return "\n".join(part.strip() for part in imports) + "\n" + (with_end or body)


def _compile(tools: Toolchain, limits: Limits) -> list[list[str]]:
    memory = f"-J-Xmx{max(64, limits.compile_memory_mb // 4)}m"
    options = ["-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1", "-J-Xshare:auto", memory]
    options += ["-J-XX:-UsePerfData", "-nowarn", "-proc:none", "-Xmaxerrs", "3", "-d", "."]
    return [[tools.programs["compiler"], *options, "Main.java"]]


def _run_tests(tools: Toolchain, limits: Limits) -> list[str]:
    runtime, *options = _run(tools, limits)
    return [runtime, "-ea", *options]


def _run(tools: Toolchain, limits: Limits) -> list[str]:
    heap = max(16, limits.memory_mb * 3 // 4)
    options = [f"-Xmx{heap}m", "-Xss16m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    options += ["-XX:-UsePerfData", "-Xshare:auto", "-XX:CICompilerCount=1", "-cp", "FOLDER"]
    options += ["--add-opens", "java.base/java.io=ALL-UNNAMED"]  # a descriptor by its number
    return [tools.programs["runtime"], *options, "ENTRY"]


def own_file(source: str) -> str:
    """The source so that `Main.java` may hold it: only `Main` may stay public."""
    return _PUBLIC_CLASS.sub(r"\1\2", _PACKAGE.sub("", source, count=1))


JAVA = Language(
    name="java",
    file_name="Main.java",
    find=_find,
    compile=_compile,
    run=_run,
    run_tests=_run_tests,
    remote=REMOTE,
    main_of=main_class,
    append_tests=_append_tests,
    adapt=own_file,
    counts_data=True,
    extra_memory_mb=768,
    missing="install a JDK (Debian: apt-get install default-jdk-headless)",
)
