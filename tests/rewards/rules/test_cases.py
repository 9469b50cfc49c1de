"""Every golden case of the shelf: completion, what the row says, the score it must get."""

import importlib.util
import json
from pathlib import Path

import pytest

import rewards

CASES = Path(__file__).resolve().parents[1] / "cases"
SHELF = {
    "choice": None,
    "cosine_length": None,
    "exact_match": None,
    "instruction_following": None,
    "json_schema": "jsonschema",
    "language_consistency": None,
    "overlong": None,
    "pattern_match": None,
    "quantity": "pint",
    "repetition": None,
    "tag_count": None,
    "token_f1": None,
}


def cases():
    for name, needed in SHELF.items():
        skipped = needed is not None and importlib.util.find_spec(needed) is None
        marks = pytest.mark.skip(reason=f"needs {needed}") if skipped else ()
        lines = (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            yield pytest.param(name, json.loads(line), id=f"{name}-{number}", marks=marks)


@pytest.mark.parametrize(("name", "case"), cases())
def test_case(name, case):
    ready = getattr(rewards, name)
    options = case.get("options")
    if not options:
        reward = ready
    elif name == "cosine_length":
        reward = type(ready)(rewards.accuracy, **options)
    else:
        reward = type(ready)(**options)
    verdict = reward.verify(
        case["completion"],
        case.get("reference"),
        prompt=case.get("prompt"),
        completion_ids=None if "ids" not in case else list(range(case["ids"])),
        **case.get("row", {}),
    )
    assert verdict.score == (None if case["score"] is None else pytest.approx(case["score"])), (
        verdict.reason
    )
    if "status" in case:
        assert verdict.status.value == case["status"], verdict.reason
    assert verdict.reason
