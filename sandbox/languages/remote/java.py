"""Java: reflection says what the program's classes can do; the judge is compiled against stubs.

Not covered: constructors with arguments, fields, generic methods, classes of the program as values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.languages.java_classes import main_class
from sandbox.languages.language import Remote
from sandbox.languages.remote.parts import part
from sandbox.languages.remote.trusted_names import is_of_java, of_program

_CLASS = re.compile(r"\b(?:class|record|interface|enum)\s{1,40}(\w+)")
_IMPORT = re.compile(r"^[ \t]*import[ \t]+[^;\n]+;", re.MULTILINE)
_PACKAGE = re.compile(r"^[ \t]*package[ \t]+[\w.]+[ \t]*;", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z_]\w{0,100}", re.ASCII)
# What a type in a stub may be made of. It comes from the program's process: nothing else gets in.
_TYPE = re.compile(r"(?:[\w.]|[<>,?\[\] ])+", re.ASCII)
_TYPE_NAME = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
_KNOWN_TYPE = re.compile(
    r"int|long|short|byte|char|boolean|float|double|void|extends|super"
    r"|java\.lang\.(?:Integer|Long|Short|Byte|Character|Boolean|Float|Double|String|Object|Number"
    r"|Comparable|Iterable)"
    r"|java\.util\.(?:List|ArrayList|LinkedList|Collection|Set|HashSet|LinkedHashSet|TreeSet|Map"
    r"|HashMap|LinkedHashMap|TreeMap|Optional)|java\.math\.BigInteger"
)
_BOXES = {"int": "Integer", "long": "Long", "short": "Short", "byte": "Byte", "char": "Character",
          "boolean": "Boolean", "float": "Float", "double": "Double"}  # fmt: skip
_COLLECTIONS = re.compile(r"java\.util\.(ArrayList|LinkedList|HashSet|HashMap|TreeSet|TreeMap)\b")
_INSIDE = "Problem"  # MultiPL-E: tests that go on inside of the program's class
_IMPORTS = "".join(
    f"import java.{name}.*;\n" for name in ("util", "lang", "math", "security", "util.stream")
)


def _used(source: str, text: str) -> list[str]:
    """Classes of the program that the tests name and do not define."""
    if _goes_on(text):
        return [_INSIDE]
    own = {*_CLASS.findall(text)}
    named = {*re.findall(r"\b[A-Z]\w*", text)}
    found = [name for name in dict.fromkeys(_CLASS.findall(source)) if name in named - own]
    return of_program(found, "", is_of_java)


def _goes_on(text: str) -> bool:
    return text.lstrip().startswith("}")


def _program(source: str, tests: Sequence[str]) -> str:
    text = "\n".join(tests)
    body = _PACKAGE.sub("", source)
    imports = _IMPORT.findall(body)
    body = _IMPORT.sub("", body)
    if _goes_on(text):
        body += "}" * max(0, body.count("{") - body.count("}"))
    names = ", ".join(f'"{name}"' for name in _used(source, text))
    end = part("Program.java").replace("NAMES", names)
    head = "\n".join(line.strip() for line in imports)
    return f"{head}\n{body}\n{part('Line.java')}\n{end}"


def _judge(tests: Sequence[str], described: str) -> str:
    text = "\n".join(tests)
    stubs: dict[str, list[str]] = {}
    places: dict[str, int] = {}
    for number, line in enumerate(described.splitlines()):
        parts = line.split("\t")
        told = len(parts) >= 5 and parts[0].isdecimal()
        if not told or not all(_NAME.fullmatch(part) for part in parts[1:3]):
            raise ValueError("the program's methods cannot be told")
        place, made, name, fixed, *types = parts
        places[made] = int(place)
        if any(_unknown(kind) for kind in types):
            if re.search(rf"\b{name}\s*\(", text):
                raise ValueError(f"{name} takes or returns what a judge cannot hold")
            stubs.setdefault(made, [])
            continue
        stubs.setdefault(made, []).append(_stub(number, name, types, is_static=fixed == "static"))
    imports = "\n".join(line.strip() for line in _IMPORT.findall(text))
    body = _IMPORT.sub("", text)
    classes = []
    for made, methods in stubs.items():
        inner = "\n".join(methods)
        if _goes_on(text) and made == _INSIDE:
            body = f"class {made} {{\n{inner}\n{body.lstrip()[1:]}"
            continue
        own = f"private final int rlvrSelf = RlvrJudge.make({places[made]});"
        classes.append(f"class {made} {{\n{own}\n{inner}\n}}")
    end = part("Judge.java").replace("TESTS", main_class(body))
    ends = f"{part('Line.java')}\n{end}"
    return "\n".join([f"{_IMPORTS}{imports}", *classes, body, ends])


def _unknown(kind: str) -> bool:
    return not _TYPE.fullmatch(kind) or not all(
        _KNOWN_TYPE.fullmatch(name) for name in _TYPE_NAME.findall(kind)
    )


def _stub(number: int, name: str, types: Sequence[str], *, is_static: bool) -> str:
    result, *taken = types
    parameters = ", ".join(f"{kind} a{n}" for n, kind in enumerate(taken))
    given = "".join(f", (Object) a{n}" for n in range(len(taken)))
    call = f"RlvrJudge.call({number}, {'-1' if is_static else 'rlvrSelf'}{given})"
    if result == "void":
        body = f"{call};"
    elif result in _BOXES:
        body = f"return ({_BOXES[result]}) {call};"
    elif found := _COLLECTIONS.match(result):
        general = {"A": "Collection", "L": "Collection", "H": "Collection", "T": "Collection"}
        kind = "Map" if found.group(1).endswith("Map") else general[found.group(1)[0]]
        body = f"return new {result}((java.util.{kind}) {call});"
    else:
        body = f"return ({result}) {call};"
    how = "static " if is_static else ""
    return f'@SuppressWarnings("unchecked") public {how}{result} {name}({parameters}) {{ {body} }}'


REMOTE = Remote(
    program=_program, judge=_judge, describes=True, entry="RlvrProgram", judge_entry="RlvrJudge"
)
