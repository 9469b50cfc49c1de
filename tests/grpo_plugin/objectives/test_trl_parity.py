"""Our losses and gradients against TRL's own `_compute_loss`, driven with given log-probs."""

import inspect
from collections import defaultdict
from dataclasses import replace
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from trl import GRPOTrainer  # noqa: E402

from grpo_plugin.objectives import (  # noqa: E402
    ObjectiveConfig,
    resolve,
    sampler_correction,
)

SOURCE = inspect.getsource(GRPOTrainer._compute_loss)
LOSSES = [
    name
    for name in ("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo")
    if f'"{name}"' in SOURCE
]
ACCUMULATION, PROCESSES = 2, 2
# Older releases divide by the tokens of the generation batch without rescaling to the window.
STEPS_PER_GENERATION = 4 if "steps_per_generation" in SOURCE.split('"dapo"')[-1] else ACCUMULATION
# Older releases average LUSPO's padding in where its loss is per token (token level, or KL).
LUSPO_MASKS = "(per_token_loss * mask).sum(-1).mean()" in SOURCE
MODEL_OUTPUTS = 3 if "entropies, aux_loss" in SOURCE else 2


def trl_loss(loss_type, leaf, entropy, batch, items, *, trainer=GRPOTrainer, **options):
    """TRL's loss for a `self` that holds nothing but what `_compute_loss` reads."""
    arguments = SimpleNamespace(
        delta=options.get("delta"),
        use_bias_correction_kl=options.get("bias_correction", False),
        sapo_temperature_pos=1.0,
        sapo_temperature_neg=1.05,
        vespo_k_pos=2.0,
        vespo_lambda_pos=3.0,
        vespo_k_neg=3.0,
        vespo_lambda_neg=2.0,
        steps_per_generation=STEPS_PER_GENERATION,
    )
    stub = SimpleNamespace(
        _get_per_token_logps_and_entropies=lambda *_, **__: (leaf, entropy, None)[:MODEL_OUTPUTS],
        top_entropy_quantile=1.0,
        off_policy_mask_threshold=options.get("off_policy_threshold"),
        importance_sampling_level=options.get("level", "token"),
        beta=options.get("beta", 0.0),
        loss_type=loss_type,
        epsilon_low=options.get("epsilon_low", 0.2),
        epsilon_high=options.get("epsilon_high", 0.28),
        args=arguments,
        use_vllm=batch.sampling_ratio is not None,
        vllm_importance_sampling_correction=batch.sampling_ratio is not None,
        current_gradient_accumulation_steps=ACCUMULATION,
        model=SimpleNamespace(training=True),
        max_completion_length=batch.max_length,
        accelerator=SimpleNamespace(
            num_processes=PROCESSES, gather=lambda x: x, reduce=lambda x, reduction: x
        ),
        _entropy_bonus_enabled=options.get("entropy_coef", 0.0) != 0,
        use_adaptive_entropy=False,
        entropy_coef=options.get("entropy_coef", 0.0),
        aux_loss_enabled=False,
        _metrics=defaultdict(lambda: defaultdict(list)),
        get_off_policy_mask=getattr(GRPOTrainer, "get_off_policy_mask", None),
        get_gamma_weights=getattr(GRPOTrainer, "get_gamma_weights", None),
    )
    stub.accelerator.sync_gradients = False
    size = batch.mask.shape[0]
    inputs = {
        "prompt_ids": torch.zeros(size, 1, dtype=torch.long),
        "prompt_mask": torch.ones(size, 1, dtype=torch.long),
        "completion_ids": torch.zeros_like(batch.mask),
        "completion_mask": batch.mask,
        "advantages": batch.advantages[:, 0],
        "num_items_in_batch": torch.tensor(items),
        "ref_per_token_logps": batch.ref_logp,
    }
    if batch.old_logp is not None:
        inputs["old_per_token_logps"] = batch.old_logp
    if batch.sampling_logp is not None:
        inputs["sampling_per_token_logps"] = batch.sampling_logp
    if batch.sampling_ratio is not None:
        inputs["importance_sampling_ratio"] = batch.sampling_ratio
    return trainer._compute_loss(stub, None, inputs)


@pytest.fixture
def pair(draw):
    """The same numbers for both sides; TRL reads masked positions, so they are finite here."""

    def make(seed, **fields):
        logp, batch = draw(seed, **fields)
        items = 57.0
        finite = {
            name: torch.nan_to_num(getattr(batch, name), nan=-0.3)
            for name in ("old_logp", "ref_logp", "entropy")
            if getattr(batch, name) is not None
        }
        advantages = torch.nan_to_num(batch.advantages)
        advantages = torch.where(batch.live.any(1, True), advantages[:, :1], 0.7).expand(6, 5)
        keep = {name: getattr(batch, name) for name in ("mask", "max_length", "sampling_logp")}
        made = type(batch)(
            **keep,
            **finite,
            advantages=advantages.clone(),
            accumulation=ACCUMULATION,
            world_size=PROCESSES,
            token_count=items * ACCUMULATION / STEPS_PER_GENERATION,
        )
        return torch.nan_to_num(logp, nan=-0.3), made, items

    return make


def compare(name, pair_values, config, *, loss_type=None, trainer=GRPOTrainer, **options):
    if name == "luspo" and not LUSPO_MASKS and (options.get("level") != "sequence" or config.beta):
        pytest.skip("this release of TRL averages LUSPO's padding in")
    logp, batch, items = pair_values
    sides = []
    for which in ("ours", "theirs"):
        leaf = logp.clone().requires_grad_()
        entropy = batch.entropy.clone().requires_grad_()
        if which == "ours":
            loss = resolve(name)(leaf, replace(batch, entropy=entropy), config)
        else:
            loss = trl_loss(
                loss_type or name, leaf, entropy, batch, items, trainer=trainer, **options
            )
        loss.backward()
        uncertain = entropy.grad if entropy.grad is not None else torch.zeros_like(entropy)
        sides.append((loss.detach(), leaf.grad, uncertain))
    for ours, theirs in zip(*sides, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-12)


def config_for(loss_type, *, level="token", **fields):
    bounds = {"clip_low": 0.2, "clip_high": 0.28}
    if loss_type in ("sapo", "vespo", "cispo"):
        bounds = {"cispo_cap": 1.1}
    ours = {"token": "token", "sequence": "sequence_mean"}[level]
    return ObjectiveConfig(ratio_level=ours, **bounds, **fields)


def bounds_for(loss_type):
    return {"epsilon_high": 1.1} if loss_type == "cispo" else {}


@pytest.mark.parametrize("on_policy", [False, True])
@pytest.mark.parametrize("level", ["token", "sequence"])
@pytest.mark.parametrize("loss_type", LOSSES)
def test_loss_and_gradient(pair, loss_type, level, on_policy):
    values, config = pair(0, on_policy=on_policy), config_for(loss_type, level=level)
    compare(loss_type, values, config, level=level, **bounds_for(loss_type))


@pytest.mark.parametrize("correction", [False, True])
@pytest.mark.parametrize("level", ["token", "sequence"])
@pytest.mark.parametrize("loss_type", LOSSES)
def test_with_kl(pair, loss_type, level, correction):
    config = config_for(loss_type, level=level, beta=0.3, kl_weighted=correction)
    options = {"level": level, "beta": 0.3, "bias_correction": correction}
    compare(loss_type, pair(1), config, **options, **bounds_for(loss_type))


@pytest.mark.parametrize("loss_type", LOSSES)
def test_with_off_policy_mask_and_entropy(pair, loss_type):
    options = {"off_policy_threshold": 0.05}
    if "entropy_coef" in SOURCE:
        options["entropy_coef"] = 0.2
    config = config_for(loss_type, **options)
    compare(loss_type, pair(2), config, **options, **bounds_for(loss_type))


@pytest.mark.parametrize("mode", ["token_truncate", "sequence_mask"])
@pytest.mark.parametrize("loss_type", LOSSES)
def test_with_sampler_correction(pair, loss_type, mode):
    logp, batch, items = pair(3)
    noise = torch.linspace(-0.8, 0.8, 30, dtype=torch.float64).view(6, 5)
    sampling = batch.old_logp + noise
    ratio = sampler_correction(batch.old_logp, sampling, batch.mask, mode=mode, upper=1.5)
    batch = replace(batch, sampling_logp=sampling, sampling_ratio=ratio)
    config = config_for(loss_type, beta=0.1)
    compare(loss_type, (logp, batch, items), config, beta=0.1, **bounds_for(loss_type))


@pytest.mark.parametrize("loss_type", ["grpo", "dapo", "dr_grpo", "bnpo"])
def test_with_two_sided_clipping(pair, loss_type):
    config = config_for(loss_type, delta=1.4)
    compare(loss_type, pair(4, shift=0.8), config, delta=1.4)


def test_gspo(pair):
    config = ObjectiveConfig(clip_low=0.02, clip_high=0.03)
    bounds = {"epsilon_low": 0.02, "epsilon_high": 0.03}
    compare("gspo", pair(5), config, loss_type="grpo", level="sequence", **bounds)


def test_gmpo(pair):
    module = pytest.importorskip("trl.experimental.gmpo")
    logp, batch, items = pair(6)
    # TRL's value for a masked row is a constant, −A; ours is zero. Keep rows that are live.
    rows = batch.live.any(1)
    part = {
        name: value[rows] if isinstance(value, torch.Tensor) else value
        for name, value in batch.__dict__.items()
    }
    config = ObjectiveConfig(clip_low=0.2, clip_high=0.3, beta=0.1)
    values = (logp[rows], type(batch)(**part), items)
    bounds = {"epsilon_low": 0.2, "epsilon_high": 0.3, "beta": 0.1}
    compare("gmpo", values, config, trainer=module.GMPOTrainer, **bounds)
