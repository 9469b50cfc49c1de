"""Programs as they come in the field: each case judged as the judge of its data set would.

Cases are data: `tests/cases/code_field.jsonl`, in the form that `benchmarks.code_field` takes.
"""

import json
from pathlib import Path

import pytest

from rewards import Code

FILE = Path(__file__).resolve().parents[2] / "cases" / "code_field.jsonl"
CASES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
# Starting a compiler costs what a hundred programs of Python cost.
PARAMETERS = [
    pytest.param(case, id=case["id"], marks=pytest.mark.slow if case.get("compiled") else ())
    for case in CASES
]


@pytest.mark.parametrize("case", PARAMETERS)
def test_the_status_is_right(case):
    code = Code(**case["options"])
    verdict = code.verify(case["completion"], case["tests"], prompt=case["prompt"], **case["row"])
    if case.get("compiled") and "no toolchain for" in verdict.reason:
        pytest.skip(verdict.reason)
    assert verdict.status.value in case["right"], verdict.reason
    if "correct" not in case["right"]:
        assert not verdict.score, verdict.reason
