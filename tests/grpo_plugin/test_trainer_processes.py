"""Two processes (gloo): parity with stock TRL, and no change by how a window is split."""

from __future__ import annotations

import pytest

trl = pytest.importorskip("trl")
from process_runs import launch, run  # noqa: E402
from training_runs import distance  # noqa: E402

from grpo_plugin.objectives import available, resolve  # noqa: E402

COUPLED = {"bnpo", "clip_cov", "kl_cov", "dpo", "m2po"}
"""A micro-batch's other completions enter the gradient: these change with the split, by design."""

SPLITS = {"8x1": (8, 1), "4x2": (4, 2), "2x4": (2, 4)}
ONCE = {"fixed": True, "max_steps": 1}


def split(name, rows, accumulation, **options):
    needs_reference = "ref_logp" in resolve(name).needs
    extra = {"beta": 0.2, "reference": True} if needs_reference else {}
    if name == "clip_cov":  # eight short completions have few tokens of high covariance
        extra = {"objective_options": {"cov_low": 0.0, "cov_fraction": 0.2}}
    return (
        ONCE
        | extra
        | options
        | {
            "objective": name,
            "per_device_train_batch_size": rows,
            "gradient_accumulation_steps": accumulation,
        }
    )


def test_the_list_of_coupled_objectives_is_the_declared_one():
    assert {name for name in available() if not resolve(name).splits} == COUPLED


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("dapo", "sequence_grpo", "bnpo") else pytest.param(name, marks=SLOW)
        for SLOW in [pytest.mark.slow]
        for name in available()
    ],
)
def test_micro_batches_and_accumulation(tmp_path, name):
    found = [
        run(tmp_path / split_name, split(name, rows, steps))
        for split_name, (rows, steps) in SPLITS.items()
    ]
    whole = found[0]["gradients"][0]
    assert whole.norm() > 1e-4
    apart = [distance(other["gradients"][0], whole) for other in found[1:]]
    if name in COUPLED:
        assert max(apart) > 1e-4
    else:
        assert max(apart) < 1e-5
        losses = [other["logs"][0]["loss"] for other in found]
        assert losses == pytest.approx([losses[0]] * 3, rel=1e-4, abs=2e-6)


@pytest.mark.parametrize("options", [{"beta": 0.2, "reference": True}, {"entropy_coef": 0.1}])
def test_splits_with_more_terms(tmp_path, options):
    if "entropy_coef" in options:
        if not hasattr(trl.GRPOConfig, "entropy_coef"):
            pytest.skip("this TRL has no entropy bonus")
        options = options | {"objective_options": {"entropy_mean": "window"}}
    found = [
        run(tmp_path / split_name, split("grpo", rows, steps, **options))["gradients"][0]
        for split_name, (rows, steps) in SPLITS.items()
    ]
    assert max(distance(other, found[0]) for other in found[1:]) < 1e-5


def test_two_processes(tmp_path):
    """One process against two, and ours against stock TRL in two.

    All advantages of the first process are zero: it still runs one row, and waits for nobody.
    """
    names = ("dapo", "sequence_grpo")
    training = {"max_steps": 3, "num_iterations": 2, "epsilon": 1e-3, "epsilon_high": 2e-3}
    jobs = [split(name, 2, 2) for name in names]
    jobs += [{"ours": False, "loss_type": "dapo"} | training, {"objective": "dapo"} | training]
    *splits, stock, ours = launch(tmp_path / "two", jobs)
    for name, two in zip(names, splits, strict=True):
        one = run(tmp_path / name, split(name, 4, 2))
        assert distance(two["gradients"][0], one["gradients"][0]) < 1e-5
        assert two["rows"] == [1, 1]
        assert two["logs"][0]["loss"] == pytest.approx(one["logs"][0]["loss"], rel=1e-4)
    compared = 0
    for own, theirs in zip(ours["gradients"], stock["gradients"], strict=True):
        if theirs.norm() > 1e-5:
            compared += 1
            assert distance(own, theirs) <= 1e-6
    assert compared
    assert (ours["weights"] - stock["weights"]).abs().max() <= 2e-5


@pytest.mark.slow
def test_every_objective_in_two_processes(tmp_path):
    names = [name for name in available() if name not in COUPLED]
    found = launch(tmp_path / "two", [split(name, 2, 2) for name in names])
    for name, two in zip(names, found, strict=True):
        one = run(tmp_path / name, split(name, 4, 2))
        assert distance(two["gradients"][0], one["gradients"][0]) < 1e-5, name


@pytest.mark.slow
def test_every_trl_loss_in_two_processes(tmp_path):
    names = ("grpo", "bnpo", "dr_grpo", "dapo", "sapo")
    cases = [
        {"num_iterations": 2, "max_steps": 4},
        {"beta": 0.3, "reference": True},
        {"mask_truncated_completions": True, "steps_per_generation": 2},
    ]
    jobs = [(name, case) for name in names for case in cases]
    stock = launch(
        tmp_path / "stock", [{"ours": False, "loss_type": name} | case for name, case in jobs]
    )
    ours = launch(tmp_path / "ours", [{"objective": name} | case for name, case in jobs])
    compared = 0
    for own, theirs in zip(ours, stock, strict=True):
        for mine, other in zip(own["gradients"], theirs["gradients"], strict=True):
            if other.norm() > 1e-5:
                compared += 1
                assert distance(mine, other) <= 1e-6
        assert (own["weights"] - theirs["weights"]).abs().max() <= 2e-5
    assert compared > len(jobs)
