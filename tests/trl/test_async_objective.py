"""An objective in TRL's asynchronous trainer: its own step, on batches that its collator packs."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")
trainer_module = pytest.importorskip("trl.experimental.async_grpo.async_grpo_trainer")
packing = pytest.importorskip("trl.experimental.async_grpo.packing")

from accelerate import Accelerator  # noqa: E402

from grpo_plugin.async_trainer import WithObjective  # noqa: E402
from grpo_plugin.errors import ConfigurationError  # noqa: E402
from grpo_plugin.objectives import ObjectiveConfig  # noqa: E402

ACCUMULATION = 2
LENGTHS = (1, 4, 2, 5)
PROMPT = [7, 8, 9]


class Trainer(WithObjective, trainer_module.AsyncGRPOTrainer):
    """What a user would write."""


class Bare(WithObjective):
    """Where nothing but the objective is looked at."""


def a_trainer(objective, config=None):
    """A trainer without a model or a server: what TRL's `compute_loss` reads, and no more."""
    trainer = object.__new__(Trainer)
    trainer.__dict__.update(vars(Bare(objective=objective, objective_config=config)))
    trainer.__dict__.update(
        accelerator=Accelerator(cpu=True),
        args=SimpleNamespace(max_completion_length=8),
        state=SimpleNamespace(global_step=3),
        current_gradient_accumulation_steps=ACCUMULATION,
        aux_loss_enabled=False,
        epsilon_low=0.2,
        epsilon_high=0.2,
        _metrics={"train": defaultdict(list)},
        _step_forward_tokens=0.0,
        _step_trained_tokens=0.0,
        _step_seq_len_weighted=0.0,
        _step_samples=0.0,
        _step_forward_s=0.0,
    )
    return trainer


def packed(seed):
    """A micro-batch as TRL packs it, and its samples; they share their prompt's tokens."""
    torch.manual_seed(seed)
    row = packing.TreeRow()
    for length in LENGTHS:
        ids = torch.tensor([*PROMPT, *torch.randint(10, 99, (length,)).tolist()])
        mask = torch.tensor([0] * len(PROMPT) + [1] * length)
        if length == 5:
            mask[5] = 0  # a tool wrote it
        row.add(
            {
                "input_ids": ids,
                "completion_mask": mask,
                "old_log_probs": -torch.rand(len(ids)),
                "advantage": float(torch.randn(())),
                "group_id": 0,
                "metrics": {},
            }
        )
    inputs = trainer_module.DataCollatorForRollout(pad_token_id=0).torch_call([[row]])
    return inputs, row.samples


def loss_of(trainer, inputs, logp, which=Trainer):
    """The loss where the model gives these log-probs at the packed positions; its gradient."""

    def model(**given):
        assert given["input_ids"].shape[1] == logp.shape[0]
        return SimpleNamespace(log_probs=logp[None], entropy=torch.zeros_like(logp)[None])

    loss = which.compute_loss(trainer, model, inputs)
    return loss.detach(), torch.autograd.grad(loss, logp)[0]


@pytest.mark.parametrize("seed", range(3))
def test_the_token_mean_with_trls_clips_is_trls_own_loss(seed):
    inputs, _ = packed(seed)
    logp = (-torch.rand(inputs["input_ids"].shape[1])).requires_grad_()
    trainer = a_trainer("dapo", ObjectiveConfig(clip_low=0.2, clip_high=0.2))
    ours = loss_of(trainer, inputs, logp)
    theirs = loss_of(trainer, inputs, logp, which=trainer_module.AsyncGRPOTrainer)
    torch.testing.assert_close(ours, theirs)
    assert len(trainer._metrics["train"]["ratio"]) == 2, "TRL's metrics are logged as ever"


@pytest.mark.parametrize("seed", range(3))
def test_a_sequence_level_loss_is_its_papers_formula(seed):
    inputs, samples = packed(seed)
    logp = (-torch.rand(inputs["input_ids"].shape[1])).double().requires_grad_()
    found, slopes = loss_of(a_trainer("gspo"), inputs, logp)
    index, segment = inputs["token_index"][0], inputs["segment_id"][0]
    terms = []
    for at, sample in enumerate(samples):
        old = sample["old_log_probs"][sample["completion_mask"].bool()].double()
        new = logp[index[segment == at]]
        ratio = (new - old).mean().exp()
        advantage = sample["advantage"]
        clipped = ratio.clamp(1 - 3e-4, 1 + 4e-4)
        terms.append(-torch.minimum(ratio * advantage, clipped * advantage))
    wanted = torch.stack(terms).mean() / ACCUMULATION  # GSPO, arXiv 2507.18071, eq. 5
    torch.testing.assert_close(found, wanted.detach(), atol=1e-6, rtol=1e-5)
    (slope,) = torch.autograd.grad(wanted, logp)
    torch.testing.assert_close(slopes, slope, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("objective", "config", "named"),
    [
        ("dapo", ObjectiveConfig(beta=0.04), "ref_logp"),
        ("dapo", ObjectiveConfig(entropy_coef=0.01), "entropy"),
        ("dapo", ObjectiveConfig(sapo_tau_pos=2.0), "sapo_tau_pos"),
    ],
)
def test_what_a_step_has_no_data_for_is_refused_when_the_trainer_is_made(objective, config, named):
    with pytest.raises(ConfigurationError, match=named):
        Trainer(objective=objective, objective_config=config)
