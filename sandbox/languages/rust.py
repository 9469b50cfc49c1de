"""Rust with rustc.

Not covered: crates, other than small stand-ins for the three that HumanEval's Rust edition names
(`rand`, `md5`, `regex`).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from sandbox.languages.language import (
    SYSTEM_FILES,
    SYSTEM_FOLDERS,
    Language,
    Toolchain,
    find_program,
)
from sandbox.languages.remote.rust import REMOTE

_LLD_BY_DEFAULT = (1, 90)
_CRATES = ("rand", "md5", "regex")
_EDITION, _OLDEST = "--edition=2021", "--edition=2015"
# What only an older edition takes: trait objects without `dyn`, `try!`, `async` as a name.
_OF_AN_EDITION = re.compile(
    r"E0782|edition|reserved keyword|`dyn`|found keyword `(?:async|await|dyn|try)`"
)
_FLAGS = ["-Awarnings", "-Copt-level=1", "-Ccodegen-units=1", "-Cdebuginfo=0"]
_EMPTY_MAIN = re.compile(r"^\s*fn\s+main\s*\(\s*\)\s*\{\s*\}", re.MULTILINE)
_TEST = re.compile(r"#\[test\]\s*(?:(?:#\[[^\]]*\]|//[^\n]*)\s*)*(?:pub\s+)?fn\s+(\w+)\s*\(\s*\)")
_MODULE = re.compile(r"#\[cfg\(test\)\]\s*(?:pub\s+)?mod\s+(\w+)")
_DONE = """
fn main() {
    CALLS
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::stdin(), &mut text).unwrap();
    print!("MARK{}", text);
}
"""


@lru_cache(maxsize=1)
def _find() -> Toolchain | None:
    found = shutil.which("rustc")  # unresolved: rustup's goes by the name it is called by
    if found is None or find_program("cc") is None:
        return None
    # With rustup the program on the path only picks the real one.
    root = _asked(found, "--print", "sysroot")
    compiler = str(Path(root) / "bin" / "rustc")
    if not root or not Path(compiler).exists():
        return None
    linkers = tuple(p for p in (find_program(n) for n in ("cc", "ld", "as")) if p)
    links = ("/usr/bin/cc", "/usr/bin/ld", "/usr/bin/as", "/usr/bin/gcc")
    readable = (*SYSTEM_FOLDERS, *SYSTEM_FILES, root, *linkers, *links)
    # The compiler finds its libraries through /proc, which is not there.
    environment = {"LD_LIBRARY_PATH": f"{root}/lib"}
    programs = {"compiler": compiler}
    if (Path(root) / "lib" / "rustlib").exists() and _version(compiler) >= _LLD_BY_DEFAULT:
        programs["no_lld"] = "-Clinker-features=-lld"  # its wrapper needs /proc too
    return Toolchain(programs, readable=readable, environment=environment)


def _version(compiler: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)", _asked(compiler, "--version"))
    return tuple(map(int, found.groups())) if found else (0, 0)


def _asked(program: str, *options: str) -> str:
    done = subprocess.run(  # noqa: S603 - a compiler found on the path
        [program, *options], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _append_tests(source: str, tests: Sequence[str], mark: str) -> str:
    joined = _EMPTY_MAIN.sub("", source) + "\n" + "\n".join(_EMPTY_MAIN.sub("", t) for t in tests)
    module = _MODULE.search(joined)
    prefix = f"{module.group(1)}::" if module else ""
    calls = "".join(f"{prefix}{name}();\n" for name in _TEST.findall(joined))
    if not calls:
        return joined
    joined = _TEST.sub(r"pub fn \1()", joined)
    joined = _MODULE.sub(r"mod \1", joined)
    return joined + _DONE.replace("CALLS", calls).replace("MARK", mark)


def _crate(name: str) -> str:
    return (Path(__file__).with_name("crates") / f"{name}.rs").read_text(encoding="utf-8")


def _prepare(tools: Toolchain) -> list[list[str]]:
    return [
        [
            *(
                tools.programs["compiler"],
                _EDITION,
                *_FLAGS,
                "--crate-type=rlib",
                f"--crate-name={name}",
            ),
            *(f"{name}.rs", "-o", f"lib{name}.rlib"),
        ]
        for name in _CRATES
    ]


def _compile(tools: Toolchain, edition: str) -> list[list[str]]:
    crates = [part for name in _CRATES for part in ("--extern", f"{name}=SHARED/lib{name}.rlib")]
    linker = [tools.programs["no_lld"]] if "no_lld" in tools.programs else []
    flags = [edition, *_FLAGS, *linker, *crates]
    return [[tools.programs["compiler"], *flags, "main.rs", "-o", "program"]]


RUST = Language(
    name="rust",
    aliases=frozenset({"rs"}),
    file_name="main.rs",
    find=_find,
    shared_files={f"{name}.rs": _crate(name) for name in _CRATES},
    prepare=_prepare,
    compile=lambda tools, _: _compile(tools, _EDITION),
    retry=lambda tools, said: _compile(tools, _OLDEST) if _OF_AN_EDITION.search(said) else [],
    run=lambda _tools, _limits: ["FOLDER/program"],
    append_tests=_append_tests,
    remote=REMOTE,
    missing="install Rust (Debian: apt-get install rustc)",
)
