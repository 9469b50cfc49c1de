"""Bad input is refused in words that name it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.errors import NonFiniteLogitsError  # noqa: E402
from grpo_plugin.loss import fused_logps, fused_policy_loss  # noqa: E402
from grpo_plugin.objectives import ObjectiveConfig  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]


def call(problem, **changes):
    values = {
        "hidden": problem.hidden,
        "weight": problem.weight,
        "targets": problem.targets,
        "objective": "grpo",
        "batch": problem.batch,
    }
    return fused_policy_loss(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"hidden": torch.zeros(16, 4)}, ValueError, "hidden has shape .16, 4."),
        ({"hidden": torch.zeros(2, 8, 16)}, ValueError, "hidden has shape"),
        ({"hidden": torch.zeros(16, 16).int()}, TypeError, "hidden has dtype torch.int32"),
        ({"hidden": None}, TypeError, "hidden is a NoneType"),
        ({"hidden": torch.zeros(16, 16, device="meta")}, ValueError, "hidden is on meta"),
        ({"weight": torch.zeros(0)}, ValueError, "ZeRO-3"),
        ({"weight": torch.zeros(0, 16)}, ValueError, "weight has shape .0, 16."),
        ({"weight": torch.zeros(9, 16).to(torch.int8)}, TypeError, "quantised"),
        ({"bias": torch.zeros(5)}, ValueError, "bias has shape .5,."),
        ({"bias": torch.zeros(301).long()}, TypeError, "bias has dtype"),
        ({"targets": torch.zeros(16)}, TypeError, "targets are torch.float32"),
        ({"targets": torch.zeros(3).long()}, ValueError, "targets have shape .3,."),
        ({"targets": torch.full((16,), 301)}, ValueError, "from 301 to 301, but the vocabulary"),
        ({"targets": torch.full((16,), -100)}, ValueError, "-100"),
        ({"temperature": 0.0}, ValueError, "temperature is 0.0"),
        ({"temperature": float("nan")}, ValueError, "temperature is nan"),
        ({"softcap": -1.0}, ValueError, "softcap is -1.0"),
        ({"logit_scale": 0.0}, ValueError, "logit_scale is 0.0"),
        ({"objective": "grpoo"}, ValueError, "'grpoo' is unknown"),
        ({"objective": 3}, TypeError, "objective is a int"),
        ({"config": ObjectiveConfig(beta=1.0)}, ValueError, "needs batch.ref_logp"),
        ({"memory_mb": 1e-4}, ValueError, "does not hold one row of 301 logits"),
        ({"backend": "cuda"}, ValueError, "backend is 'cuda'; choose one of 'auto'"),
    ],
)
def test_refused(pose, changes, error, message):
    problem = pose(1)
    batch = replace(problem.batch, ref_logp=None)
    with pytest.raises(error, match=message):
        call(problem, **({"batch": batch} | changes))


def test_as_many_rows_as_live_tokens(pose):
    problem = pose(2)
    with pytest.raises(ValueError, match="16 live tokens but hidden has 15 rows"):
        call(problem, hidden=problem.hidden[1:], targets=problem.targets[1:])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["grpo", "sequence_grpo", "dpo"])
def test_non_finite_hidden_states(pose, name, value):
    problem = pose(3)
    problem.hidden[7, 3] = value
    with pytest.raises(NonFiniteLogitsError, match=r"1 of 16 .* row 7 .*hidden.7. not finite"):
        problem.fused(name)
    with pytest.raises(NonFiniteLogitsError, match="row 7"):
        fused_logps(problem.hidden, problem.weight, problem.targets)


def test_non_finite_weight(pose):
    problem = pose(4)
    problem.weight[5, 5] = torch.nan
    with pytest.raises(NonFiniteLogitsError, match=r"16 of 16 .* weight not finite"):
        problem.fused("grpo")


def test_a_target_of_probability_zero(pose):
    problem = pose(5)
    problem.bias = torch.zeros(301).double()
    problem.bias[problem.targets[0]] = -torch.inf
    with pytest.raises(NonFiniteLogitsError, match=r"row 0 .*bias not finite"):
        problem.fused("grpo")


def test_products_that_overflow(pose):
    problem = pose(6, dtype=torch.float32)
    problem.hidden[2] = 3e38
    with pytest.raises(NonFiniteLogitsError, match="overflowed"):
        problem.fused("grpo")


@pytest.mark.parametrize("on_policy", [False, True])
def test_non_finite_advantages(pose, on_policy):
    problem = pose(7, on_policy=on_policy)
    problem.batch.advantages[0, 0] = torch.nan
    with pytest.raises(ValueError, match=r"gradient is not finite .*advantages"):
        problem.fused("grpo")


def test_extreme_logits_are_fine(pose, assert_same):
    problem = pose(8, spread=3000.0)
    found = problem.fused("gpg", entropy=True)
    assert all(torch.isfinite(gradient).all() for gradient in found.gradients)
    assert_same(problem.plain("gpg"), found, 1e-9)


def test_needs_nothing_but_torch():
    code = """
import json, sys
for name in ("trl", "transformers", "datasets", "accelerate", "triton"):
    sys.modules[name] = None
import torch
from grpo_plugin.batch import Batch
from grpo_plugin.loss import fused_policy_loss
hidden = torch.randn(4, 3, requires_grad=True)
batch = Batch(advantages=torch.ones(2, 2), mask=torch.ones(2, 2))
fused_policy_loss(hidden, torch.randn(9, 3), torch.arange(4), "dapo", batch).loss.backward()
print(json.dumps(hidden.grad.isfinite().all().item()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert json.loads(done.stdout) is True
