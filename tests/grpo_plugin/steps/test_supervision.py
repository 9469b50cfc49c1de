"""Advantages from outcome and steps together, against the plain reference."""

import math
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from grpo_plugin.steps import ProcessSupervision  # noqa: E402
from grpo_plugin.steps.cutting import CutCompletion  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
import reference  # noqa: E402

LENGTH = 5
NUMBER = st.one_of(st.just(math.nan), st.sampled_from([0.0, 1.0, -2.0, 0.3]))
STEP = st.tuples(st.integers(0, LENGTH - 1), st.tuples(NUMBER, NUMBER))
COMPLETION = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from([0.0, 1.0, -0.7]),
        "live": st.lists(st.booleans(), min_size=LENGTH, max_size=LENGTH),
        "steps": st.lists(STEP, max_size=4),
    }
)


def first(**_): ...
def second(**_): ...


@settings(max_examples=150, deadline=None)
@given(st.lists(COMPLETION, min_size=6, max_size=6), st.sampled_from([1, 2, 3, 6]))
def test_is_the_paper_s_sum(drawn, group_size):
    options = {"weights": (1.0, 0.5), "step_weight": 2.0, "outcome_weight": 0.5}
    completions = []
    for one in drawn:
        steps = sorted(one["steps"], key=lambda step: step[0])
        completions.append(
            {
                "outcome": one["outcome"],
                "live": one["live"],
                "ends": [end for end, _ in steps],
                "rewards": [list(rewards) for _, rewards in steps],
            }
        )
    wanted = reference.advantages(completions, group_size=group_size, **options)

    supervision = ProcessSupervision(functions=[first, second], **options)
    scores = [[[rewards[f] for rewards in one["rewards"]] for one in completions] for f in range(2)]
    rewards = supervision.combine(scores)
    for part in (slice(0, 6), slice(0, 3), slice(3, 6)):  # one process, or two
        got = supervision.advantages(
            outcome=torch.tensor([one["outcome"] for one in completions[part]]).double(),
            rewards=rewards,
            own=part,
            group_size=group_size,
            cuts=[
                CutCompletion(("x",) * len(o["ends"]), tuple(o["ends"])) for o in completions[part]
            ],
            live=torch.tensor([one["live"] for one in completions[part]]).long(),
        )
        wanted_part = torch.tensor(wanted[part], dtype=torch.float64)
        torch.testing.assert_close(got, wanted_part, rtol=1e-9, atol=1e-8)


def test_token_level_outcome_advantages_are_added_where_they_stand():
    supervision = ProcessSupervision(functions=[first])
    got = supervision.advantages(
        outcome=torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
        rewards=[[], []],
        own=slice(0, 2),
        group_size=2,
        cuts=[CutCompletion((), ())] * 2,
        live=torch.tensor([[1, 1], [1, 0]]),
    )
    assert got.tolist() == [[1.0, 2.0], [3.0, 0.0]]
