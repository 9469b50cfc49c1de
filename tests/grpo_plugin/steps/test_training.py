"""Process supervision inside a training run: what reaches the loss, in one process and two."""

import json
import math
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
trl = pytest.importorskip("trl")

from datasets import Dataset  # noqa: E402

from grpo_plugin.demo.tiny_model import build_model  # noqa: E402
from grpo_plugin.errors import StepError  # noqa: E402
from grpo_plugin.steps import ProcessSupervision  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
import launching  # noqa: E402
import reference  # noqa: E402
from recording import (  # noqa: E402
    ROWS,
    WEIGHTS,
    Recorder,
    both,
    digit_steps,
    make,
    three_characters,
)


def wanted_advantages(generation):
    """From what was recorded of one generation batch, all processes together."""
    return reference.advantages(generation, group_size=4, **WEIGHTS)


@pytest.mark.parametrize("objective", [None, "grpo"])
@pytest.mark.parametrize("iterations", [1, 2])
def test_every_micro_batch_gets_its_own_rows_advantages(tmp_path, iterations, objective):
    """Through TRL's shuffling and splitting, on- and off-policy, into TRL's loss and ours."""
    options = {"num_iterations": iterations, "objective": objective}
    trainer = make(tmp_path, both(), trainer_class=Recorder, **options)
    trainer.train()
    assert len(trainer.micro_batches) == 4
    known = {}
    for generation in trainer.generations:
        wanted = wanted_advantages(generation)
        known |= {tuple(row["ids"]): w for row, w in zip(generation, wanted, strict=True)}
        assert any(row["rewards"] for row in generation)
    for ids, advantages in trainer.micro_batches:
        for row, got in zip(ids, advantages, strict=True):
            assert got == pytest.approx(known[tuple(row)], abs=1e-5)
    assert any(len(set(got)) > 2 for _, rows in trainer.micro_batches for got in rows)


@pytest.mark.parametrize("objective", [None, "dapo"])
def test_the_loss_takes_them_token_by_token(tmp_path, objective):
    """On-policy the gradient of dapo, TRL's or ours, is that of -Σ A_t log π / tokens."""
    trainer = make(tmp_path, both(), trainer_class=Recorder, max_steps=1, objective=objective)
    trainer.train()
    inputs, gradients = trainer.first_inputs, trainer.first_gradients
    model = build_model(trainer.processing_class, hidden_size=16, layers=1)
    model.load_state_dict(trainer.first_weights)
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
    attention = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1)
    logits = model(input_ids=ids, attention_mask=attention).logits[:, :-1]
    logp = logits.log_softmax(-1).gather(-1, ids[:, 1:, None]).squeeze(-1)
    logp = logp[:, -inputs["completion_ids"].shape[1] :]
    weighted = inputs["advantages"] * logp * inputs["completion_mask"]
    (-weighted.sum() / inputs["num_items_in_batch"]).backward()
    for name, weight in model.named_parameters():
        torch.testing.assert_close(gradients[name], weight.grad, rtol=2e-4, atol=1e-6)


def test_step_rewards_alone_and_their_metrics(tmp_path):
    trainer = make(
        tmp_path,
        ProcessSupervision(functions=[digit_steps], splitter=three_characters),
        reward_funcs=None,
    )
    before = [weight.clone() for weight in trainer.model.parameters()]
    trainer.train()
    log = trainer.state.log_history[0]
    assert log["steps/count"] > 1
    assert 0 <= log["steps/digit_steps/mean"] <= 1
    assert log["steps/digit_steps/std"] > 0
    assert 0 < log["steps/unscored"] < 1
    assert log["steps/no_steps"] == 0
    assert log["digits_seen"] == pytest.approx(2.0)  # by log_metric
    assert log["timing/step_reward_s"] > 0
    if "extra" in trainer._logs:  # where this TRL has such columns: one entry per completion
        assert len(trainer._logs["extra"]["steps_seen"]) == 8
    moved = zip(before, trainer.model.parameters(), strict=True)
    assert any(not torch.equal(old, new) for old, new in moved)


def test_completions_without_steps_and_without_rewards_change_nothing(tmp_path):
    def none_at_all(steps, **_):
        assert steps == [[]] * 8
        return steps

    plain = make(tmp_path, None)
    plain.train()
    with_steps = make(
        tmp_path, ProcessSupervision(functions=[none_at_all], splitter=lambda text: [])
    )
    with_steps.train()
    for old, new in zip(plain.model.parameters(), with_steps.model.parameters(), strict=True):
        torch.testing.assert_close(old, new, rtol=1e-5, atol=1e-7)
    assert with_steps.state.log_history[0]["steps/no_steps"] == 1


def test_tokens_of_the_environment_are_no_steps(tmp_path):
    """A rollout with a tool's answer in it: "12" by the policy, "999" not, "3" by the policy."""

    def roll_out(prompts, trainer):
        tokenizer = trainer.processing_class
        ids = tokenizer("129993")["input_ids"] + [tokenizer.eos_token_id]
        count = len(prompts)
        return {
            "prompt_ids": [tokenizer("1+1=")["input_ids"]] * count,
            "completion_ids": [ids] * count,
            "logprobs": [[-1.0] * 7] * count,
            "env_mask": [[1, 1, 0, 0, 0, 1, 1]] * count,
        }

    def lengths(steps, **_):
        seen.extend(steps)
        return [[float(number), -float(number)] for number in range(len(steps))]

    seen = []
    supervision = ProcessSupervision(
        functions=[lengths], splitter=lambda text: [(0, len(text))], outcome_weight=0.0
    )
    trainer = make(
        tmp_path, supervision, trainer_class=Recorder, rollout_func=roll_out, max_steps=1
    )
    trainer.train()
    assert seen == [["12", "3"]] * 8
    for _, advantages in trainer.micro_batches:
        for row in advantages:
            assert row[2:5] == [0.0, 0.0, 0.0]
            assert row[0] == row[1] == pytest.approx(0, abs=1e-6)  # both steps, which cancel
            assert row[5] == row[6]
    assert any(row[5] for _, advantages in trainer.micro_batches for row in advantages)


def test_evaluation_is_scored_too(tmp_path):
    trainer = make(tmp_path, both(), num_generations_eval=2, per_device_eval_batch_size=4)
    trainer.evaluate(Dataset.from_list(ROWS[:4]))
    scores = trainer.state.log_history[-1]
    assert math.isfinite(scores["eval_loss"])
    assert scores["eval_steps/count"] > 1


def test_step_rewards_see_the_completions_that_dynamic_sampling_put_in(tmp_path):
    def rare(completions, **_):
        """Mostly the same for a whole group, so that there is something to refill."""
        return [float(text[:1] == "7") for text in completions]

    def lengths(completions, completion_ids, steps, prompts, **_):
        seen.append((completions, completion_ids, steps, prompts))
        return [[float(len(step)) for step in row] for row in steps]

    seen = []
    supervision = ProcessSupervision(functions=[lengths], splitter=three_characters)
    trainer = make(
        tmp_path, supervision, reward_funcs=[rare], dynamic_sampling_rounds=3, objective="grpo"
    )
    trainer.train()
    refilled = [e.get("dynamic_sampling/refilled_groups", 0) for e in trainer.state.log_history]
    assert sum(refilled) > 0
    for completions, ids, steps, prompts in seen:
        decoded = trainer.processing_class.batch_decode(ids, skip_special_tokens=True)
        assert decoded == completions
        assert ["".join(row) for row in steps] == completions
        assert prompts[:4] == prompts[:1] * 4
        assert prompts[4:] == prompts[4:5] * 4


def test_dynamic_sampling_needs_outcomes(tmp_path):
    with pytest.raises(StepError, match="step_reward_funcs stands alone"):
        make(tmp_path, both(), reward_funcs=None, dynamic_sampling_rounds=1)


def test_a_broken_step_reward_is_named_with_its_sample(tmp_path):
    def short(steps, **_):
        return [row[1:] for row in steps]

    trainer = make(tmp_path, short)
    with pytest.raises(StepError, match=r"the step reward 'short' returned .* for sample 0"):
        trainer.train()


@pytest.mark.slow
def test_a_policy_learns_what_the_steps_are_rewarded_for(tmp_path):
    """Steps with a plus sign are right; the outcome says nothing."""

    def plus(steps, **_):
        return [[float("+" in step) for step in row] for row in steps]

    trainer = make(
        tmp_path,
        ProcessSupervision(functions=[plus], splitter=three_characters),
        reward_funcs=None,
        max_steps=40,
        per_device_train_batch_size=16,
        gradient_accumulation_steps=1,
    )
    trainer.train()
    curve = [e["steps/plus/mean"] for e in trainer.state.log_history if "steps/plus/mean" in e]
    assert sum(curve[:5]) / 5 < 0.4
    assert sum(curve[-5:]) / 5 > 0.7


@pytest.mark.slow
def test_two_processes_normalise_a_group_together(tmp_path):
    """Four completions of a prompt, two in each process, with ragged steps."""
    launching.run_two(Path(__file__).parent / "two_processes.py", tmp_path)
    ranks = [json.loads((tmp_path / f"rank{rank}.json").read_text()) for rank in range(2)]
    for first, second in zip(*ranks, strict=True):
        generation = first + second
        wanted = wanted_advantages(generation)
        lengths = {len(row["rewards"]) for row in generation}
        assert len(lengths) > 1
        for row, expected in zip(generation, wanted, strict=True):
            assert row["advantages"] == pytest.approx(expected, abs=1e-5)
        assert any(math.isnan(r) for row in generation for step in row["rewards"] for r in step)


@pytest.mark.slow
def test_a_failure_in_one_process_ends_both(tmp_path):
    done = launching.run_two(
        Path(__file__).parent / "two_processes.py", tmp_path, "fail", check=False
    )
    assert done.returncode != 0
    assert "step rewards failed in process 1: RuntimeError: only here" in done.stderr
