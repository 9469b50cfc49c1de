"""Every golden case of every exported reward: completion, what the row says, the score it gets."""

import pytest
from exported_rewards import ALL, case_file, every_case, judge


@pytest.mark.parametrize("name", ALL)
def test_every_reward_has_cases(name):
    assert case_file(name).is_file(), f"write golden cases of {name} to {case_file(name).name}"


@pytest.mark.parametrize(("name", "case"), every_case())
def test_case(name, case):
    verdict = judge(name, case)
    assert verdict.score == (None if case["score"] is None else pytest.approx(case["score"])), (
        verdict.reason
    )
    if "status" in case:
        assert verdict.status.value == case["status"], verdict.reason
    assert verdict.reason
