"""With a TRL loss selected, our gradients and parameters are stock TRL's."""

from __future__ import annotations

import inspect

import pytest

trl = pytest.importorskip("trl")

from training_runs import distance, flat, train  # noqa: E402

SOURCE = inspect.getsource(trl.GRPOTrainer._compute_loss)
NAMES = ("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo")
LOSSES = [name for name in NAMES if f'"{name}"' in SOURCE]
SPECIAL = {
    "cispo": {"epsilon_high": 5.0},  # TRL takes it for the cap itself
    "luspo": {"importance_sampling_level": "sequence"},
}
CASES = {
    "on_policy": {},
    "off_policy": {"num_iterations": 2, "epsilon": 1e-3, "epsilon_high": 2e-3, "max_steps": 4},
    "kl": {"beta": 0.3, "reference": True},
    "kl_off_policy": {"beta": 0.3, "reference": True, "num_iterations": 2, "max_steps": 4},
    "accumulation_1": {"gradient_accumulation_steps": 1},
    "accumulation_4": {"gradient_accumulation_steps": 4, "per_device_train_batch_size": 2},
    "sequence_level": {"importance_sampling_level": "sequence", "num_iterations": 2},
    "two_sided": {"delta": 1.001, "num_iterations": 2, "epsilon": 1e-3},
    "kl_plain": {"beta": 0.3, "reference": True, "use_bias_correction_kl": False},
    "off_policy_mask": {"off_policy_mask_threshold": 1e-4, "num_iterations": 2, "max_steps": 4},
    "high_entropy": {"top_entropy_quantile": 0.5, "num_iterations": 2},
    "truncated": {"mask_truncated_completions": True, "num_iterations": 2},
    "batch_scale": {"scale_rewards": "batch"},
    "windows": {"steps_per_generation": 4, "max_steps": 4},
}
if "entropy_coef" in SOURCE:
    CASES["entropy"] = {"entropy_coef": 0.1}
QUICK = {
    *(("grpo", "off_policy"), ("cispo", "off_policy"), ("sapo", "off_policy")),
    *(("dapo", "kl_off_policy"), ("grpo", "windows")),
}


def parameters():
    for case in CASES:
        for name in LOSSES:
            if case == "sequence_level" and name == "vespo":
                continue  # it has no level, and ours says so
            if case == "two_sided" and name in ("cispo", "sapo", "vespo"):
                continue  # TRL leaves delta out of these in silence; ours refuses it
            marks = () if (name, case) in QUICK else pytest.mark.slow
            yield pytest.param(name, case, id=f"{name}-{case}", marks=marks)


@pytest.mark.parametrize(("name", "case"), list(parameters()))
def test_gradients_and_parameters_equal_stock_trl(tmp_path, name, case):
    options = CASES[case] | SPECIAL.get(name, {})
    if name in ("cispo", "sapo", "vespo"):  # they clip nothing, and ours refuses what it ignores
        options.pop("epsilon", None)
        if name != "cispo":
            options.pop("epsilon_high", None)
    if (
        name == "luspo"
        and "(per_token_loss * mask).sum(-1).mean()" not in SOURCE
        and (options.get("beta") or case == "high_entropy")
    ):
        pytest.skip("this release of TRL averages LUSPO's padding in")
    if case == "windows" and "steps_per_generation" not in SOURCE and name in ("dapo", "cispo"):
        pytest.skip("this release of TRL divides by the generation batch, not by the window")
    stock = train(tmp_path / "stock", ours=False, loss_type=name, **options)
    ours = train(tmp_path / "ours", objective=name, fused_loss=False, **options)
    assert len(ours.gradients.steps) == len(stock.gradients.steps) == ours.args.max_steps
    moving = [step for step in stock.gradients.steps if step.norm() > 1e-5]
    assert moving, "nothing is compared"
    for own, theirs in zip(ours.gradients.steps, stock.gradients.steps, strict=True):
        if theirs.norm() > 1e-5:
            assert distance(own, theirs) <= 1e-6
        else:  # all that is left is rounding
            assert own.norm() <= 2e-5
    assert (flat(ours.model) - flat(stock.model)).abs().max() <= 2e-5
