"""Rewards are renewed from the samples of the run, of which a share is replayed."""

import json
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

import launching  # noqa: E402

from grpo_plugin.callbacks import RefreshRewards, RewardHistory  # noqa: E402
from grpo_plugin.callbacks.history import ReplayBuffer, ScoredCompletion  # noqa: E402
from grpo_plugin.errors import RefreshError  # noqa: E402


def row(number, step=0):
    return ScoredCompletion(f"p{number}", f"c{number}", float(number), {"r": None}, step)


class CountingRewardModel:
    """A rule-based reward model: it likes the characters that its training rows have least of."""

    __name__ = "rarity"

    def __init__(self, rows=()):
        self.seen = Counter(character for row in rows for character in row.completion)

    def __call__(self, completions, **_):
        total = 1 + sum(self.seen.values())
        return [
            sum(1 - self.seen[character] / total for character in text) / max(len(text), 1)
            for text in completions
        ]


def test_a_reward_model_that_is_trained_on_in_the_run(make_trainer):
    """Each refresh gets the samples since the last one and a tenth of replayed ones."""
    histories, models = [], []

    def refresh(trainer, history):
        histories.append(history)
        models.append(CountingRewardModel(history.rows))
        return models[-1]

    trainer = make_trainer(
        [RefreshRewards(refresh, every_steps=2)],
        reward_funcs=[CountingRewardModel()],
        max_steps=6,
        per_device_train_batch_size=16,
    )
    trainer.train()
    assert [history.step for history in histories] == [2, 4, 6]
    assert [len(history.recent) for history in histories] == [32, 32, 32]
    assert [len(history.replayed) for history in histories] == [0, 4, 4]  # 4 of 36 rows
    for earlier, later in pairwise(histories):
        assert {r.step for r in later.replayed} < {0, 1, 2, 3}
        assert {r.step for r in later.recent} == {earlier.step, earlier.step + 1}
    # the rewards of a batch are those of the model that was in place when it was sampled
    for model, history in zip([CountingRewardModel(), *models], histories, strict=False):
        scored = model(completions=[r.completion for r in history.recent])
        assert [r.reward for r in history.recent] == pytest.approx(scored, rel=1e-5)
        assert [r.rewards["rarity"] for r in history.recent] == pytest.approx(scored, rel=1e-5)
        assert all(r.prompt.endswith("+1=") for r in history.rows)
    assert trainer.reward_funcs == [models[-1]]
    assert "rewards/rarity/mean" in trainer.state.log_history[-2]


def test_the_history_is_bounded_and_evenly_drawn():
    counts = Counter()
    for seed in range(300):
        buffer = ReplayBuffer(capacity=10, replay_share=0.5, seed=seed)
        for step in range(5):
            buffer.extend(row(10 * step + n, step) for n in range(10))
            history = buffer.draw(step)
            assert len(buffer.reservoir) == 10
            assert len(history.replayed) == (10 if step else 0)
        counts.update(r.step for r in buffer.reservoir)
    # each of 50 rows stays with probability 1/5: 600 of each step, standard deviation about 22
    assert all(abs(counts[step] - 600) < 110 for step in range(5))


def test_only_the_newest_of_many_recent_rows_are_kept():
    buffer = ReplayBuffer(capacity=3, replay_share=0.0)
    buffer.extend(row(n) for n in range(5))
    assert [r.prompt for r in buffer.draw(1).recent] == ["p2", "p3", "p4"]


@pytest.mark.parametrize(
    ("share", "recent", "replayed"), [(0.1, 90, 10), (0.5, 7, 7), (0.0, 9, 0), (0.9, 10, 50)]
)
def test_the_replay_share_is_of_the_rows_handed_over(share, recent, replayed):
    buffer = ReplayBuffer(capacity=1000, replay_share=share)
    buffer.extend(row(n) for n in range(50))
    buffer.draw(1)
    buffer.extend(row(n) for n in range(recent))
    history = buffer.draw(2)
    assert (len(history.recent), len(history.replayed)) == (recent, replayed)
    assert history.rows == history.replayed + history.recent


def test_saved_and_loaded(tmp_path):
    buffer = ReplayBuffer(capacity=4, replay_share=0.5)
    buffer.extend(row(n) for n in range(4))
    last = buffer.draw(1)
    buffer.extend([row(7, 1)])
    buffer.save(tmp_path / "history.json", last)
    loaded = ReplayBuffer(capacity=4, replay_share=0.5)
    found = loaded.load(tmp_path / "history.json")
    assert found == RewardHistory(1, last.recent, last.replayed, resumed=True)
    assert loaded == buffer
    assert loaded.draw(2) == buffer.draw(2)


def test_a_resumed_run_gets_its_rewards_back(make_trainer, tmp_path):
    def callback(histories):
        def refresh(trainer, history):
            histories.append(history)
            return CountingRewardModel(history.rows)

        return RefreshRewards(refresh, every_steps=2)

    options = {"max_steps": 5, "save_strategy": "steps", "save_steps": 3}
    options["reward_funcs"] = [CountingRewardModel()]
    first, second = [], []
    trainer = make_trainer([callback(first)], **options)
    trainer.train()
    resumed = make_trainer([callback(second)], **options)
    resumed.train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-3"))
    assert [history.resumed for history in second] == [True, False]
    assert [history.rows for history in second] == [history.rows for history in first]
    assert resumed.reward_funcs[0].seen == trainer.reward_funcs[0].seen
    for one, other in zip(trainer.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_checkpoint_without_history_is_reported(make_trainer, tmp_path, caplog):
    options = {"max_steps": 2, "save_strategy": "steps", "save_steps": 1}
    make_trainer([], **options).train()
    trainer = make_trainer([RefreshRewards(lambda *_: None, every_steps=2)], **options)
    trainer.train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-1"))
    assert "no reward_history.json beside the checkpoint of step 1" in caplog.text


def nothing(completions, **_):
    return [None if n % 2 else 0.5 for n in range(len(completions))]


def test_unscored_completions_have_no_reward_and_messages_survive(make_trainer):
    histories = []
    callback = RefreshRewards(lambda _, history: histories.append(history), every_steps=4)
    make_trainer([callback], reward_funcs=[nothing]).train()
    rewards = [r.reward for r in histories[0].recent]
    assert rewards == [0.5, None] * 8
    assert histories[0].recent[1].rewards == {"nothing": None}
    json.dumps(rewards)


async def later(completions, **_):
    return [0.0] * len(completions)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ([nothing, nothing], "returned 2 rewards for the trainer's 1"),
        ({"accuracy": nothing}, "a reward for 'accuracy'; the trainer has nothing"),
        (3, "returned 3 for 'nothing'; a reward is callable"),
        (torch.nn.Linear(1, 1), "a reward model for 'nothing', which was a function"),
        (later, "a coroutine function for 'nothing'"),
    ],
)
def test_rewards_that_do_not_fit_are_refused(make_trainer, returned, message):
    callback = RefreshRewards(lambda *_: returned, every_steps=1)
    with pytest.raises(RefreshError, match=message):
        make_trainer([callback], reward_funcs=[nothing]).train()


def test_a_mapping_changes_what_it_names_and_workers_are_started(make_trainer):
    class Warm:
        __name__ = "second"
        warmed = 0

        def warm_up(self):
            self.warmed += 1

        def __call__(self, completions, **_):
            return [1.0] * len(completions)

    def second(completions, **_):
        return [0.0] * len(completions)

    new = Warm()
    callback = RefreshRewards(lambda *_: {"second": new}, every_steps=4)
    trainer = make_trainer([callback], reward_funcs=[nothing, second])
    trainer.train()
    assert trainer.reward_funcs == [nothing, new]
    assert new.warmed == 1
    assert trainer.reward_func_names == ["nothing", "second"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every_steps": 0}, "every_steps is 0"),
        ({"every_steps": 1, "capacity": 0}, "capacity is 0"),
        ({"every_steps": 1, "replay_share": 1.0}, r"replay_share is 1\.0; it must be in \[0, 1\)"),
        ({"every_steps": 1, "replay_share": math.nan}, "replay_share is nan"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(RefreshError, match=message):
        RefreshRewards(lambda *_: None, **options)
    with pytest.raises(RefreshError, match="refresh is 'mine'"):
        RefreshRewards("mine", every_steps=1)


@pytest.mark.slow
def test_processes_get_the_same_history(tmp_path):
    launching.run_two(Path(__file__).parent / "refreshing_rewards.py", tmp_path)
    first, second = (json.loads((tmp_path / f"rank{rank}.json").read_text()) for rank in (0, 1))
    assert first == second
    assert [len(history["recent"]) for history in first] == [24, 24]
    assert [len(history["replayed"]) for history in first] == [0, 8]
    for row in first[0]["recent"]:
        assert row["reward"] == len(set(row["completion"]))


@pytest.mark.slow
def test_the_policy_follows_a_reward_that_changes(make_trainer):
    """First digits are liked, then plus signs: the policy unlearns the one and learns the other."""

    def digits(completions, **_):
        return [sum(map(str.isdigit, text)) / 6 for text in completions]

    def pluses(completions, **_):
        return [text.count("+") / 6 for text in completions]

    shares = []

    def refresh(trainer, history):
        texts = "".join(row.completion for row in history.recent[-64:])
        shares.append((sum(map(str.isdigit, texts)) / len(texts), texts.count("+") / len(texts)))
        return pluses

    make_trainer(
        [RefreshRewards(refresh, every_steps=40)],
        reward_funcs=[digits],
        max_steps=120,
        beta=0.0,
        per_device_train_batch_size=16,
        lr_scheduler_type="constant",
    ).train()
    after_digits, *_, after_pluses = shares
    assert after_digits[0] > 0.8
    assert after_pluses[1] > 0.8
    assert after_pluses[0] < 0.2
