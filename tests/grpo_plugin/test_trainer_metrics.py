"""What is logged, with objectives of ours; and models that are not plain."""

from __future__ import annotations

import inspect
import math

import pytest

trl = pytest.importorskip("trl")
import torch  # noqa: E402
from datasets import Dataset  # noqa: E402
from training_runs import ROWS, distance, flat, logs, make, spread, train  # noqa: E402

from rewards import accuracy  # noqa: E402

ALWAYS = {
    *("objective", "kept_completions", "kept_tokens", "entropy", "dead_groups"),
    *("timing/reward_s", "timing/generation_s", "timing/loss_s"),
}
RATIO = {"ratio/min", "ratio/q01", "ratio/q50", "ratio/q99", "ratio/max", "ratio_overflow"}
CLIP = {"clip/low", "clip/high"}
TRLS_CLIP = {f"clip_ratio/{name}" for name in ("low_mean", "low_min", "high_mean", "high_max")} | {
    "clip_ratio/region_mean"
}
KL = {"kl", "kl/k1", "kl/k2", "kl/k3", "kl/abs", "kl_overflow", "kl/coefficient"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"objective": "reinforce"}, ALWAYS),
        ({"objective": "grpo", "num_iterations": 2}, ALWAYS | RATIO | CLIP | TRLS_CLIP),
        (
            {"objective": "grpo", "beta": 0.1, "reference": True},
            ALWAYS | RATIO | CLIP | TRLS_CLIP | KL,
        ),
    ],
)
def test_names(tmp_path, options, expected):
    trainer = train(tmp_path, rewards=(spread,), **options)
    named = {
        name
        for entry in trainer.state.log_history
        for name, value in entry.items()
        if name.startswith(("ratio", "clip", "kl", "kept", "dead", "timing/", "objective"))
        or name == "entropy"
    }
    assert named == expected
    for name in expected:
        assert all(math.isfinite(value) for value in logs(trainer, name)), name


def test_values(tmp_path):
    trainer = train(
        tmp_path, rewards=(spread,), objective="grpo", num_iterations=2, max_steps=4, epsilon=1e-4,
        learning_rate=1e-2,
    )  # fmt: skip
    first, second = trainer.state.log_history[:2]
    assert first["ratio/min"] == pytest.approx(1, abs=1e-5)
    assert first["ratio/max"] == pytest.approx(1, abs=1e-5)
    assert second["ratio/min"] < 1 < second["ratio/max"]
    assert second["clip/low"] + second["clip/high"] > 0
    assert second["ratio/min"] <= second["ratio/q50"] <= second["ratio/max"]
    assert second["objective"] == pytest.approx(-second["loss"], abs=1e-5)
    assert 0 < first["kept_tokens"] <= 1
    stock = train(tmp_path / "stock", rewards=(spread,), ours=False, loss_type="grpo")
    entropy = train(tmp_path / "ours", rewards=(spread,), objective="grpo")
    assert logs(entropy, "entropy") == pytest.approx(logs(stock, "entropy"), rel=1e-4)


@pytest.mark.skipif(
    not hasattr(trl.GRPOTrainer, "_log_metric"), reason="this TRL lets rewards log nothing"
)
def test_rates_of_each_reward_are_logged(tmp_path):
    trainer = train(tmp_path, rewards=(accuracy, spread), objective="dapo", max_steps=1)
    found = trainer.state.log_history[0]
    rates = {name: value for name, value in found.items() if name.startswith("accuracy/")}
    assert sum(rates.values()) == pytest.approx(1)
    assert {"accuracy/correct", "accuracy/wrong", "accuracy/no_answer"} <= set(rates)
    assert "rewards/accuracy/mean" in found


def test_evaluation_uses_the_objective_and_counts_by_itself(tmp_path):
    found = []
    for ours in (True, False):
        name = {"objective": "dapo"} if ours else {"loss_type": "dapo"}
        trainer = make(
            tmp_path / str(ours), ours=ours, rewards=(spread,), per_device_eval_batch_size=8,
            eval_strategy="no", max_steps=2, steps_per_generation=2, **name,
        )  # fmt: skip
        trainer.train()
        trainer.evaluate(Dataset.from_list(ROWS[:4]))
        found.append(next(e for e in trainer.state.log_history if "eval_loss" in e))
    ours, stock = found
    assert ours["eval_loss"] == pytest.approx(stock["eval_loss"], rel=1e-5, abs=1e-6)
    assert {"eval_objective", "eval_dead_groups", "eval_timing/loss_s"} <= set(ours)


@pytest.mark.parametrize("beta", [0.0, 0.2])
def test_lora_adapters_train_as_with_stock_trl(tmp_path, beta):
    peft = pytest.importorskip("peft")
    lora = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    options = {"beta": beta, "num_iterations": 2, "max_steps": 4, "peft_config": lora}
    stock = train(tmp_path / "stock", ours=False, loss_type="grpo", **options)
    ours = train(tmp_path / "ours", objective="grpo", **options)
    for own, theirs in zip(ours.gradients.steps, stock.gradients.steps, strict=True):
        if theirs.norm() > 1e-4:
            assert distance(own, theirs) <= 1e-5
    weights = [flat(trainer.model) for trainer in (ours, stock)]
    assert 0 < len(weights[0]) < 2000
    torch.testing.assert_close(*weights, rtol=0, atol=2e-5)
    literal = train(tmp_path / "literal", objective="sequence_grpo", **options)
    assert literal.state.global_step == 4


def test_a_shorter_last_window_weighs_as_stock_trls_does(tmp_path):
    """An epoch whose last window has fewer micro-batches."""
    options = {"max_steps": -1, "num_train_epochs": 1, "gradient_accumulation_steps": 4}
    options |= {"steps_per_generation": 2, "rows": ROWS[:6], "rewards": (spread,)}
    stock = train(tmp_path / "stock", ours=False, loss_type="grpo", **options)
    ours = train(tmp_path / "ours", objective="grpo", **options)
    assert len(stock.gradients.steps) == 2
    for own, theirs in zip(ours.gradients.steps, stock.gradients.steps, strict=True):
        assert distance(own, theirs) <= 1e-5


SOURCE = inspect.getsource(trl.GRPOTrainer._compute_loss)
EXTREMES = ("clip_ratio/low_min", "clip_ratio/high_max")
NAMED_BY_THE_LOSS = ("kl", "clip_ratio", "cispo", "vespo", "entropy", "policy_loss")


@pytest.mark.parametrize("name", ["grpo", "dapo", "cispo", "vespo", "luspo"])
@pytest.mark.parametrize("fused", [False, True])
def test_trls_names_stay_with_trls_values(tmp_path, name, fused):
    """Also where dead completions stay out of the model: `patchy` kills every other group."""
    if f'"{name}"' not in SOURCE:
        pytest.skip("this release of TRL has no such loss")
    clipping = name in {"grpo", "dapo", "luspo"}
    options = {"num_iterations": 2, "max_steps": 4, "learning_rate": 1e-2}
    options |= {"epsilon": 1e-3, "epsilon_high": 2e-3} if clipping else {}
    options |= {"epsilon_high": 1.001} if name == "cispo" else {}
    options |= {"importance_sampling_level": "sequence"} if name == "luspo" else {}
    if name == "grpo":
        options |= {"beta": 0.1, "reference": True}
        if hasattr(trl.GRPOConfig, "entropy_coef"):
            options |= {"entropy_coef": 0.01}
    ours = train(
        tmp_path / "ours", objective=name, fused_loss=fused,
        skip_dead_completions=name != "vespo", **options,
    )  # fmt: skip
    stock = train(tmp_path / "stock", ours=False, loss_type=name, **options)
    compared = set()
    for entry, own in zip(stock.state.log_history, ours.state.log_history, strict=True):
        for key, value in entry.items():
            if not key.startswith(NAMED_BY_THE_LOSS) or (key == "entropy" and name != "grpo"):
                continue  # entropy is of the completions that entered the model
            if key in EXTREMES and "masked_seq_mean" not in SOURCE:
                continue  # of whole micro-batches, once
            assert own[key] == pytest.approx(value, rel=2e-3, abs=2e-5), key
            compared.add(key)
    assert compared
    assert not clipping or max(logs(stock, "clip_ratio/region_mean")) > 0


@pytest.mark.parametrize("rounds", [0, 3])
def test_the_table_of_completions_shows_what_was_trained(tmp_path, rounds):
    trainer = train(
        tmp_path, objective="dapo", advantage_estimator="rloo", max_steps=1,
        dynamic_sampling_rounds=rounds, log_completions=True, gradient_accumulation_steps=4,
    )  # fmt: skip
    trained = trainer._buffered_inputs
    table = trainer._logs
    assert len({len(table[key]) for key in ("prompt", "completion", "advantages")}) == 1
    tokenizer = trainer.processing_class
    expected = {}
    for part in trained:
        for ids, advantage in zip(part["completion_ids"], part["advantages"], strict=True):
            text = tokenizer.decode(ids, skip_special_tokens=True)
            expected.setdefault(text, []).append(float(advantage))
    shown = {}
    for text, advantage in zip(table["completion"], table["advantages"], strict=True):
        shown.setdefault(text, []).append(advantage)
    assert {text: sorted(values) for text, values in shown.items()} == {
        text: pytest.approx(sorted(values)) for text, values in expected.items()
    }
