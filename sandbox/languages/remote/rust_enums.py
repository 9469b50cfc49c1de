"""Enums of a Rust program that its functions take or return, made anew for the judge.

Not covered: variants with named fields, bounds, and whatever the program implements for its enum:
the judge's has derived equality alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_ENUM = (
    r"\benum\s{{1,20}}{name}\s{{0,8}}(?:<([\w, ]{{1,100}})>)?"
    r"\s{{0,20}}\{{([\w\s,()<>&;:]{{1,1000}})\}}"
)
_VARIANT = re.compile(r"\s*(\w+)\s*(\([\w\s,<>&:]*\))?\s*", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Enum:
    """An enum: its name, its type parameters, its variants with the types that each holds."""

    name: str
    generics: tuple[str, ...]
    variants: tuple[tuple[str, tuple[str, ...] | None], ...]

    def source(self) -> str:
        """The definition, with equality by parts."""
        inner = ", ".join(
            name if held is None else f"{name}({', '.join(held)})" for name, held in self.variants
        )
        kinds = f"<{', '.join(self.generics)}>" if self.generics else ""
        return f"#[derive(Debug, Clone, PartialEq)]\npub enum {self.name}{kinds} {{ {inner} }}"

    def codec(self) -> str:
        """What sends it and reads it."""
        kinds = f"<{', '.join(self.generics)}>" if self.generics else ""
        puts, gets = [], []
        for number, (name, held) in enumerate(self.variants):
            names = [f"v{n}" for n in range(len(held or ()))]
            shape = f"{self.name}::{name}" + ("" if held is None else f"({', '.join(names)})")
            body = " ".join(f"{each}.put(out);" for each in names)
            puts.append(f"{shape} => {{ out.push({number}); {body} }}")
            made = ", ".join("rlvr_line::Get::get(from)?" for _ in names)
            value = f"{self.name}::{name}" + ("" if held is None else f"({made})")
            gets.append(f"{number} => Some({value}),")

        def bound(trait: str) -> str:
            inner = ", ".join(f"{each}: rlvr_line::{trait}" for each in self.generics)
            return f"<{inner}>" if inner else ""

        return (
            f"impl{bound('Put')} rlvr_line::Put for {self.name}{kinds} {{ "
            f"fn put(&self, out: &mut Vec<u8>) {{ match self {{ {' '.join(puts)} }} }} }}\n"
            f"impl{bound('Get')} rlvr_line::Get for {self.name}{kinds} {{ "
            f"fn get(from: &mut rlvr_line::Reader) -> Option<Self> {{ "
            f"match from.take(1)?[0] {{ {' '.join(gets)} _ => None }} }} }}\n"
        )


def find_enum(name: str, source: str, known: Collection[str]) -> Enum | None:
    """The enum of this name, or `None` where it holds anything but known types."""
    found = re.search(_ENUM.format(name=re.escape(name)), source)
    if found is None:
        return None
    generics = tuple(each.strip() for each in (found.group(1) or "").split(",") if each.strip())
    allowed = {*known, *generics}
    variants: list[tuple[str, tuple[str, ...] | None]] = []
    for part in re.split(r",(?![^(]*\))", found.group(2)):
        if not part.strip():
            continue
        variant = _VARIANT.fullmatch(part)
        if variant is None or not {*_WORD.findall(variant.group(2) or "")} <= allowed:
            return None
        inner = variant.group(2)
        held = None if inner is None else tuple(
            each.strip() for each in inner[1:-1].split(",") if each.strip()
        )  # fmt: skip
        variants.append((variant.group(1), held))
    return Enum(name, generics, tuple(variants)) if 0 < len(variants) < 200 else None
