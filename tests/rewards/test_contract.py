"""What every exported reward keeps, whatever it verifies."""

import asyncio
import copy
import dataclasses
import multiprocessing
import pickle
import threading

import pytest
from exported_rewards import VALUES, columns, usable
from hypothesis import given, settings
from hypothesis import strategies as st

import rewards
from rewards import Reward, Sample, Status, Verdict
from rewards.columns import COLUMN_ALIASES
from rewards.errors import InputError, MissingColumnError

EXPORTED = usable()
REWARDS = dict(EXPORTED)
# Combinations have no ready instance; these show that they keep what every reward keeps.
_BUILT = (
    rewards.WeightedSum((rewards.accuracy, rewards.exact_match), (0.8, 0.2)),
    rewards.Gate(rewards.format, rewards.accuracy),
    rewards.Clip(rewards.accuracy, high=0.5),
    rewards.Schedule(rewards.accuracy, start=0.0, end=1.0),
    rewards.Gate(rewards.Clip(rewards.format), rewards.WeightedSum((rewards.exact_match,))),
)
REWARDS |= {reward.name: reward for reward in _BUILT}
GOOD = r"<think>one half</think> So \boxed{0.5}."
BAD = r"\boxed{7}"

every_reward = pytest.mark.parametrize("reward", REWARDS.values(), ids=REWARDS)
reading_rewards = pytest.mark.parametrize(
    "reward",
    [reward for reward in REWARDS.values() if reward.role is not None],
    ids=[name for name, reward in REWARDS.items() if reward.role is not None],
)


def score(reward, completions, **more):
    return reward(completions=completions, **columns(reward, len(completions)), **more)


def expected_scores(reward):
    return score(reward, [GOOD, BAD, ""])


def _score_elsewhere(chosen, sender):
    sender.put({name: expected_scores(reward) for name, reward in chosen.items()})


def test_there_are_rewards_to_test():
    assert {"accuracy", "format"} <= REWARDS.keys()


@every_reward
def test_scores_are_numbers_within_bounds(reward):
    good, bad, empty = expected_scores(reward)
    low, high = reward.bounds
    assert good is None or low <= bad <= good <= high
    assert empty is None or empty <= 0.0


@pytest.mark.parametrize("name", EXPORTED)
def test_has_the_name_it_is_exported_under(name):
    assert EXPORTED[name].__name__ == EXPORTED[name].name == name


def test_names_differ():
    assert len({reward.name for reward in REWARDS.values()}) == len(REWARDS)


@every_reward
def test_pickle_and_copy(reward):
    for twin in (
        pickle.loads(pickle.dumps(reward)),
        copy.copy(reward),
        copy.deepcopy(reward),
    ):
        assert twin == reward
        assert hash(twin) == hash(reward)
        assert expected_scores(twin) == expected_scores(reward)


@every_reward
def test_is_immutable(reward):
    with pytest.raises(AttributeError):
        reward.name = "other"


@every_reward
def test_in_eight_threads_at_once(reward):
    wanted = expected_scores(reward)
    found, barrier = [], threading.Barrier(8)

    def work():
        barrier.wait()
        found.extend(expected_scores(reward) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [wanted] * 40


@every_reward
def test_in_asyncio(reward):
    async def work():
        tasks = [asyncio.to_thread(expected_scores, reward) for _ in range(4)]
        return await asyncio.gather(*tasks)

    assert asyncio.run(work()) == [expected_scores(reward)] * 4


@pytest.mark.parametrize("daemon", [False, True], ids=["spawned", "spawned daemon"])
def test_in_another_process(daemon):
    context = multiprocessing.get_context("spawn")
    sender = context.Queue()
    process = context.Process(target=_score_elsewhere, args=(REWARDS, sender), daemon=daemon)
    process.start()
    found = sender.get(timeout=120)
    process.join(60)
    assert found == {name: expected_scores(reward) for name, reward in REWARDS.items()}
    assert process.exitcode == 0


@every_reward
def test_batch_in_order(reward):
    good, bad, empty = expected_scores(reward)
    wanted = [good, bad, empty, bad, good] * 20
    assert score(reward, [GOOD, BAD, "", BAD, GOOD] * 20) == wanted


@every_reward
def test_empty_batch(reward):
    assert reward(completions=[], prompts=[]) == []
    assert reward(completions=[]) == []


@every_reward
def test_takes_all_that_trl_hands_over(reward):
    wanted = score(reward, [GOOD, BAD, ""], completion_ids=[[1], [2], []])
    found = score(
        reward,
        [GOOD, BAD, ""],
        prompts=["a", "b", "c"],
        completion_ids=[[1], [2], []],
        trainer_state=object(),
        environments=None,
        difficulty=["easy", "hard", None],
        seed=7,
        note="a text is no column",
        shorter=[1],
    )
    assert found == wanted


@every_reward
def test_logs_columns_and_rates(reward):
    extra, metrics = {}, {}
    score(reward, [GOOD, BAD, ""], log_extra=extra.__setitem__, log_metric=metrics.__setitem__)
    assert set(extra) == {f"{reward.name}_{part}" for part in ("extracted", "expected", "reason")}
    assert all(len(column) == 3 for column in extra.values())
    assert all(isinstance(cell, str) for column in extra.values() for cell in column)
    assert set(metrics) == {f"{reward.name}/{status.value}" for status in Status}
    assert sum(metrics.values()) == pytest.approx(1)


@every_reward
def test_logs_of_one_column(reward):
    short = dataclasses.replace(reward, logs="reason", name=f"short_{reward.name}")
    extra, metrics = {}, {}
    logs = {"log_extra": extra.__setitem__, "log_metric": metrics.__setitem__}
    score(short, [GOOD, BAD, ""], **logs)
    (column,) = extra.values()
    assert list(extra) == [f"{short.name}_reason"]
    seen = {cell.partition(": ")[0] for cell in column}
    assert set(metrics) == {f"{short.name}/{status}" for status in seen}
    metrics.clear()
    score(short, [""], **logs)
    assert {f"{short.name}/{status}" for status in seen} <= set(metrics)  # also at zero
    with pytest.raises(InputError, match="'all' or 'reason'"):
        score(dataclasses.replace(reward, logs="some"), [GOOD])


@reading_rewards
def test_column_of_the_wrong_length(reward):
    name = COLUMN_ALIASES[reward.role][0]
    with pytest.raises(InputError, match=rf"'{name}' has 2 values for 3"):
        reward(completions=["a", "b", "c"], **{name: ["x", "y"]})


@every_reward
def test_prompts_of_the_wrong_length(reward):
    with pytest.raises(InputError, match="prompts"):
        score(reward, [GOOD, BAD], prompts=["only one"])


@reading_rewards
def test_column_that_is_no_list(reward):
    name = COLUMN_ALIASES[reward.role][0]
    with pytest.raises(InputError, match="one value per completion"):
        reward(completions=["a"], **{name: "42"})


@reading_rewards
def test_no_column_at_all(reward):
    with pytest.raises(MissingColumnError, match="weather") as caught:
        reward(completions=["a"], weather=["fine"])
    for alias in COLUMN_ALIASES[reward.role]:
        assert alias in str(caught.value)


@reading_rewards
def test_row_without_a_value(reward):
    name = COLUMN_ALIASES[reward.role][0]
    verdicts = reward.verdicts(
        completions=[GOOD, GOOD], **{name: [None, VALUES[reward.role.value]]}
    )
    assert verdicts[0].status is Status.NOT_APPLICABLE
    assert verdicts[0].score is None
    assert verdicts[1].status is not Status.NOT_APPLICABLE


@every_reward
@pytest.mark.parametrize("completions", ["one text", 5, None, {"role": "assistant"}])
def test_completions_that_are_no_list(reward, completions):
    with pytest.raises(InputError, match="completions"):
        reward(completions=completions)


@every_reward
def test_messages_score_like_text(reward):
    good, bad, empty = expected_scores(reward)
    parts = [{"type": "text", "text": GOOD[:20]}, {"type": "text", "text": GOOD[20:]}]
    found = score(
        reward,
        [
            [{"role": "assistant", "content": GOOD}],
            [{"role": "assistant", "content": BAD}],
            [{"role": "assistant", "content": None}],
            [{"role": "assistant", "content": parts}],
            {"role": "assistant", "content": GOOD},
            [],
        ],
    )
    assert found == [good, bad, empty, good, good, empty]


@every_reward
@pytest.mark.parametrize(
    "completion",
    [
        None,
        5,
        2.5,
        b"bytes",
        ["a", "b"],
        [None],
        [{"role": "assistant", "content": 5}],
        [{"role": "assistant", "content": {"text": "x"}}],
        [{"role": "assistant", "content": [5, None, {"type": "image"}, {"type": "text"}]}],
        [{}],
        [[{"role": "assistant", "content": "x"}]],
        object(),
        {"a": 1},
        float("nan"),
    ],
    ids=lambda value: repr(value).split(" at 0x")[0],
)
def test_odd_completion_spoils_only_its_own_row(reward, completion):
    good, bad, _ = expected_scores(reward)
    found = score(reward, [GOOD, completion, BAD])
    assert found[0] == good
    assert found[2] == bad
    assert found[1] is None or found[1] <= 0.0 or found[1] == expected_scores(reward)[2]
    verdict = reward.verify(completion, VALUES.get(getattr(reward.role, "value", None)))
    assert verdict.reason


@reading_rewards
@pytest.mark.parametrize(
    "reference",
    ["", "   ", b"x", object(), {}, [], {"a": 1}, [None], [[]], float("inf"), {1, 2}, "$$", "\x00"],
    ids=lambda value: repr(value).split(" at 0x")[0],
)
def test_odd_reference_spoils_only_its_own_row(reward, reference):
    name = COLUMN_ALIASES[reward.role][0]
    value = VALUES[reward.role.value]
    good, _, _ = expected_scores(reward)
    found = reward.verdicts(completions=[GOOD] * 3, **{name: [value, reference, value]})
    assert [found[0].score, found[2].score] == [good, good]
    # A combination may have another part that needs no reference.
    assert found[1].score is None or found[1].score <= 0.0 or reward.role is not type(reward).role
    assert found[1].reason


_references = st.one_of(
    st.text(max_size=60),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    st.decimals(),
    st.fractions(),
)


@every_reward
@given(completion=st.text(max_size=400), reference=_references, boxed=st.booleans())
@settings(max_examples=60, deadline=None)
def test_never_raises(reward, completion, reference, boxed):
    if reward.role is not None and reward.role.value == "tests":
        reference = [str(reference)]
    if boxed:
        completion = f"\\boxed{{{completion}}}"
    verdict = reward.verify(completion, reference)
    assert isinstance(verdict, Verdict)
    low, high = reward.bounds
    assert verdict.score is None or low <= verdict.score <= high
    assert verdict.status.is_scored == (verdict.score is not None)
    assert verdict.reason
    assert verdict.seconds >= 0


@every_reward
def test_judge_many_is_judge(reward):
    reference = VALUES.get(getattr(reward.role, "value", None))
    samples = [Sample(text, reference) for text in (GOOD, BAD, "", r"\boxed{\int_0^1 x dx}")]
    one_by_one = [reward.judge(sample) for sample in samples]
    together = reward.judge_many(samples)
    assert [(v.score, v.status, v.reason) for v in together] == [
        (v.score, v.status, v.reason) for v in one_by_one
    ]


class _Faulty(Reward):
    """A reward with a bug, to see what the base makes of it."""

    def judge(self, sample):
        if sample.completion == "boom":
            raise RuntimeError("a bug")
        return Verdict(1.0, Status.CORRECT, reason="fine")


def test_a_bug_in_a_reward_is_recorded_not_raised():
    verdicts = _Faulty(name="faulty").verdicts(completions=["a", "boom", "b"])
    assert [v.status for v in verdicts] == [Status.CORRECT, Status.ERROR, Status.CORRECT]
    assert verdicts[1].score is None
    assert "a bug" in verdicts[1].reason
