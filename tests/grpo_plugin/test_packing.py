"""A packed micro-batch gives the gradients of a padded one, and costs fewer positions."""

from __future__ import annotations

import logging

import pytest

pytest.importorskip("trl")
import torch
from training_runs import distance, flat, make, train
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    MistralConfig,
    MistralForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from grpo_plugin.batch import Batch
from grpo_plugin.errors import UnsupportedHeadError
from grpo_plugin.loss.model import fuse_head
from grpo_plugin.loss.request import FusedRequest, predicting_positions
from grpo_plugin.training import fused
from grpo_plugin.training.packing import check_packing, pack

SIZES = {
    "vocab_size": 40,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
}


def qwen():
    return Qwen3ForCausalLM(Qwen3Config(**SIZES))


def windowed():
    """Attention that reaches three tokens back."""
    return MistralForCausalLM(MistralConfig(**SIZES, sliding_window=3))


def absolute(vocabulary):
    """A model that learns each position by itself."""
    return GPT2Config(vocab_size=vocabulary, n_embd=16, n_layer=1, n_head=2, n_positions=64)


def ragged():
    """Five completions of at most 11 tokens: one without a live token, one with a hole in it."""
    generator = torch.Generator().manual_seed(3)
    prompts, completions = torch.tensor([4, 2, 1, 3, 4]), torch.tensor([3, 11, 1, 4, 2])
    attended = torch.cat(
        [torch.arange(4) >= 4 - prompts[:, None], torch.arange(11) < completions[:, None]], dim=1
    )
    live = attended[:, 4:].clone()
    live[1, 2:4] = False
    live[4] = False
    ids = torch.randint(0, 40, attended.shape, generator=generator)
    return ids, attended, live


@pytest.mark.parametrize(
    ("attention", "dtype"), [("sdpa", torch.float64), ("eager", torch.float32)]
)
@pytest.mark.parametrize("build", [qwen, windowed])
def test_gradients_are_those_of_a_padded_batch(build, attention, dtype):
    torch.manual_seed(0)
    model = build().to(dtype)
    model.set_attn_implementation(attention)
    fuse_head(model)
    check_packing(model)
    ids, attended, live = ragged()
    advantages = torch.randn(5, 1, dtype=dtype).expand(live.shape)
    batch = Batch(advantages=advantages, mask=live)

    def run(inputs, positions, length):
        request = FusedRequest(
            positions=positions, targets=ids[:, 4:][live], length=length, objective="grpo",
            batch=batch, entropy=True,
        )  # fmt: skip
        model.zero_grad()
        found = model(**inputs, fused=request)
        found.loss.backward()
        return found, flat(model, "grad")

    # Positions as packing has them: rotary embeddings are computed in float32 whatever the model.
    positions = (attended.long().cumsum(dim=1) - 1).clamp(min=0)
    padded = {"input_ids": ids, "attention_mask": attended.long(), "position_ids": positions}
    wanted, gradient = run(padded, predicting_positions(live, 15), 15)
    packed = pack(ids, attended, live, in_one_row=False)
    found, own = run(packed.inputs, packed.predicting, packed.length)
    assert packed.inputs["input_ids"].numel() < 0.6 * ids.numel()
    exact = 1e-10 if dtype == torch.float64 else 1e-5
    torch.testing.assert_close(found.logp, wanted.logp, rtol=exact, atol=exact)
    torch.testing.assert_close(found.entropy, wanted.entropy, rtol=exact, atol=exact)
    assert gradient.norm() > 0
    assert distance(own, gradient) < exact


def test_where_each_token_is_predicted():
    ids, attended, live = ragged()
    for in_one_row in (False, True):
        packed = pack(ids, attended, live, in_one_row=in_one_row)
        taken, positions = (packed.inputs[n].flatten() for n in ("input_ids", "position_ids"))
        places = live.nonzero() + torch.tensor([0, 4])
        for (row, column), at in zip(places.tolist(), packed.predicting.tolist(), strict=True):
            before = ids[row, : column + 1][attended[row, : column + 1]]
            assert taken[at + 2 - len(before) : at + 2].tolist() == before.tolist()
            assert positions[at + 1] == len(before) - 1
    assert packed.inputs["cu_seq_lens_q"].tolist() == [0, 13, 20, 27, 29]
    assert packed.inputs["max_length_k"] == 13
    assert packed.inputs["cu_seq_lens_q"].dtype == torch.int32


def test_no_packing_where_nothing_is_saved_or_the_first_token_is_asked_for():
    ids, attended, live = ragged()
    assert pack(ids[1:2, 2:], attended[1:2, 2:], live[1:2], in_one_row=False) is None
    assert pack(ids, attended, torch.zeros_like(live), in_one_row=True) is None
    attended[2, :4] = False
    assert pack(ids, attended, live, in_one_row=False) is None


def test_models_that_cannot_are_found_out():
    check_packing(qwen())
    check_packing(windowed())
    check_packing(qwen().bfloat16())
    with pytest.raises(UnsupportedHeadError, match="positions are not relative"):
        check_packing(GPT2LMHeadModel(absolute(vocabulary=40)))


def test_a_model_that_mixes_sequences_is_found_out():
    model = qwen()
    backbone = model.model.forward

    def deaf(*args, position_ids=None, **kwargs):
        return backbone(*args, **kwargs)

    model.model.forward = deaf
    with pytest.raises(UnsupportedHeadError, match="keep the sequences apart"):
        check_packing(model)


@pytest.fixture
def one_row(monkeypatch):
    """Everything goes into one row, as with attention of variable length."""
    monkeypatch.setattr(fused, "has_variable_length", lambda model: True)


@pytest.mark.parametrize(
    "case", [{}, {"num_iterations": 2, "max_steps": 4, "beta": 0.3, "reference": True}]
)
@pytest.mark.usefixtures("one_row")
def test_training_is_the_same(tmp_path, case):
    padded = train(tmp_path / "padded", objective="dapo", **case)
    packed = train(tmp_path / "packed", objective="dapo", packed_forward=True, **case)
    assert packed.fused_heads.packs
    compared = 0
    for own, theirs in zip(packed.gradients.steps, padded.gradients.steps, strict=True):
        if theirs.norm() > 1e-5:
            compared += 1
            assert distance(own, theirs) <= 1e-4
    assert compared
    assert (flat(packed.model) - flat(padded.model)).abs().max() <= 2e-5


@pytest.mark.usefixtures("one_row")
def test_the_model_sees_fewer_positions(tmp_path):
    trainer = make(tmp_path, objective="dapo", packed_forward=True, skip_dead_completions=False)
    seen = []

    def note(module, args, kwargs):
        if torch.is_grad_enabled():
            seen.append((kwargs["input_ids"].shape[0], "position_ids" in kwargs))

    trainer.model.register_forward_pre_hook(note, with_kwargs=True)
    trainer.train()
    assert set(seen) <= {(1, True), (4, False)}  # what has no padding stays as it is
    assert (1, True) in seen


def test_steps_aside_with_a_warning(tmp_path, caplog):
    torch.manual_seed(0)
    config = absolute(vocabulary=64)
    with caplog.at_level(logging.WARNING):
        trainer = make(
            tmp_path, model=GPT2LMHeadModel(config), objective="dapo", packed_forward=True
        )
    assert trainer.fused_heads.policy
    assert not trainer.fused_heads.packs
    assert "packed_forward is off" in caplog.text
