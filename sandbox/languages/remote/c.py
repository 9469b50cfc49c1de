"""C: signatures stand in the program; the judge is compiled against stubs of its functions.

Pointers lead to arrays, texts or arrays of texts, which go there and come back. An array is as long
as the compiler of the tests sees that it is, or as the number that follows it says; where neither
does, a test cannot be judged, which is said.

Not covered: structures, pointers to functions, to void and to pointers other than texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.languages.language import Remote
from sandbox.languages.remote.parts import part
from sandbox.languages.remote.trusted_names import C_NAMES, of_program

_NO_CODE = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL
)
_CALL = re.compile(r"(?<![\w.>])([A-Za-z_]\w*)\s{0,8}\(")
_VALUE = re.compile(r"=\s{0,8}&?([A-Za-z_]\w*)\s{0,8}[;,]")  # `int (*candidate)(int) = f;`
_DEFINED = (
    r"(?<![\w*])((?:[A-Za-z_]\w*(?=[\s*])\s{{0,8}}|\*\s{{0,8}}){{1,8}}){name}"
    r"\s{{0,8}}\(([^(){{}};]{{0,600}})\)\s{{0,40}}\{{"
)
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SIZED = re.compile(r"\[[^\[\]]{0,40}\]")
_NUMBERS = frozenset(
    [
        *("char", "short", "int", "long", "signed", "unsigned", "size_t", "ssize_t", "ptrdiff_t"),
        *(f"{sign}int{size}_t" for sign in ("", "u") for size in ("8", "16", "32", "64")),
    ]
)
_OTHERS = frozenset({"float", "double", "bool", "_Bool"})
_ASIDE = frozenset({"const", "static", "inline", "extern", "register", "restrict", "volatile"})
_KEYWORDS = frozenset({"return", "else", "if", "while", "for", "switch", "main"})
_LOCAL_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*\"[^\"\n]*\"[^\n]*$", re.MULTILINE)
_TABLE = re.compile(r"\]\s{0,8}\[|\bstruct\b|\bunion\b")
_MAIN = re.compile(r"\bmain\s{0,8}\(")
_TEST = re.compile(
    r"^[ \t]*(?:static[ \t]+)?void[ \t]+(test\w*)[ \t]*\([ \t]*(?:void)?[ \t]*\)\s{0,40}\{",
    re.MULTILINE | re.IGNORECASE,
)
_HEADERS = "".join(
    f"#include <{name}.h>\n"
    for name in (
        *("assert", "ctype", "errno", "float", "inttypes", "limits", "math", "stdbool", "stddef"),
        *("stdint", "stdio", "stdlib", "string", "time"),
    )
)
_UNSAID = "RLVR_UNSAID"  # of a returned array, whose length nothing tells
_FUNCTIONS_MAX = 50


@dataclass(frozen=True)
class _Kind:
    """A type: what it is made of, how many pointers lead to it, whether it may be changed."""

    base: str
    depth: int
    is_fixed: bool

    @property
    def is_text(self) -> bool:
        return self.depth > 0 and self.base == "char"

    @property
    def is_count(self) -> bool:
        return self.depth == 0 and {*self.base.split()} <= _NUMBERS

    def __str__(self) -> str:
        return f"{self.base} {'*' * self.depth}".strip()

    @property
    def declared(self) -> str:
        """As the stub takes it: what may not be changed stays so."""
        return f"const {self}" if self.is_fixed and self.depth else str(self)


@dataclass(frozen=True)
class _Function:
    name: str
    taken: tuple[_Kind, ...]
    result: _Kind


def _functions(source: str, tests: str) -> list[_Function]:
    """Functions of the program that the tests name and do not define.

    Raises:
        ValueError: one takes or returns what cannot be sent.
    """
    plain, told = _NO_CODE.sub("''", source), _NO_CODE.sub("''", tests)
    found: dict[str, re.Match[str]] = {}
    for name in dict.fromkeys([*_CALL.findall(told), *_VALUE.findall(told)]):
        signature = re.compile(_DEFINED.format(name=name))
        match = None if name in _KEYWORDS else signature.search(plain)
        if match is None or {*_WORD.findall(match.group(1))} & _KEYWORDS:
            continue
        if not signature.search(told) and len(found) < _FUNCTIONS_MAX:
            found[name] = match
    return [
        _function(name, found[name].group(1), found[name].group(2))
        for name in of_program([*found], told, C_NAMES.__contains__)
    ]


def _function(name: str, result: str, taken: str) -> _Function:
    parts = [part for part in taken.split(",") if part.strip()]
    if [part.strip() for part in parts] == ["void"]:
        parts = []
    kinds = tuple(_kind(part, name) for part in parts)
    return _Function(name, kinds, _kind(result, name, is_result=True))


def _kind(text: str, function: str, *, is_result: bool = False) -> _Kind:
    depth = text.count("*") + len(_SIZED.findall(text))
    all_words = _WORD.findall(_SIZED.sub(" ", text))
    words = [word for word in all_words if word not in _ASIDE]
    known = _NUMBERS | _OTHERS
    if not is_result and len(words) > 1 and words[-1] not in known:
        words.pop()  # the parameter's name
    base = " ".join(words)
    is_void = is_result and base == "void" and depth == 0
    holds = bool(words) and {*words} <= known and depth <= (2 if base == "char" else 1)
    if not is_void and (not holds or (is_result and depth > 1)):
        raise ValueError(
            f"{function} takes or returns what a judge cannot hold: {text.strip()[:80]}"
        )
    # Of `const char **words` the pointers may change, and the texts may not.
    return _Kind(base, depth, "const" in all_words and depth == 1)


def _program(source: str, tests: Sequence[str]) -> str:
    told = "\n".join(tests)
    if told.lstrip().startswith("}"):
        source += "}" * max(0, source.count("{") - source.count("}"))
    functions = _functions(source, told)
    calls = "\n".join(
        f'if (!__builtin_strcmp(rlvr_name, "{function.name}")) '
        f"{{ rlvr_answer_{n}(&rlvr_in, &rlvr_out); continue; }}"
        for n, function in enumerate(functions)
    )
    answers = "\n".join(_answer(n, function) for n, function in enumerate(functions))
    end = part("program.c").replace("ANSWERS", answers).replace("CALLS", calls)
    return f"#define main rlvr_program_main\n{source}\n#undef main\n{part('line.c')}{end}"


def _answer(number: int, function: _Function) -> str:
    """What answers a call of one function: what it takes is read, what comes of it is put."""
    lines, back = [], []
    for n, kind in enumerate(function.taken):
        given, size = f"rlvr_a{n}", f"rlvr_c{n}"
        if kind.depth == 0:
            lines.append(f"{kind} {given}; rlvr_get_value(rlvr_in, &{given}, sizeof {given});")
            continue
        read = "texts" if kind.depth == 2 else "block"
        lines.append(f"size_t {size}; {kind} {given} = ({kind})rlvr_get_{read}(rlvr_in, &{size});")
        if not kind.is_fixed:
            back.append(f"rlvr_put_{read}(rlvr_out, {given}, {size});")
    lines.append("if (rlvr_in->broken) rlvr_exit(1);")
    call = f"{function.name}({', '.join(f'rlvr_a{n}' for n in range(len(function.taken)))})"
    if str(function.result) == "void":
        lines.append(f"{call};")
    elif function.result.depth == 0:
        lines.append(
            f"{function.result} rlvr_result = {call}; "
            "rlvr_put(rlvr_out, &rlvr_result, sizeof rlvr_result);"
        )
    else:
        blocks = [n for n, kind in enumerate(function.taken) if kind.depth == 1]
        each = ", ".join(f"{{(char *)rlvr_a{n}, rlvr_c{n}}}" for n in blocks) or "{0, 0}"
        most = "0" if function.result.is_text else _UNSAID
        lines += [
            f"const void *rlvr_result = {call}; rlvr_given rlvr_places[] = {{{each}}};",
            f"rlvr_put_result(rlvr_out, rlvr_result, {most}, rlvr_places, {len(blocks)});",
        ]
    lines += [*back, "rlvr_send(rlvr_out); rlvr_free(rlvr_out->data);"]
    taken = "rlvr_bytes *rlvr_in, rlvr_bytes *rlvr_out"
    return f"static void rlvr_answer_{number}({taken}) {{ {' '.join(lines)} }}"


def _stub(function: _Function) -> str:
    """What stands for one function among the tests."""
    parameters = ", ".join(f"{kind.declared} a{n}" for n, kind in enumerate(function.taken))
    lines = [f'rlvr_bytes body = {{0}}; rlvr_name(&body, "{function.name}");']
    back = []
    for n, kind in enumerate(function.taken):
        if kind.depth == 0:
            lines.append(f"rlvr_put(&body, &a{n}, sizeof a{n});")
            continue
        whole, part = (f"__builtin_dynamic_object_size(a{n}, {mode})" for mode in (0, 1))
        after = function.taken[n + 1] if n + 1 < len(function.taken) else None
        follows = f"(long long)a{n + 1}" if after is not None and after.is_count else "-1"
        if kind.is_text and kind.depth == 1:
            size, how = f"rlvr_text_size(a{n}, {whole}, {part})", "block"
        elif kind.depth == 2:
            # Texts end where the number says, or with the array.
            size = f"rlvr_size(a{n}, {whole}, {part}, {follows}, sizeof *a{n}) / sizeof *a{n}"
            how = "texts"
        else:
            size = f"rlvr_size(a{n}, {whole}, {part}, {follows}, sizeof *a{n})"
            how = "block"
        cast = "(char **)" if how == "texts" else ""
        lines.append(f"size_t c{n} = {size}; rlvr_put_{how}(&body, {cast}a{n}, c{n});")
        if not kind.is_fixed:
            got = "rlvr_got_texts_back" if how == "texts" else "rlvr_got_back"
            back.append(f"{got}(&body, {cast}a{n}, c{n});")
    lines.append("rlvr_ask(&body);")
    returned = ""
    if function.result.depth:
        blocks = [n for n, kind in enumerate(function.taken) if kind.depth == 1]
        given = ", ".join(f"(void *)a{n}" for n in blocks) or "0"
        sizes = ", ".join(f"c{n}" for n in blocks) or "0"
        lines.append(
            f"void *given[] = {{{given}}}; const size_t sizes[] = {{{sizes}}};"
            f" {function.result} result = rlvr_result(&body, given, sizes, {len(blocks)});"
        )
        returned = "return result;"
    elif str(function.result) != "void":
        lines.append(f"{function.result} result; rlvr_get_value(&body, &result, sizeof result);")
        returned = "return result;"
    lines += [*back, 'if (body.broken) rlvr_give_up("no answer"); rlvr_free(body.data);', returned]
    name = f"rlvr_stub_{function.name}"
    return f"RLVR_INLINE {function.result} {name}({parameters or 'void'}) {{ {' '.join(lines)} }}"


def _judge(tests: Sequence[str], program: str) -> str:
    text = _LOCAL_INCLUDE.sub("", "\n".join(tests))
    functions = _functions(program, text)
    if text.lstrip().startswith("}"):  # the brace that ends a program without it
        text = text.lstrip()[1:]
    plain = _NO_CODE.sub("''", text)
    if not _MAIN.search(plain):
        calls = [f"{name}();" for name in _TEST.findall(text)]
        whole = "\n".join(calls)
        text = (
            f"{text}\nint main(void) {{ {whole} }}" if calls else f"int main(void) {{\n{text}\n}}"
        )
    strict = "\n".join(
        f'#pragma GCC diagnostic error "-W{name}"'
        for name in ("incompatible-pointer-types", "int-conversion", "discarded-qualifiers")
    )
    return "\n".join(
        [
            f"{_HEADERS}#define RLVR_STRICT {int(bool(_TABLE.search(plain)))}",
            f"{part('line.c')}{part('judge.c')}",
            *(_stub(function) for function in functions),
            *(f"#define {function.name} rlvr_stub_{function.name}" for function in functions),
            f"{strict}\n#undef NDEBUG\n#include <assert.h>\n{text}",
        ]
    )


REMOTE = Remote(program=_program, judge=_judge, reads_program=True)
