"""The optimal token baseline in training: one pass gives log π and Σπ², with no logits."""

from __future__ import annotations

import pytest

pytest.importorskip("trl")
import torch
from training_runs import make, spread

from grpo_plugin import GRPOConfig, GRPOTrainer
from grpo_plugin.advantages import optimal_token_baseline
from grpo_plugin.errors import ConfigurationError

OPTIONS = {
    "objective": "dr_grpo",
    "advantage_estimator": "optimal_token_baseline",
    "rewards": (spread,),
    "max_steps": 1,
    "per_device_train_batch_size": 8,
    "gradient_accumulation_steps": 1,
}


class Kept(GRPOTrainer):
    """Keeps the rollout with its advantages, and the weights that it was sampled with."""

    def advantages_of(self, rollout):
        found = super().advantages_of(rollout)
        self.kept = rollout, found
        return found


def reference(trainer, rollout):
    """In float64, of all logits."""
    tensors = rollout.tensors
    model = trainer.model.double().eval()
    ids = torch.cat([tensors["prompt_ids"], tensors["completion_ids"]], dim=1)
    mask = torch.cat([tensors["prompt_mask"], tensors["completion_mask"]], dim=1)
    keep = tensors["completion_ids"].shape[1]
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=mask).logits[:, -keep - 1 : -1]
    log_p = (logits / trainer.temperature).log_softmax(-1)
    logp = log_p.gather(2, ids[:, -keep:, None]).squeeze(2)
    squares = log_p.exp().square().sum(-1)
    return optimal_token_baseline(
        rollout.rewards.double(), rollout.group, logp, squares, rollout.mask
    )


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("off_policy", [False, True])
def test_against_float64(tmp_path, fused, off_policy):
    trainer = make(
        tmp_path,
        trainer_class=Kept,
        fused_loss=fused,
        learning_rate=0.0,
        num_iterations=2 if off_policy else 1,
        temperature=0.7,
        **OPTIONS,
    )
    trainer.train()
    rollout, found = trainer.kept
    assert trainer.fused_heads.policy == fused
    wanted = reference(trainer, rollout)
    assert found.shape == wanted.shape
    assert wanted.abs().max() > 0.1
    torch.testing.assert_close(found.double(), wanted, rtol=1e-4, atol=1e-5)


def test_one_pass_where_the_old_log_probs_are_made_anyway(tmp_path):
    trainer = make(tmp_path, trainer_class=Kept, num_iterations=2, **OPTIONS)
    passes = []
    trainer.model.register_forward_pre_hook(
        lambda module, args, kwargs: (
            passes.append("fused" in kwargs) if "fused" in kwargs else None
        ),
        with_kwargs=True,
    )
    trainer.train()
    assert len(passes) == 2  # π_old's, and the one that is trained on


def test_what_it_cannot_be_combined_with():
    for options in (
        {"objective": None},
        {"objective": "dapo", "kl_in": "reward", "beta": 0.1},
        {"objective": "dapo", "advantage_options": {"k": 2}},
    ):
        with pytest.raises(ConfigurationError, match="optimal_token_baseline"):
            GRPOConfig(
                "out", use_cpu=True, bf16=False, advantage_estimator="optimal_token_baseline",
                **options,
            )  # fmt: skip
