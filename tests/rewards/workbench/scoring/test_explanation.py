"""`rlvr explain`: the way to a verdict, for every reward."""

from __future__ import annotations

import pytest

from rewards.workbench.scoring.explanation import explain_verdict

PROGRAM = "```python\ndef add(a, b):\n    return abs(a) + b\n```"


def stages(source, completion, **given):
    explanation = explain_verdict(source, completion, **given)
    return {stage.name: stage.text for stage in explanation.stages}, explanation.verdict


def test_programs_test_by_test():
    tests = ["assert add(1, 2) == 3", "assert add(-1, 2) == 1", "assert add(0, 0) == 0"]
    found, verdict = stages("code", PROGRAM, reference=tests)
    assert found["test 1"] == found["test 3"] == "accepted: held"
    assert found["test 2"].startswith("wrong_answer: ")
    assert verdict.score == 0


def test_a_completion_without_a_program_has_no_tests():
    found, _ = stages("code", "none", reference=["assert add(1, 2) == 3"])
    assert "test 1" not in found


@pytest.mark.parametrize("source", ["choice", "exact_match", "format", "repetition", "quantity"])
def test_what_each_reward_looks_at(source):
    said = "<think>hm</think>B<|im_end|>user: A"
    found, _ = stages(source, said, reference="B")
    assert found["own turn"] == "<think>hm</think>B"
    assert found["answer part"] == "B"


def test_a_combination_shows_its_parts():
    found, verdict = stages("Gate(format, accuracy)", r"\boxed{4}", reference="4")
    assert found["format"].startswith("bad_format, 0: ")
    assert found["accuracy"].startswith("correct, 1: ")
    assert verdict.score == 0


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_prints_and_the_traceback_of_ones_own(tmp_path, kind):
    mine = tmp_path / f"mine_{kind.replace(' ', '_')}.py"
    mine.write_text(
        f"{kind} length(completions, answer):\n"
        "    print('looking at', answer)\n"
        "    return [1 / (len(answer) - 1)]\n"
    )
    found, verdict = stages(f"{mine}:length", "x", reference="4")
    assert found["printed"].splitlines()[0] == "looking at ['4']"
    assert "return [1 / (len(answer) - 1)]" in found["traceback"]
    assert "explanation.py" not in found["traceback"]  # it starts in the user's own file
    assert verdict.reason == f"ZeroDivisionError: division by zero ({mine.name}:3)"


def test_of_a_worked_solution_the_answer_is_shown():
    _, verdict = stages("accuracy", r"\boxed{72}", reference="48 / 2 = 24, and\n48 + 24\n#### 72")
    assert (verdict.score, verdict.expected) == (1, "72")
