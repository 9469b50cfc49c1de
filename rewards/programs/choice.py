"""Which block of a completion is the program.

Not covered: whether it is right. An example of use, an output, a shell line or a summary may follow
the program, and a program may be spread over several blocks; what its source looks like decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rewards.extraction.code_blocks import Block
from rewards.programs.languages import Kind, Named, family, read_tag

_NAME = re.compile(r"[^\W\d]\w*")
# Strings and comments of Python, so that names in them do not count.
_NO_CODE = re.compile(
    r"'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)|'(?:\\.|[^'\\\n])*'?|\"(?:\\.|[^\"\\\n])*\"?|#[^\n]*",
    re.DOTALL,
)
_DEFINED = re.compile(
    r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]{1,80})?=(?!=)"
    r"|^(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+([^\n]+)",
    re.MULTILINE,
)
_ANYWHERE = re.compile(r"(?:def|class)[ \t]+(\w+)|\b(\w+)[ \t]*(?:[-+*/%&|^]|//|\*\*|<<|>>)?=(?!=)")
_TARGETS = re.compile(r"(?:\bfor\b|\bas\b|\blambda\b|\bdef\b[ \t]+\w+[ \t]*\()([^:\n]{1,200})")
_ACTS = re.compile(
    r"^(?!(?:def|class|async|import|from)\b|[@)\]}#'\"\s]|\w+[ \t]*(?::[^=\n]{1,80})?=(?!=))\S",
    re.MULTILINE,
)
_PRINTS = re.compile(r"\bprint\b|\bstdout\b|\bos\.write\b")
_READS = re.compile(
    r"\b(?:input|stdin|fileinput|os\.read)\b|\bopen\s{0,4}\(\s{0,4}(?:0|['\"]/dev/stdin)"
)
_BLOCKS_MAX = 24  # further back nobody looks


@dataclass(frozen=True)
class Wanted:
    """What a row wants of a program.

    Attributes:
        languages: families of languages that its tests can judge; empty: any.
        names: what the tests call; one of them must be defined.
        reads: the tests give input.
    """

    languages: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    reads: bool = False


@dataclass(frozen=True)
class Chosen:
    """The program, and what was taken for it.

    Attributes:
        source, tag: the program and its block's tag.
        language: what the tag says.
        note: which block it was, where there were several.
    """

    source: str
    tag: str
    language: Named
    note: str = ""


def choose_program(blocks: Sequence[Block], wanted: Wanted) -> Chosen | None:
    """The program among a completion's blocks, or `None` where none can be one."""
    numbered = [(number, block, read_tag(block.tag))
                for number, block in enumerate(blocks, 1) if block.source.strip()]  # fmt: skip
    fit = [one for one in numbered if _may_be(one[2], wanted)][-_BLOCKS_MAX:]
    tagged = [one for one in fit if one[2].kind is Kind.RUNS]
    if tagged:  # then a block without a tag is an output or an example
        bare_ones = len(fit) > len(tagged)
        if (
            wanted.names
            and bare_ones
            and not any(_defines(block.source, wanted.names) for _, block, _ in tagged)
        ):
            bare = [one for one in fit if _defines(one[1].source, wanted.names)]
            tagged = bare or tagged
        last = tagged[-1][2].language
        alike = [one for one in tagged if family(one[2].language or last) == family(last)]
        return _best(alike, wanted, len(blocks))
    if fit:
        return _best(fit, wanted, len(blocks))
    others = [one for one in numbered if one[2].kind in {Kind.RUNS, Kind.FOREIGN}]
    if others:
        _, block, named = others[-1]
        return Chosen(block.source, block.tag, named)
    return None


def _may_be(named: Named, wanted: Wanted) -> bool:
    if named.kind is Kind.NOTHING:
        return True
    if named.kind is not Kind.RUNS:
        return False
    return not wanted.languages or family(named.language) in wanted.languages


def _best(fit: list[tuple[int, Block, Named]], wanted: Wanted, total: int) -> Chosen:
    spoken = fit[-1][2]
    is_python = spoken.kind is Kind.NOTHING or spoken.language == "python"
    at = len(fit) - 1
    if is_python and at:  # where there is a choice
        at = _last_that_can_be(fit, wanted)
    number, block, named = fit[at]
    parts = _needed_before(fit, at) if is_python and at else []
    source = "\n".join([*(fit[n][1].source for n in parts), block.source])
    note = ""
    if total > 1:
        taken = [fit[n][0] for n in parts] + [number]
        which = " and ".join(map(str, taken))
        note = f"block{'s' if parts else ''} {which} of {total}"
    return Chosen(source, block.tag, named, note)


def _last_that_can_be(fit: list[tuple[int, Block, Named]], wanted: Wanted) -> int:
    """The last block that defines what is called; or that reads, prints and is set in motion."""
    sources = [block.source for _, block, _ in fit]
    last = len(sources) - 1
    if wanted.names:
        return next((n for n in range(last, -1, -1) if _defines(sources[n], wanted.names)), last)
    tests = [_is_whole] if not wanted.reads else [_reads_and_is_whole, _is_whole]
    for can_be in tests:
        for n in range(last, -1, -1):
            if not can_be(sources[n]):
                continue
            later = next((m for m in range(n + 1, last + 1) if _starts(sources, n, m)), None)
            return n if later is None else later
    return next((m for m in range(last, 0, -1) if _starts(sources, m - 1, m)), last)


def _is_whole(source: str) -> bool:
    return bool(_PRINTS.search(source))


def _reads_and_is_whole(source: str) -> bool:
    return _is_whole(source) and bool(_READS.search(source))


def _starts(sources: list[str], n: int, later: int) -> bool:
    """Whether block `n` only defines things, and a later one sets them in motion."""
    if _ACTS.search(_without_text(sources[n])):
        return False
    return bool(_defined(sources[n]) & _used(sources[later]) - _made(sources[later]))


def _needed_before(fit: list[tuple[int, Block, Named]], at: int) -> list[int]:
    """The earlier blocks that the one at `at` needs, and those that they need."""
    taken: list[int] = []
    source = fit[at][1].source
    missing = _used(source) - _made(source)
    for n in range(at - 1, -1, -1):
        earlier = fit[n][1].source
        if not missing & _defined(earlier) or _PRINTS.search(_top_level(earlier)):
            continue
        taken.insert(0, n)
        missing = (missing | _used(earlier)) - _made(earlier)
    return taken


def _defines(source: str, names: frozenset[str]) -> bool:
    made = {name for pair in _ANYWHERE.findall(_without_text(source)) for name in pair}
    return bool(made & names)


def _defined(source: str) -> set[str]:
    """Names that the top level of a source makes."""
    names: set[str] = set()
    for made, assigned, imported in _DEFINED.findall(_without_text(source)):
        names |= {made, assigned}
        names |= {part.split(" as ")[-1].strip(" ()").partition(".")[0]
                  for part in imported.split(",")}  # fmt: skip
    return names - {"", "*"}


def _made(source: str) -> set[str]:
    """Names that a source makes anywhere."""
    plain = _without_text(source)
    names = {name for pair in _ANYWHERE.findall(plain) for name in pair} | _defined(source)
    for targets in _TARGETS.findall(plain):
        names |= {*_NAME.findall(targets)}
    return names


def _used(source: str) -> set[str]:
    return {*_NAME.findall(re.sub(r"\.[ \t]{0,4}\w+", " ", _without_text(source)))}


def _top_level(source: str) -> str:
    return "\n".join(line for line in source.split("\n") if line[:1] not in {" ", "\t"})


def _without_text(source: str) -> str:
    return _NO_CODE.sub("''", source)
