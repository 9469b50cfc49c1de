"""The host waits for the device at most once for a micro-batch, metrics included."""

from __future__ import annotations

import pytest

pytest.importorskip("trl")
import torch
from training_runs import logs, make
from waiting import counted

from grpo_plugin import GRPOTrainer, host

CASES = {
    "dapo": {},
    "grpo": {"num_iterations": 2, "max_steps": 2},
    "gspo": {"num_iterations": 2, "max_steps": 2},
    "dr_grpo": {"beta": 0.3, "reference": True},
    "clip_cov": {},
    "rft": {},
    "cispo": {"mask_truncated_completions": True},
}


class Watched(GRPOTrainer):
    """Keeps what is noted in the loss of each micro-batch."""

    def _compute_loss(self, model, inputs):
        waits, reads = self.noted
        before = len(waits), len(reads)
        loss = super()._compute_loss(model, inputs)
        self.of_losses.append((waits[before[0] :], reads[before[1] :]))
        return loss


@pytest.mark.parametrize("name", CASES)
def test_once_for_a_micro_batch(tmp_path, monkeypatch, name):
    options = {"max_steps": 2, "logging_steps": 2} | CASES[name]
    trainer = make(tmp_path, trainer_class=Watched, objective=name, **options)
    trainer.of_losses = []
    with counted(monkeypatch) as trainer.noted:
        trainer.train()
    assert trainer.fused_heads.policy
    assert len(trainer.of_losses) == 4
    for waits, reads in trainer.of_losses:
        assert not waits, "\n".join(map(str, waits))
        assert len(reads) <= 1, reads
    assert logs(trainer, "objective")


def test_the_count_sees_each_kind_of_wait(monkeypatch):
    # Called from a file of ours, as the count heeds nothing else.
    source = "def ask(x):\n    return {}\n"
    for question, waits in (
        ("bool(x.any())", True),
        ("x.tolist()", True),
        ("x.sum().item()", True),
        ("float(x[0])", True),
        ("x[x > 1]", True),
        ("x.nonzero()", True),
        ("x.new_tensor(3.0)", True),
        ("x.to('cpu')", True),
        ("x[x.argsort()]", False),
        ("x.new_full((), 3.0)", False),
        ("x.where(x > 0, x * 0)", False),
    ):
        scope = {}
        code = compile(source.format(question), "/somewhere/grpo_plugin/asking.py", "exec")
        exec(code, scope)
        with counted(monkeypatch) as (found, _):
            scope["ask"](torch.tensor([1.0, 2.0, 3.0]))
        assert bool(found) == waits, question


def test_what_is_read_arrives_as_it_was():
    values = [
        torch.tensor([[True, False], [False, True]]),
        torch.arange(3),
        torch.tensor(2.5, dtype=torch.float64),
        torch.tensor([1.0, 2.0], dtype=torch.bfloat16),
        torch.zeros(0, 4),
    ]
    for found, value in zip(host.read(*values), values, strict=True):
        assert found.dtype == value.dtype
        assert torch.equal(found, value)
