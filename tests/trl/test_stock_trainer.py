"""`reward_funcs=[accuracy, format]` in TRL's own trainer, unchanged."""

from __future__ import annotations

import math

import pytest

trl = pytest.importorskip("trl")

from rewards import Accuracy, Format, Status, accuracy, format  # noqa: E402

needs_logging = pytest.mark.skipif(
    not hasattr(trl.GRPOTrainer, "_log_metric"), reason="this TRL lets rewards log nothing"
)

PLAIN = [{"prompt": f"{n}+1=", "solution": str(n + 1)} for n in range(8)]
CHAT = [
    {"prompt": [{"role": "user", "content": row["prompt"]}], "solution": row["solution"]}
    for row in PLAIN
]


def steps(trainer):
    return [entry for entry in trainer.state.log_history if "reward" in entry]


@pytest.mark.parametrize("rows", [PLAIN, CHAT], ids=["plain", "chat"])
def test_trains_on_plain_and_chat_prompts(make_trainer, rows):
    trainer = make_trainer([accuracy, format], rows)
    before = [weight.clone() for weight in trainer.model.parameters()]
    trainer.train()
    assert trainer.state.global_step == 2
    assert len(steps(trainer)) == 2
    for entry in steps(trainer):
        assert 0 <= entry["rewards/accuracy/mean"] <= 1
        assert 0 <= entry["rewards/format/mean"] <= 1
        assert math.isfinite(entry["loss"])
    assert len(before) == len(list(trainer.model.parameters()))


def test_names_are_the_exported_ones(make_trainer):
    trainer = make_trainer([accuracy, format, Accuracy(name="strict")], PLAIN)
    assert trainer.reward_func_names == ["accuracy", "format", "strict"]


def test_a_reward_moves_the_weights(make_trainer):
    """Answers score by chance only, so a reward with a certain spread stands in for luck."""

    def first_half(completions, **_):
        return [float(position % 4 < 2) for position in range(len(completions))]

    trainer = make_trainer([accuracy, format, first_half], PLAIN)
    before = [weight.clone() for weight in trainer.model.parameters()]
    trainer.train()
    after = list(trainer.model.parameters())
    assert any((old != new).any() for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("group", [2, 8])
def test_groups_of_any_size(make_trainer, group):
    trainer = make_trainer([accuracy, format], PLAIN, num_generations=group, max_steps=1)
    trainer.train()
    assert len(trainer._logs["prompt"]) == 8
    assert len(set(trainer._logs["prompt"])) <= 8 // group


@needs_logging
def test_extra_columns_stand_beside_the_completions(make_trainer, tmp_path):
    import pandas as pd

    trainer = make_trainer([accuracy, format], PLAIN, log_completions=True)
    trainer.train()
    extra = trainer._logs["extra"]
    assert set(extra) == {
        f"{name}_{column}"
        for name in ("accuracy", "format")
        for column in ("extracted", "expected", "reason")
    }
    rows = len(trainer._logs["completion"])
    assert rows == 8
    assert {len(values) for values in extra.values()} == {rows}
    table = pd.read_parquet(tmp_path / "completions" / "completions_00002.parquet")
    assert len(table) == rows
    assert list(table["accuracy_reason"]) == list(extra["accuracy_reason"])
    expected = {row["prompt"]: row["solution"] for row in PLAIN}
    assert list(table["accuracy_expected"]) == [expected[prompt] for prompt in table["prompt"]]


@needs_logging
def test_status_rates_are_logged_and_sum_to_one(make_trainer):
    trainer = make_trainer([accuracy, format], PLAIN)
    trainer.train()
    for entry in steps(trainer):
        for reward in ("accuracy", "format"):
            rates = [entry[f"{reward}/{status.value}"] for status in Status]
            assert sum(rates) == pytest.approx(1)
            assert entry[f"{reward}/correct"] == pytest.approx(entry[f"rewards/{reward}/mean"])


MIXED = [
    {"prompt": "1+1=", "solution": "2", "essay": None},
    {"prompt": "2+2=", "solution": None, "essay": "four"},
    {"prompt": "3+3=", "solution": "6", "essay": None},
    {"prompt": "4+4=", "solution": None, "essay": "eight"},
]


@needs_logging
def test_a_reward_that_does_not_apply_is_left_out(make_trainer):
    """None becomes NaN, the other reward still trains the row, and no metric is poisoned."""
    trainer = make_trainer([accuracy, format], MIXED, per_device_train_batch_size=16, max_steps=3)
    trainer.train()
    assert trainer.state.global_step == 3
    for entry in steps(trainer):
        assert entry["accuracy/not_applicable"] == pytest.approx(0.5)
        assert entry["format/not_applicable"] == 0
        assert math.isfinite(entry["reward"])
        assert math.isfinite(entry["loss"])
    applicable = {row["prompt"] for row in MIXED if row["solution"] is not None}
    scores = trainer._logs["rewards"]["accuracy"]
    for prompt, score in zip(trainer._logs["prompt"], scores, strict=True):
        assert math.isnan(score) == (prompt not in applicable)
    assert all(bool(weight.isfinite().all()) for weight in trainer.model.parameters())


def test_rows_without_any_reward_train_on(make_trainer):
    rows = [{"prompt": "1+1=", "solution": "2"}, {"prompt": "2+2=", "solution": None}]
    trainer = make_trainer([accuracy], rows)
    trainer.train()
    assert trainer.state.global_step == 2
    assert all(bool(weight.isfinite().all()) for weight in trainer.model.parameters())


def test_a_dataset_without_the_column_fails_at_the_first_step(make_trainer):
    rows = [{"prompt": row["prompt"], "essay": row["solution"]} for row in PLAIN]
    with pytest.raises(ValueError, match="essay"):
        make_trainer([accuracy, format], rows).train()


@needs_logging
def test_other_reference_columns_and_a_named_one(make_trainer):
    rows = [{"prompt": row["prompt"], "final": row["solution"]} for row in PLAIN]
    trainer = make_trainer([Accuracy(column="final"), Format(answer_tag="answer")], rows)
    trainer.train()
    assert steps(trainer)[-1]["accuracy/not_applicable"] == 0


def test_evaluation_uses_the_same_rewards(make_trainer):
    from datasets import Dataset

    trainer = make_trainer(
        [accuracy, format], PLAIN, max_steps=1, per_device_eval_batch_size=8, eval_strategy="no"
    )
    trainer.train()
    metrics = trainer.evaluate(Dataset.from_list(PLAIN[:2]))
    assert "eval_rewards/accuracy/mean" in metrics or any(
        "eval_rewards/accuracy/mean" in entry for entry in trainer.state.log_history
    )
