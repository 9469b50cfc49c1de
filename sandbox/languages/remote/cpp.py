"""C++: the compiler says what the program's functions are; the judge is compiled against stubs.

Not covered: tests that use classes of the program, or its overloaded and template functions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.languages.language import Remote
from sandbox.languages.remote.parts import part
from sandbox.languages.remote.trusted_names import CPP_NAMES, of_program


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What a type in a stub may be made of. It comes from the program's process: nothing else gets in.
_TYPE_WORDS = _words("""
    std __cxx11 vector list deque set multiset map unordered_map unordered_set pair tuple array
    optional any boost basic_string int long short unsigned signed char bool float double void const
""")
_TYPE = re.compile(r"[\w:<>,&* ]{1,400}", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_CALL = re.compile(r"(?<![\w.:>])([A-Za-z_]\w*)\s{0,8}\(")
_VALUE = re.compile(r"=\s{0,8}&?([A-Za-z_]\w*)\s{0,8};")  # `auto candidate = f;`
_DEFINED = r"[\w>&*\]]\s{{1,40}}[&*]{{0,2}}{name}\s{{0,8}}\([^;{{}}]{{0,600}}\{{"
_KEYWORDS = _words("""
    if for while switch return sizeof catch main assert defined alignof decltype typeid
""")
_STANDARD = _words("""
    abs fabs round floor ceil pow sqrt max min sort to_string size swap printf rand srand exit
    begin end make_pair make_tuple stoi string vector
""")
_NO_CODE = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL
)
_FUNCTIONS_MAX = 50


def _called(source: str, tests: Sequence[str]) -> list[str]:
    """Functions of the program that the tests name and do not define."""
    text = "\n".join(tests)
    named = [*_CALL.findall(text), *_VALUE.findall(text)]
    found: list[str] = []
    for name in dict.fromkeys(named):
        if name in _KEYWORDS or name in _STANDARD or len(found) >= _FUNCTIONS_MAX:
            continue
        definition = re.compile(_DEFINED.format(name=name))
        if definition.search(source) and not definition.search(text):
            found.append(name)
    return of_program(found, _NO_CODE.sub("''", text), CPP_NAMES.__contains__)


def _program(source: str, tests: Sequence[str]) -> str:
    if "\n".join(tests).lstrip().startswith("}"):  # MultiPL-E: the tests end the program
        source += "}" * max(0, source.count("{") - source.count("}"))
    names = _called(source, tests)
    end = part("program.hpp")
    described = "\n".join(f'rlvr_line::describe("{name}", &::{name});' for name in names)
    calls = "\n".join(
        f'if (name == "{name}") {{ rlvr_line::call(&::{name}, in, out); '
        "rlvr_line::send(out); continue; }"
        for name in names
    )
    end = end.replace("DESCRIBE", described).replace("CALLS", calls)
    boost = "#define RLVR_BOOST_ANY\n" if "boost/any" in source else ""
    return f"#define main rlvr_program_main\n{source}\n#undef main\n{boost}{part('line.hpp')}{end}"


def _judge(tests: Sequence[str], described: str) -> str:
    stubs = []
    uses_boost = "boost::any" in described
    for line in described.splitlines():
        name, *types = line.split("\t")
        if not re.fullmatch(r"[A-Za-z_]\w{0,100}", name, re.ASCII) or not types:
            raise ValueError("the program's functions cannot be told")
        for text in types:
            if not _TYPE.fullmatch(text) or not {*_WORD.findall(text)} <= _TYPE_WORDS:
                raise ValueError(f"{name} takes or returns what a judge cannot hold: {text[:80]}")
        result, *taken = types
        parameters = ", ".join(f"{text} a{n}" for n, text in enumerate(taken))
        given = "".join(f", a{n}" for n in range(len(taken)))
        kinds = ", ".join([result, *taken])
        stubs.append(
            f'{result} {name}({parameters}) {{ return rlvr_line::ask<{kinds}>("{name}"{given}); }}'
        )
    boost = "#include <boost/any.hpp>\n#define RLVR_BOOST_ANY\n" if uses_boost else ""
    aliases = "typedef std::list<boost::any> list_any;\n" if uses_boost else ""
    text = "\n".join(tests)
    if text.lstrip().startswith("}"):  # MultiPL-E: the brace that ends a program without it
        text = text.lstrip()[1:]
    return "\n".join(
        [
            f"#include <bits/stdc++.h>\n{boost}{part('line.hpp')}{part('judge.hpp')}",
            f"using namespace std;\n{aliases}",
            *stubs,
            f"#undef NDEBUG\n#include <cassert>\n{text}",
        ]
    )


REMOTE = Remote(program=_program, judge=_judge, describes=True)
