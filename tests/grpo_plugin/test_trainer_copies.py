"""A copy of a trainer's model is a model of its own: best-model snapshots, averages, references."""

from __future__ import annotations

import copy
import io

import pytest

trl = pytest.importorskip("trl")
import torch  # noqa: E402
from training_runs import make, spread  # noqa: E402

IDS = torch.arange(1, 5)[None]


def pickled(model):
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
@pytest.mark.parametrize(
    "options", [{}, {"objective": "dapo"}, {"objective": "dapo", "fused_loss": False}]
)
def test_training_moves_the_model_and_not_its_copy(tmp_path, options, copied):
    trainer = make(tmp_path, rewards=(spread,), learning_rate=0.1, max_steps=2, **options)
    with torch.no_grad():
        before = trainer.model(input_ids=IDS).logits
    twin = copied(trainer.model)
    trainer.train()
    with torch.no_grad():
        assert torch.equal(twin(input_ids=IDS).logits, before)
        assert not torch.allclose(trainer.model(input_ids=IDS).logits, before, atol=1e-3)
        for weight in trainer.model.parameters():
            weight.zero_()
        assert torch.equal(twin(input_ids=IDS).logits, before)
    assert twin.generate(IDS, max_new_tokens=2).shape == (1, 6)


def test_a_copy_trains_as_the_original_does(tmp_path):
    """A reference made by copying: two trainers, one after the other, on model and copy."""
    first = make(tmp_path / "first", rewards=(spread,), objective="dapo", max_steps=2)
    model = copy.deepcopy(first.model)
    first.train()
    again = make(tmp_path / "again", rewards=(spread,), objective="dapo", max_steps=2, model=model)
    again.train()
    for one, other in zip(first.model.parameters(), again.model.parameters(), strict=True):
        torch.testing.assert_close(one, other)
