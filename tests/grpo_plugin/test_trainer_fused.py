"""The fused loss in the trainer: same training, no logits, and a warning where it cannot be."""

from __future__ import annotations

import importlib.util

import pytest

trl = pytest.importorskip("trl")
import torch  # noqa: E402
import transformers  # noqa: E402
from process_runs import ZERO_3, launch  # noqa: E402
from training_runs import distance, flat, logs, make, spread, train  # noqa: E402

from grpo_plugin.demo.tiny_model import build_tokenizer  # noqa: E402
from grpo_plugin.objectives import available, resolve  # noqa: E402

OFF_POLICY = {"num_iterations": 2, "max_steps": 4}
FAMILIES = {
    "Qwen3": {"tie_word_embeddings": False},
    "Gemma2": {"final_logit_softcapping": 0.05, "query_pre_attn_scalar": 8},
    "Cohere": {"logit_scale": 0.25},
    "Granite": {"logits_scaling": 6.0},
}


def family(name):
    torch.manual_seed(0)
    tokenizer = build_tokenizer()
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "head_dim": 8}
    sizes |= {"num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": len(tokenizer)}
    special = {f"{n}_token_id": getattr(tokenizer, f"{n}_token_id") for n in ("pad", "eos", "bos")}
    config = getattr(transformers, f"{name}Config")(**sizes, **special, **FAMILIES[name])
    return getattr(transformers, f"{name}ForCausalLM")(config)


def assert_same(ours, other):
    compared = 0
    for own, theirs in zip(ours.gradients.steps, other.gradients.steps, strict=True):
        if theirs.norm() > 1e-4:
            compared += 1
            assert distance(own, theirs) <= 1e-5
    assert compared
    assert (flat(ours.model) - flat(other.model)).abs().max() <= 2e-5


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("sequence_grpo", "bnpo") else pytest.param(name, marks=SLOW)
        for SLOW in [pytest.mark.slow]
        for name in available()
    ],
)
def test_every_objective_trains_as_without(tmp_path, name):
    options = {"objective": name, "rewards": (spread,)} | OFF_POLICY
    if "ref_logp" in resolve(name).needs:
        options |= {"beta": 0.2, "reference": True}
    fused = train(tmp_path / "fused", **options)
    plain = train(tmp_path / "plain", fused_loss=False, **options)
    assert fused.fused_heads.policy
    assert not plain.fused_heads.policy
    assert_same(fused, plain)
    for metric in ("entropy", "objective", "kept_tokens", "ratio/max", "clip/high"):
        assert logs(fused, metric) == pytest.approx(logs(plain, metric), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(
    "name",
    [n if n in ("Gemma2", "Qwen3") else pytest.param(n, marks=pytest.mark.slow) for n in FAMILIES],
)
def test_families_of_models(tmp_path, name):
    options = {"rewards": (spread,), "max_steps": 2}
    stock = train(tmp_path / "a", ours=False, loss_type="dapo", model=family(name), **options)
    ours = train(tmp_path / "b", objective="dapo", model=family(name), **options)
    assert ours.fused_heads.policy
    assert_same(ours, stock)


def test_no_log_probs_are_made_by_trl(tmp_path, monkeypatch):
    """Old policy, reference and gradients alike."""

    def refuse(*_, **__):
        raise AssertionError("TRL's forward pass was used")

    trainer = make(tmp_path, objective="grpo", beta=0.1, reference=True, **OFF_POLICY)
    assert trainer.fused_heads.reference
    method = "_get_per_token_logps_and_entropies"
    monkeypatch.setattr(trl.GRPOTrainer, method, refuse)
    trainer.train()
    assert logs(trainer, "kl/k3")


def test_old_log_probs_are_trls(tmp_path):
    trainer = make(tmp_path, objective="grpo")
    ids = torch.randint(6, 20, (3, 9), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[1, 6:] = 0
    arguments = (trainer.model, ids, mask, 5)
    with torch.no_grad():
        options = {"batch_size": 2, "compute_entropy": True}
        own = trainer._get_per_token_logps_and_entropies(*arguments, **options)
        theirs = super(type(trainer), trainer)._get_per_token_logps_and_entropies(
            *arguments, **options
        )
    live = mask[:, -5:] != 0
    for mine, other in zip(own[:2], theirs[:2], strict=True):
        torch.testing.assert_close(mine[live], other[live], rtol=0, atol=1e-5)
        assert not mine[~live].any()


def test_entropy_is_computed_where_it_is_logged(tmp_path):
    every = train(tmp_path / "1", objective="dapo", logging_steps=1)
    second = train(tmp_path / "2", objective="dapo", logging_steps=2, max_steps=2)
    assert logs(second, "entropy") == pytest.approx(logs(every, "entropy")[1:2], rel=1e-4)


@pytest.mark.parametrize("checkpointing", [False, True])
def test_lora_and_checkpointing(tmp_path, checkpointing):
    peft = pytest.importorskip("peft")
    options = {"beta": 0.2, "gradient_checkpointing": checkpointing, "rewards": (spread,)}

    def lora(**more):
        return peft.LoraConfig(r=4, target_modules=["q_proj"], init_lora_weights=False, **more)

    stock = train(tmp_path / "a", ours=False, loss_type="grpo", peft_config=lora(), **options)
    ours = train(tmp_path / "b", objective="grpo", peft_config=lora(), **options)
    assert ours.fused_heads.policy
    assert_same(ours, stock)


def test_a_head_that_cannot_be_fused_falls_back_with_one_warning(tmp_path, caplog):
    model = family("Qwen3")
    original = model.forward

    def shifted(*args, **kwargs):
        found = original(*args, **kwargs)
        found.logits = found.logits + 1
        return found

    model.forward = shifted
    trainer = train(tmp_path, objective="grpo", model=model, rewards=(spread,))
    assert not trainer.fused_heads.policy
    assert trainer.state.global_step == 3
    warned = [record for record in caplog.records if "fused_loss is off" in record.getMessage()]
    assert len(warned) == 1
    assert "not its output layer" in warned[0].getMessage()


def test_without_an_objective_nothing_is_fused(tmp_path):
    assert not make(tmp_path).fused_heads.policy


@pytest.mark.slow
def test_two_processes_of_which_one_has_nothing_to_learn(tmp_path):
    job = {
        "objective": "dapo", "fixed": True, "max_steps": 2,
        "per_device_train_batch_size": 2, "gradient_accumulation_steps": 2,
    }  # fmt: skip
    fused, plain = launch(tmp_path, [job, job | {"fused_loss": False}])
    for own, theirs in zip(fused["gradients"], plain["gradients"], strict=True):
        assert distance(own, theirs) <= 1e-5
    assert (fused["weights"] - plain["weights"]).abs().max() <= 2e-5


@pytest.mark.slow
def test_sharded_by_fsdp2(tmp_path):
    """As DDP and as stock TRL, sharded likewise; with a reference, and off-policy."""
    training = OFF_POLICY | {"beta": 0.2, "reference": True}
    ours = {"objective": "grpo"} | training
    stock = {"ours": False, "loss_type": "grpo"} | training
    jobs = [ours, ours | {"sharded": True}, stock | {"sharded": True}]
    whole, fused, plain = launch(tmp_path, jobs)
    assert fused["sharded"]
    assert plain["sharded"]
    assert not whole["sharded"]
    assert fused["fused"] == (True, True)
    for other in (whole, plain):
        for own, theirs in zip(fused["gradients"], other["gradients"], strict=True):
            assert theirs.norm() > 1e-4
            assert distance(own, theirs) <= 1e-5
        assert (fused["weights"] - other["weights"]).abs().max() <= 2e-5


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("deepspeed") is None, reason="needs deepspeed")
def test_partitioned_by_zero_3(tmp_path):
    """As DDP: with a reference and off-policy, a model that is here and one partitioned as read."""
    ours = {"objective": "grpo", "beta": 0.2} | OFF_POLICY
    jobs = [ours | {"reference": True}, ours | {"loaded": True}]
    whole = launch(tmp_path / "whole", jobs)
    # Each in processes of its own: DeepSpeed keeps state of the first.
    for index, job in enumerate(jobs):
        (found,) = launch(tmp_path / f"zero{index}", [job | {"deepspeed": ZERO_3}])
        assert found["partitioned"]
        assert found["fused"] == (True, True)
        assert (found["weights"] - whole[index]["weights"]).abs().max() <= 2e-5
        measured = [
            [log["kl/k3"] for log in one["logs"] if "kl/k3" in log] for one in (found, whole[index])
        ]
        assert measured[0] == pytest.approx(measured[1], rel=1e-3, abs=1e-6)
        assert max(measured[1]) > 1e-4
