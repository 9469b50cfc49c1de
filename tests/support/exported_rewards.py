"""Every ready reward that `rewards` exports, and its golden cases, found by themselves."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import rewards
from rewards import Reward
from rewards.columns import COLUMN_ALIASES
from rewards.errors import MissingExtraError

CASES = Path(__file__).resolve().parents[1] / "cases"
# Something for a reward to read from a row: what its role is called, with a value that fits.
VALUES = {
    "reference": r"\frac12",
    "tests": ["assert f(1) == 2"],
    "schema": {"type": "number"},
    "pattern": r"(?s).*0\.5.*",
    "instructions": ["punctuation:no_comma"],
}


def columns(reward, count):
    """The columns that a reward reads, `count` rows long."""
    if reward.role is None:
        return {}
    return {COLUMN_ALIASES[reward.role][0]: [VALUES[reward.role.value]] * count}


def lacks_extra(reward):
    """Whether what the reward needs is not installed here."""
    try:
        reward(completions=["x"], **columns(reward, 1))
    except MissingExtraError:
        return True
    return False


ALL = {
    name: getattr(rewards, name)
    for name in rewards.__all__
    if isinstance(getattr(rewards, name), Reward)
}


@cache
def usable():
    """The exported rewards that can judge here."""
    return {name: reward for name, reward in ALL.items() if not lacks_extra(reward)}


def case_file(name):
    """Where the golden cases of a reward stand."""
    return CASES / f"{name}.jsonl"


def cases(name):
    """The golden cases of one reward."""
    lines = case_file(name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def every_case():
    """A pytest parameter for every case of every reward: its name and the case."""
    for name in ALL:
        marks = () if name in usable() else pytest.mark.skip(reason="an extra is not installed")
        for number, case in enumerate(cases(name), 1):
            yield pytest.param(name, case, id=f"{name}-{number}", marks=marks)


def judge(name, case, **changed):
    """The verdict of a case; `changed` names what is different from what the case says."""
    case = {**case, **changed}
    reward = replace(ALL[name], **case.get("options", {}))
    return reward.verify(
        case["completion"],
        case.get("reference"),
        prompt=case.get("prompt"),
        completion_ids=None if "ids" not in case else list(range(case["ids"])),
        **case.get("row", {}),
    )
