"""Step rewards are called as TRL calls rewards, and what they return is checked."""

import asyncio
import functools
import math
from dataclasses import dataclass

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.errors import StepError  # noqa: E402
from grpo_plugin.steps import ProcessSupervision  # noqa: E402
from grpo_plugin.steps.scoring import name_of, score_steps  # noqa: E402

STEPS = [["a", "b"], [], ["c"]]


def returning(value):
    def mine(**_):
        return value

    return mine


def plain(rows):
    return [[None if math.isnan(value) else value for value in row] for row in rows]


def test_numbers_of_all_kinds_and_missing_ones():
    rows = [(1, True), torch.zeros(0), None]
    (found,) = score_steps([returning(rows)], STEPS, {})
    assert plain(found) == [[1.0, 1.0], [], [None]]
    (found,) = score_steps([returning([[None, math.nan], [], [torch.tensor(0.5)]])], STEPS, {})
    assert plain(found) == [[None, None], [], [0.5]]


def test_functions_get_the_arguments_and_cannot_change_the_steps():
    def mine(steps, solution, **_):
        steps[0].append("more")
        return [[float(solution == "7")] * 2, [], [0]]

    found = score_steps([mine, mine], STEPS, {"solution": "7"})
    assert found == [[[1.0, 1.0], [], [0.0]]] * 2
    assert STEPS[0] == ["a", "b"]


def test_coroutines_run_together_even_inside_a_loop():
    met = []

    async def mine(steps, number, **_):
        met.append(number)
        await asyncio.sleep(0)
        assert met == [1, 2]  # the other has begun before this one ends
        return [[number] * len(row) for row in steps]

    one, two = (functools.partial(mine, number=number) for number in (1, 2))

    def between(steps, **_):
        return [[0] * len(row) for row in steps]

    async def main():
        return score_steps([one, between, two], STEPS, {})

    found = asyncio.run(main())
    assert [rows[0] for rows in found] == [[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "'mine' returned a NoneType for 3 completions"),
        ([[1, 2]], "'mine' returned 1 entries for 3 completions"),
        ([[1, 2], [], 3], "'mine' returned a int for sample 2, which has 1 steps"),
        ([[1], [], [3]], "'mine' returned 1 rewards for sample 0, which has 2 steps"),
        ([[1, 2], [], ["good"]], "'mine' returned 'good' for step 0 of sample 2"),
        ([[1, math.inf], [], [1]], "'mine' returned inf for step 1 of sample 0"),
        ([[1, 2], [], "a"], "'mine' returned a str for sample 2"),
    ],
)
def test_what_is_no_reward_per_step_is_named(value, message):
    with pytest.raises(StepError, match=message):
        score_steps([returning(value)], STEPS, {})


def test_names():
    @dataclass
    class Scorer:
        def __call__(self, **_): ...

    assert name_of(returning(1)) == "mine"
    assert name_of(functools.partial(returning(1), x=1)) == "mine"
    assert name_of(Scorer()) == "Scorer"


def test_options_that_cannot_work_are_refused():
    mine = returning(None)
    with pytest.raises(StepError, match="is empty"):
        ProcessSupervision.of([])
    with pytest.raises(StepError, match="'accuracy' is not callable"):
        ProcessSupervision.of(["accuracy"])
    with pytest.raises(StepError, match="two step rewards share a name"):
        ProcessSupervision.of([mine, mine])
    with pytest.raises(StepError, match="2 entries for 1 step rewards"):
        ProcessSupervision(functions=[mine], weights=[1, 2])
    with pytest.raises(StepError, match="not a finite number"):
        ProcessSupervision(functions=[mine], step_weight=math.nan)
    assert ProcessSupervision.of(None) is None
    assert ProcessSupervision.of(mine) == ProcessSupervision.of([mine])
