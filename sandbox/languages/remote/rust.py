"""Rust: signatures stand in the program; the judge is compiled against stubs of its functions.

Not covered: generic functions, and types of the program's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.languages.language import Remote
from sandbox.languages.remote.parts import part
from sandbox.languages.remote.rust_enums import Enum, find_enum
from sandbox.languages.remote.trusted_names import of_program

_CALL = re.compile(r"(?<![\w.!])([a-z_]\w*)\s{0,8}\(")
_VALUE = re.compile(r"=\s{0,8}([a-z_]\w*)\s{0,8};")  # `let candidate = f;`
_SIGNATURE = (
    r"\bfn\s{{1,20}}{name}\s{{0,8}}(?:<\s{{0,8}}'[^>(]{{0,40}}>)?\s{{0,8}}\(([^{{;]{{0,600}}?)\)"
    r"\s{{0,20}}(?:->\s{{0,20}}([^{{;]{{1,300}}?))?\s{{0,40}}\{{"
)
_TYPE = re.compile(r"[\w:<>,&'\[\]; ()]{1,400}", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_LIFETIME = re.compile(r"'[a-z_]+\s?")
# What a type in a stub may be made of. It stands in the program: nothing else gets in.
_TYPE_WORDS = frozenset(
    f"{letter}{size}" for letter in "iu" for size in ("8", "16", "32", "64", "128", "size")
) | frozenset(
    [
        *("f32", "f64", "bool", "char", "String", "str", "Vec", "Option", "Result", "Box", "std"),
        *("HashMap", "HashSet", "BTreeMap", "BTreeSet", "VecDeque", "collections", "string", "vec"),
        *("option", "mut", "dyn", "Any"),
    ]
)
_MAIN = re.compile(r"\bfn\s{1,20}main\s{0,8}\(")
_TEST = re.compile(
    r"#\[test\]\s{0,40}(?:(?:#\[[^\]\n]{0,200}\]|//[^\n]*)\s{0,40}){0,8}(?:pub\s{1,8})?"
    r"fn\s{1,20}(\w+)\s{0,8}\(\s{0,8}\)"
)
_MODULE = re.compile(r"#\[cfg\(test\)\]\s{0,40}(?:pub\s{1,8})?mod\s{1,20}(\w+)")
_MAIN_RENAMED = "fn rlvr_own_main("
_USES = """#![allow(unused_imports, dead_code, unused_variables, unused_mut)]
use std::collections::*;
use std::any::{Any, TypeId};
use rand::Rng;
use regex::Regex;
"""
_SERVE = """
fn main() {
    use rlvr_line::{Get, Put};
    while let Some(body) = rlvr_line::receive() {
        let reply = std::panic::catch_unwind(move || -> Option<Vec<u8>> {
            let mut from = rlvr_line::Reader { rest: &body };
            let name = String::get(&mut from)?;
            let mut out = vec![b'A'];
            match name.as_str() {
                CALLS
                _ => return None,
            }
            Some(out)
        });
        rlvr_line::send(&reply.ok().flatten().unwrap_or_else(|| vec![b'E']));
    }
}
"""
_END = """
fn main() {
    CALLS
    if !rlvr_line::ASKED.load(std::sync::atomic::Ordering::SeqCst) {
        eprintln!("UNUSED");
        std::process::exit(3);
    }
}
"""


@dataclass(frozen=True)
class _Function:
    name: str
    taken: tuple[str, ...]
    result: str


def _functions(source: str, tests: str) -> list[_Function]:
    """Functions of the program that the tests name and do not define."""
    found = []
    matches: dict[str, re.Match[str]] = {}
    for name in dict.fromkeys([*_CALL.findall(tests), *_VALUE.findall(tests)]):
        signature = re.compile(_SIGNATURE.format(name=name))
        match = signature.search(source)
        if match is not None and not signature.search(tests) and name != "main":
            matches[name] = match
    for name in of_program([*matches], tests, frozenset().__contains__):
        match = matches[name]
        taken = tuple(_plain(each.partition(":")[2]) for each in _split(match.group(1)))
        found.append(_Function(name, taken, _plain(match.group(2) or "()")))
    return found


def _split(text: str) -> list[str]:
    """Parameters: parts between commas that stand in no brackets."""
    parts, depth = [""], 0
    for mark in text:
        depth += (mark in "<([") - (mark in ">)]")
        if mark == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += mark
    return [part for part in parts if part.strip()]


def _plain(kind: str) -> str:
    return " ".join(_LIFETIME.sub("", kind.replace("'static", "")).split())


def _require_known(functions: Sequence[_Function], source: str) -> list[Enum]:
    """The program's enums among the types of these functions; any other type must be known."""
    enums: dict[str, Enum] = {}
    for function in functions:
        for kind in (*function.taken, function.result):
            for word in {*_WORD.findall(kind)} - _TYPE_WORDS - enums.keys():
                if (made := find_enum(word, source, _TYPE_WORDS)) is not None:
                    enums[word] = made
            known = _TYPE_WORDS | enums.keys()
            if not _TYPE.fullmatch(kind) or not {*_WORD.findall(kind)} <= known:
                raise ValueError(
                    f"{function.name} takes or returns what a judge cannot hold: {kind[:80]}"
                )
    return list(enums.values())


def _owned(kind: str) -> tuple[str, str]:
    """What a parameter is kept as, and how it is passed: `String` and `&` for `&str`."""
    passed = ""
    if kind.startswith("&mut "):
        kind, passed = kind[5:], "&mut "
    elif kind.startswith("&"):
        kind, passed = kind[1:].strip(), "&"
    if kind == "dyn Any":
        return "Box<dyn Any>", "&*"
    if kind == "str":
        kind = "String"
    elif kind.startswith("["):
        kind = f"Vec<{kind[1:-1]}>" if ";" not in kind else kind
    return kind.replace("&str", "&'static str"), passed


def _program(source: str, tests: Sequence[str]) -> str:
    functions = _functions(source, "\n".join(tests))
    enums = _require_known(functions, source)
    arms = []
    for function in functions:
        kept = [_owned(kind) for kind in function.taken]
        lines = [
            f"let mut a{n}: {kind} = Get::get(&mut from)?;" for n, (kind, _) in enumerate(kept)
        ]
        given = ", ".join(f"{how}a{n}" for n, (_, how) in enumerate(kept))
        back = [f"a{n}.put(&mut out);" for n, (_, how) in enumerate(kept) if how == "&mut "]
        lines += [f"let result = {function.name}({given});", "result.put(&mut out);", *back]
        arms.append(f'"{function.name}" => {{ {" ".join(lines)} }}')
    plain = _MAIN.sub(_MAIN_RENAMED, source)
    if "\n".join(tests).lstrip().startswith("}"):
        plain += "}" * max(0, plain.count("{") - plain.count("}"))
    end = _SERVE.replace("CALLS", "\n".join(arms))
    codecs = "".join(made.codec() for made in enums)
    return f"{plain}\n{part('line.rs')}\n{codecs}{end}"


def _judge(tests: Sequence[str], program: str) -> str:
    text = "\n".join(tests)
    if text.lstrip().startswith("}"):  # MultiPL-E: the brace that ends a program without it
        text = text.lstrip()[1:]
    functions = _functions(program, text)
    enums = _require_known(functions, program)
    stubs = [f"{made.source()}\n{made.codec()}" for made in enums]
    for function in functions:
        parameters = ", ".join(f"a{n}: {kind}" for n, kind in enumerate(function.taken))
        puts = " ".join(f"a{n}.put(&mut body);" for n in range(len(function.taken)))
        backs = " ".join(
            f'*a{n} = Get::get(&mut from).unwrap_or_else(|| rlvr_line::give_up("no answer"));'
            if not kind.startswith("&mut [")
            else f"let now: Vec<{kind[6:-1]}> = Get::get(&mut from).unwrap_or_else(|| "
            f'rlvr_line::give_up("no answer")); if now.len() == a{n}.len() {{ '
            f"for (place, each) in now.into_iter().enumerate() {{ a{n}[place] = each; }} }}"
            for n, kind in enumerate(function.taken)
            if kind.startswith("&mut ")
        )
        result = function.result.replace("&str", "&'static str")
        stubs.append(
            f"pub fn {function.name}({parameters}) -> {result} {{ use rlvr_line::{{Get, Put}}; "
            f'let mut body = Vec::new(); {puts} let reply = rlvr_line::ask("{function.name}", '
            f"&body); let mut from = rlvr_line::Reader {{ rest: &reply }}; "
            f"let result: {result} = Get::get(&mut from).unwrap_or_else(|| "
            f'rlvr_line::give_up("no answer")); {backs} result }}'
        )
    module = _MODULE.search(text)
    prefix = f"{module.group(1)}::" if module else ""
    calls = [f"{prefix}{name}();" for name in _TEST.findall(text)]
    text = _TEST.sub(r"pub fn \1()", text)
    text = _MODULE.sub(r"mod \1", text)
    if _MAIN.search(text):
        calls.append("rlvr_own_main();")
        text = _MAIN.sub(_MAIN_RENAMED, text)
    end = _END.replace("CALLS", "\n".join(calls))
    return "\n".join([_USES, *stubs, text, part("line.rs"), end])


REMOTE = Remote(program=_program, judge=_judge, reads_program=True)
