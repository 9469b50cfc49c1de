"""Rewards called as TRL's asynchronous GRPO calls them: in threads of an event loop."""

from __future__ import annotations

import asyncio
import math
import pickle
from types import SimpleNamespace

import pytest

pytest.importorskip("trl")

import accelerate

from rewards import accuracy, format

GROUPS = 12
GROUP = [
    "<think>2+2</think> \\boxed{4}",
    "<think>2+2</think> \\boxed{5}",
    "\\boxed{4}",
    "",
]


def group_of(completions, **columns):
    size = len(completions)
    return SimpleNamespace(
        prompts=[[{"role": "user", "content": "2+2?"}]] * size,
        completions=[[{"role": "assistant", "content": text}] for text in completions],
        completions_ids=[[1, 2, 3]] * size,
        completions_sequences=[
            [SimpleNamespace(input_ids=[1], completion_mask=[1], old_log_probs=[0.0])]
        ]
        * size,
        reward_kwargs={name: [value] * size for name, value in columns.items()},
        tool_call_counts=[0] * size,
        tool_failure_counts=[0] * size,
        env_rewards=[],
        rollout_rewards=[],
        model_version=0,
        group_id=0,
    )


def score(groups, rewards):
    """Score groups concurrently with TRL's own `_score_group`."""
    worker = pytest.importorskip("trl.experimental.async_grpo.async_rollout_worker")
    loop_class = getattr(worker, "_AsyncRolloutLoop", None)
    if loop_class is None or not hasattr(loop_class, "_score_group"):
        pytest.skip("this TRL scores groups elsewhere")
    loop = SimpleNamespace(
        reward_funcs=rewards,
        reward_func_names=[reward.__name__ for reward in rewards],
        _env_reward_types=[],
        _provides_rollout_reward=False,
    )

    accelerate.PartialState(cpu=True)  # TRL's logger asks for it

    async def score_all():
        return await asyncio.gather(*(loop_class._score_group(loop, group) for group in groups))

    return asyncio.run(score_all())


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_groups_are_scored_in_threads():
    results = score([group_of(GROUP, solution="4")] * GROUPS, [accuracy, format])
    for samples in results:
        found = [
            (s.metrics["rewards/accuracy"], s.metrics["rewards/format"], s.metrics["reward"])
            for s in samples
        ]
        assert found == [(1, 1, 2), (0, 1, 1), (1, 0, 1), (0, 0, 0)]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_group_without_a_reference_keeps_the_other_reward():
    (samples,) = score([group_of(GROUP, solution=None, tests="x")], [accuracy, format])
    assert all(math.isnan(s.metrics["rewards/accuracy"]) for s in samples)
    assert [s.metrics["reward"] for s in samples] == [1, 1, 0, 0]


def test_rewards_reach_the_spawned_worker():
    """TRL pickles the rewards into its rollout process."""
    for reward in (accuracy, format):
        copy = pickle.loads(pickle.dumps(reward))
        assert copy == reward
        assert copy.__name__ == reward.__name__


def test_threads_and_the_plain_call_agree():
    completions = GROUP * 25
    columns = {"completions": completions, "solution": ["4"] * len(completions)}

    async def in_threads():
        return await asyncio.gather(*(asyncio.to_thread(accuracy, **columns) for _ in range(8)))

    plain = accuracy(**columns)
    assert asyncio.run(in_threads()) == [plain] * 8
