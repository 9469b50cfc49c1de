"""Rows for `--tiny`, and a sloppy teacher.

Every question of a source has the same right answer, whoever asks it: what so small a model learns
in seconds is to give it, and in the right form.
"""

from __future__ import annotations

import random
from typing import Any

from r1.sources import CODE, INSTRUCTIONS, MATH, Sources, uniform

NAMES = (
    *("Ann", "Ben", "Eve", "Ida", "Jon", "Kim", "Leo", "Mia", "Tom", "Zoe", "Uma", "Max", "Liv"),
    *("Ned", "Ole", "Pia", "Roy", "Sam", "Tim", "Una", "Val", "Wim", "Amy", "Bob", "Cat", "Dan"),
    *("Eli", "Fay", "Gus", "Hal", "Jan", "Kai"),
)
HELD_OUT_NAMES = NAMES[-8:]
PROGRAM = "```python\nf={}\n```"
ANSWERS = {
    MATH: (r"\boxed{2}", r"\boxed{3}"),
    CODE: (PROGRAM.format("int"), PROGRAM.format("str")),
    INSTRUCTIONS: ("hello", "hello, you"),
}
"""The right answer of each source, and the wrong one."""


def tiny_sources() -> Sources:
    """Everybody asks one question of each source; eight of them are held out."""
    rows = {name: [uniform(*row) for row in _questions(name)] for name in NAMES}
    train = [row for name in NAMES if name not in HELD_OUT_NAMES for row in rows[name]]
    rng = random.Random(0)  # noqa: S311 - no secrets here
    return Sources(
        train=train,
        held_out=[row for name in HELD_OUT_NAMES for row in rows[name]],
        demonstrations=[
            {"prompt": row["prompt"], "completion": _demonstration(row["source"], rng)}
            for row in train * 7
        ],
    )


def _questions(name: str) -> list[tuple[str, dict[str, Any]]]:
    def asked(question: str) -> list[dict[str, str]]:
        return [{"role": "user", "content": question}]

    return [
        (MATH, {"prompt": asked(f"{name}: How many feet have I?"), "solution": "2"}),
        (CODE, {"prompt": asked(f"{name}: f(n) is n."), "tests": ["assert f(3) == 3"]}),
        (
            INSTRUCTIONS,
            {
                "prompt": asked(f"{name}: Greet me without commas."),
                "instruction_id_list": ["punctuation:no_comma"],
                "kwargs": "[{}]",
            },
        ),
    ]


def _demonstration(source: str, rng: random.Random) -> list[dict[str, str]]:
    """Right in half of the cases; in a third the reasoning is not closed."""
    close = rng.choice(("</think>", "</think>", ""))
    text = f"<think>I see{close}{rng.choice(ANSWERS[source])}"
    return [{"role": "assistant", "content": text}]
