"""The rows of mathematics, code and instructions, and the rewards for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from datasets import Dataset
from setting import Setting, load_rows

from grpo_plugin import to_prompts
from rewards import (
    Format,
    LanguageConsistency,
    Reward,
    Route,
    accuracy,
    code,
    instruction_following,
)

MATH, CODE, INSTRUCTIONS = "math", "code", "instructions"
REASONING = (MATH, CODE)
CHECKS: dict[str, Reward] = {
    MATH: accuracy,
    CODE: code,
    INSTRUCTIONS: instruction_following,
}
"""What tells a right answer in each source."""

COLUMNS = ("prompt", "source", "solution", "tests", "instruction_id_list", "kwargs")
SYSTEM = (
    "Think first, between <think> and </think>, then answer. A number or a formula stands in "
    r"\boxed{}, a program in one block of Python."
)
HELD_OUT = 200  # rows of each source at most, and a fifth of them


@dataclass(frozen=True)
class Sources:
    """Rows with the columns `COLUMNS`; the demonstrations have `prompt` and `completion`."""

    train: list[dict[str, Any]]
    held_out: list[dict[str, Any]]
    demonstrations: list[dict[str, Any]]

    def of(self, names: tuple[str, ...]) -> Dataset:
        """The rows to train on that are of these sources."""
        return Dataset.from_list([row for row in self.train if row["source"] in names])


def rewards() -> tuple[list[Reward], list[float]]:
    """Accuracy by source, format and language, with their weights."""
    parts = [Route(CHECKS, by="source"), Format(), LanguageConsistency(language="en")]
    return parts, [1.0, 0.2, 0.1]


def uniform(source: str, row: dict[str, Any]) -> dict[str, Any]:
    """The row with all of `COLUMNS`, `None` in those it lacks."""
    return {name: row.get(name) for name in COLUMNS} | {"source": source}


def load_sources(setting: Setting) -> Sources:
    """The data sets that the command line names.

    `--code` has the columns of MBPP, `--instructions` those of IFEval; the last rows of each source
    are held out.
    """
    rows = {
        MATH: list(to_prompts(setting.rows, system=SYSTEM)),
        CODE: [_program(row) for row in load_rows(str(setting.more["code"]), setting.split)],
    }
    if given := setting.more["instructions"]:
        rows[INSTRUCTIONS] = [_instruction(row) for row in load_rows(given, setting.split)]
    whole = {source: [uniform(source, row) for row in part] for source, part in rows.items()}
    taught = load_rows(str(setting.more["cold-start"]), setting.split)
    kept = {source: len(part) - min(HELD_OUT, len(part) // 5) for source, part in whole.items()}
    return Sources(
        train=[row for source, part in whole.items() for row in part[: kept[source]]],
        held_out=[row for source, part in whole.items() for row in part[kept[source] :]],
        demonstrations=[
            {"prompt": row["messages"][:-1], "completion": row["messages"][-1:]} for row in taught
        ],
    )


def ask(question: str) -> list[dict[str, str]]:
    """A question as chat messages."""
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]


def _program(row: dict[str, Any]) -> dict[str, Any]:
    question = f"{row['text']}\nIt must pass tests such as:\n{row['test_list'][0]}"
    return {"prompt": ask(question), "tests": row["test_list"]}


def _instruction(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "prompt": ask(row["prompt"]),
        "instruction_id_list": row["instruction_id_list"],
        "kwargs": json.dumps(row["kwargs"]),
    }
