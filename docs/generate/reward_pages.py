"""A page for each ready reward: its options, and what it says about golden cases, judged now."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mkdocs_gen_files

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from exported_rewards import ALL, CASES, cases, judge  # noqa: E402 - it lies beside this folder

import rewards  # noqa: E402
from rewards.reward import Reward  # noqa: E402
from rewards.text.shorten import shorten  # noqa: E402
from rewards.verdict import Verdict  # noqa: E402

GROUPS = ("Accepted", "Refused", "In between", "Not scored")
COMBINATIONS = (
    *("WeightedSum", "Gate", "Clip", "Schedule", "Route"),
    *("GroupLength", "SecondOpinion"),
)
SHOWN = 8  # cases of a group; of `accuracy` two of a kind


def answers() -> Iterator[dict[str, Any]]:
    """For `accuracy`, of every kind of answer the first ones that are equal and that are not."""
    for path in sorted(CASES.glob("answers_*.jsonl")):
        seen: dict[str, int] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            expected = case["expected"]
            seen[expected] = seen.get(expected, 0) + 1
            if expected in {"equal", "different"} and seen[expected] <= 2:
                yield {"completion": rf"\boxed{{{case['answer']}}}", "reference": case["reference"]}


def group_of(reward: Reward, verdict: Verdict) -> str:
    """Under which heading a verdict stands."""
    if verdict.score is None:
        return "Not scored"
    low, high = reward.bounds
    return {high: "Accepted", low: "Refused"}.get(verdict.score, "In between")


def cell(value: object, limit: int = 90) -> str:
    """A value as a cell of a table: code, in one line."""
    if value is None or value == "":
        return "*empty*" if value == "" else ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = shorten(" ⏎ ".join(text.splitlines()), limit).replace("|", "\\|")
    ticks = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def tables(name: str, reward: Reward, chosen: list[dict[str, Any]], most: int) -> Iterator[str]:
    """The cases under their headings, each with its verdict."""
    found: dict[str, list[str]] = {group: [] for group in GROUPS}
    for case in chosen:
        verdict = judge(name, case)
        beside = {k: v for k, v in case.items() if k in {"options", "prompt", "row", "ids"} and v}
        given = "<br>".join(f"{key}: {cell(value, 60)}" for key, value in beside.items())
        score = "None" if verdict.score is None else f"{verdict.score:.3g}"
        found[group_of(reward, verdict)].append(
            f"| {cell(case['completion'])} | {cell(case.get('reference'))} | {given} "
            f"| {score} `{verdict.status.value}` | {cell(verdict.reason, 120)} |"
        )
    for group, rows in found.items():
        if rows:
            yield f"### {group}\n"
            yield "| completion | reference | beside it | verdict | reason |\n|---|---|---|---|---|"
            yield "\n".join(rows[:most]) + "\n"


def described(cls: type) -> str:
    """The place where the documentation of a class is put."""
    name = f"{cls.__module__}.{cls.__name__}"
    return f"::: {name}\n    options:\n      members: false\n      heading_level: 2\n"


def page(name: str, reward: Reward) -> str:
    """The page of one reward."""
    cls = type(reward)
    chosen = [*cases(name), *(answers() if name == "accuracy" else ())]
    reads = "nothing but the completion" if reward.role is None else f"`{reward.role.value}`"
    used = (
        f"`from rewards import {name}, {cls.__name__}` · on the command line `--reward {name}`, "
        f"with options `--reward '{name}(…)'` · reads {reads} · scores {reward.bounds[0]:g} to "
        f"{reward.bounds[1]:g}\n"
    )
    parts = [
        f"# {name}\n",
        used,
        described(cls),
        "## What it says\n",
        "These are the project's own golden cases, judged when this page was built.\n",
        *tables(name, reward, chosen, 60 if name == "accuracy" else SHOWN),
    ]
    return "\n".join(parts)


def main() -> None:
    """Write all pages, and the one that lists them."""
    lines = ["# Rewards\n", "| reward | reads | what it says |", "|---|---|---|"]
    for name, reward in sorted(ALL.items()):
        with mkdocs_gen_files.open(f"rewards/{name}.md", "w") as file:
            file.write(page(name, reward))
        first = " ".join((type(reward).__doc__ or "").strip().partition("\n\n")[0].split())
        role = "" if reward.role is None else reward.role.value
        lines.append(f"| [{name}]({name}.md) | {role} | {first} |")
    lines.append("\nRewards made of rewards:\n")
    lines += [described(getattr(rewards, name)) for name in COMBINATIONS]
    with mkdocs_gen_files.open("rewards/index.md", "w") as file:
        file.write("\n".join(lines))


main()
