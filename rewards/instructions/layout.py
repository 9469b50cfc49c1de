"""How a response is laid out: bullets, sections, titles, JSON, two responses."""

from __future__ import annotations

import re

from rewards.instructions.arguments import Arguments, Found
from rewards.text.strict_json import parse_strictly

_ANSWERS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_BULLET = re.compile(r"^[^\S\n]*(?:-|\*[^*\n])", re.MULTILINE)
_HIGHLIGHT = re.compile(r"\*\*[^\n*]+\*\*|\*[^\n*]+\*")
_DIVIDER = "******"


def has_bullets(response: str, arguments: Arguments) -> Found:
    """Exactly `num_bullets` lines that start with `*` (not `**`) or `-`."""
    count = len(_BULLET.findall(response))
    wanted = arguments.number("num_bullets")
    return Found(count == wanted, f"{count} bullets, {wanted} wanted")


def is_one_of_the_answers(response: str, arguments: Arguments) -> Found:  # noqa: ARG001
    """One of "My answer is yes.", "… no.", "… maybe." stands in it, and only one of them."""
    there = [answer for answer in _ANSWERS if answer in response]
    return Found(len(there) == 1, f"holds {' and '.join(there) or 'none of the three answers'}")


def has_highlights(response: str, arguments: Arguments) -> Found:
    """At least `num_highlights` parts in `*stars*` or `**two**`, none of them blank."""
    count = sum(bool(part.strip("* \t")) for part in _HIGHLIGHT.findall(response))
    wanted = arguments.number("num_highlights")
    return Found(count >= wanted, f"{count} highlights, at least {wanted} wanted")


def has_sections(response: str, arguments: Arguments) -> Found:
    """At least `num_sections` sections that start with `section_spliter` and a number."""
    word = arguments.text("section_spliter").strip()
    count = len(re.findall(rf"(?<!\w){re.escape(word)}\s?\d", response))
    wanted = arguments.number("num_sections")
    return Found(count >= wanted, f"{count} times {word!r:.40} and a number, {wanted} wanted")


def is_json(response: str, arguments: Arguments) -> Found:  # noqa: ARG001
    """The whole response is JSON, in a code fence or not, read strictly."""
    text = response.strip()
    if text.startswith("```") and text.endswith("```") and len(text) > 6:
        text = text[3:-3]
        text = text[4:] if text[:4].lower() == "json" else text
    try:
        parse_strictly(text.strip())
    except (ValueError, RecursionError) as error:
        return Found(False, f"no JSON: {error}")
    return Found(True, "the whole response is JSON")


def has_title(response: str, arguments: Arguments) -> Found:  # noqa: ARG001
    """A title in double angular brackets on one line: `<<Ode to joy>>`."""
    for line in [line for line in response.split("\n") if "<<" in line]:
        start, end = line.find("<<"), line.rfind(">>")
        if 0 <= start < end and (title := line[start:end].strip("<> \t")):
            return Found(True, f"the title {title!r:.60}")
    return Found(False, "no <<title>>")


def has_two_responses(response: str, arguments: Arguments) -> Found:  # noqa: ARG001
    """Two different responses with six stars between them."""
    parts = [part.strip() for part in response.split(_DIVIDER)]
    if not all(parts[1:-1]):
        return Found(False, "an empty response")
    given = [part for part in parts if part]
    if len(given) == 2 and given[0] == given[1]:
        return Found(False, "the same response twice")
    return Found(len(given) == 2, f"{len(given)} responses between {_DIVIDER}")


def repeats_prompt(response: str, arguments: Arguments) -> Found:
    """The response starts with `prompt_to_repeat`, in any case."""
    wanted = arguments.text("prompt_to_repeat").strip().lower()
    there = response.strip().lower().startswith(wanted)
    return Found(there, "repeats the prompt" if there else "does not start with the prompt")
