"""Finite and pointing the right way where ratios of whole outputs leave float32."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.batch import Batch  # noqa: E402
from grpo_plugin.objectives import (  # noqa: E402
    ObjectiveConfig,
    available,
    coefficients,
    resolve,
)

UNPOLICED = {"sft", "rft", "online_rft", "dpo"}  # no advantage in them
FADING = {"sapo", "vespo", "dual_clip"}  # let go of tokens with huge ratios, by design
PULLED_BACK = {"kl_cov", "dro"}  # to π_old, by a penalty, against the advantage
POLICY = sorted(set(available()) - UNPOLICED)


def far_off(total, length, *, advantage, dtype=torch.float32):
    """One completion whose summed log-ratio, to π_old and to the reference, is `total`."""
    logp = torch.full((1, length), -600.0 / length - 0.01, dtype=dtype)
    other = logp - total / length
    shape = {"mask": torch.ones(1, length), "advantages": torch.full((1, length), advantage)}
    shape["advantages"] = shape["advantages"].to(dtype)
    return logp, Batch(
        old_logp=other,
        ref_logp=other.clone(),
        rewards=torch.ones(1, dtype=dtype),
        group=torch.zeros(1, dtype=torch.long),
        max_length=length,
        **shape,
    )


@pytest.mark.parametrize("length", [1, 5, 2048])
@pytest.mark.parametrize("advantage", [1.0, -1.0])
@pytest.mark.parametrize("total", [500.0, -500.0, 88.8, -88.8])
@pytest.mark.parametrize("name", POLICY)
def test_policy_term(name, total, advantage, length):
    logp, batch = far_off(total, length, advantage=advantage)
    found = coefficients(resolve(name), logp, batch, ObjectiveConfig())
    assert torch.isfinite(found.loss)
    assert torch.isfinite(found.logp).all()
    assert torch.isfinite(found.logp.square().sum())
    if name not in PULLED_BACK:
        assert (found.logp * advantage <= 0).all(), "against the advantage"
    if total > 0 and advantage < 0 and name not in FADING:
        assert (found.logp > 0).all(), "a bad output the policy ran away with is not pulled down"


@pytest.mark.parametrize("length", [1, 5, 2048])
@pytest.mark.parametrize("total", [500.0, -500.0, 88.8, -88.8])
@pytest.mark.parametrize("level", ["token", "sequence"])
@pytest.mark.parametrize("kl", ["k2", "k3", "abs", "k1_st", "k3_st"])
@pytest.mark.parametrize("name", ["grpo", "sequence_grpo"])
def test_kl_term_pulls_back(name, kl, level, total, length):
    logp, batch = far_off(total, length, advantage=0.0)
    config = ObjectiveConfig(beta=1.0, kl=kl, kl_level=level)
    found = coefficients(resolve(name), logp, batch, config)
    assert torch.isfinite(found.loss)
    assert (found.logp * total > 0).all(), "not pulled back to the reference"
    weighted = coefficients(resolve(name), logp, batch, replace(config, kl_weighted=True))
    assert torch.isfinite(weighted.loss)
    assert torch.isfinite(weighted.logp).all()


@pytest.mark.parametrize("total", [500.0, 100.0])
def test_sequence_grpo_keeps_its_pull_beyond_the_cap(total):
    """Where float32 has overflowed, the coefficient is still that of the cap, e^20."""
    logp, batch = far_off(total, 2048, advantage=-1.0)
    found = coefficients(resolve("sequence_grpo"), logp, batch)
    edge = torch.tensor(20.0).exp().item()
    torch.testing.assert_close(found.logp, torch.full_like(logp, edge))
    assert float(found.loss) == pytest.approx(edge * (1 + total - 20), rel=1e-4)
    assert not torch.isfinite((logp - batch.old_logp).sum().exp())


def test_sequence_grpo_is_exact_below_the_cap():
    logp, batch = far_off(19.0, 64, advantage=-1.0, dtype=torch.float64)
    found = coefficients(resolve("sequence_grpo"), logp, batch, ObjectiveConfig(beta=0.5))
    ratio = torch.tensor(19.0, dtype=torch.float64).exp()
    assert float(found.loss) == pytest.approx(float(ratio + 0.5 * (1 / ratio + 19 - 1)))
    assert float(found.logp[0, 0]) == pytest.approx(float(ratio + 0.5 * (1 - 1 / ratio)))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_dpo(sign):
    """A pair that is ordered wrongly by 500 is pulled fully, one ordered rightly no more."""
    logp = torch.tensor([[-1.0] * 4, [-1.0] * 4])
    other = logp.clone()
    other[0] -= sign * 500
    batch = Batch(
        advantages=torch.zeros(2, 4),
        mask=torch.ones(2, 4),
        ref_logp=other,
        rewards=torch.tensor([1.0, 0.0]),
        group=torch.tensor([0, 0]),
    )
    found = coefficients(resolve("dpo"), logp, batch, ObjectiveConfig(dpo_beta=1.0))
    assert torch.isfinite(found.loss)
    pull = 0.0 if sign > 0 else 1 / 4
    torch.testing.assert_close(found.logp, torch.tensor([[-pull] * 4, [pull] * 4]))


@pytest.mark.parametrize("name", available())
def test_nothing_live(draw, name):
    logp, batch = draw(0)
    batch = replace(batch, mask=torch.zeros_like(batch.mask))
    config = ObjectiveConfig(beta=0.1, entropy_coef=0.1)
    found = coefficients(resolve(name), logp, batch, config)
    assert found.loss == 0
    assert not found.logp.any()


@pytest.mark.parametrize("name", available())
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 1), (3, 0)])
def test_small_shapes(name, shape):
    gen = torch.Generator().manual_seed(0)
    logp = -torch.rand(shape, generator=gen)
    batch = Batch(
        advantages=torch.randn(shape, generator=gen),
        mask=torch.ones(shape, dtype=torch.bool),
        old_logp=-torch.rand(shape, generator=gen),
        ref_logp=-torch.rand(shape, generator=gen),
        rewards=torch.full((shape[0],), torch.nan),
        group=torch.arange(shape[0]),
        max_length=4,
    )
    found = coefficients(resolve(name), logp, batch, ObjectiveConfig(beta=0.1))
    assert torch.isfinite(found.loss)
    assert torch.isfinite(found.logp).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", available())
def test_half_precision_is_widened(draw, name, dtype):
    logp, batch = draw(0, dtype=torch.float32)
    half = logp.to(dtype).requires_grad_()
    loss = resolve(name)(half, batch, ObjectiveConfig())
    loss.backward()
    assert loss.dtype == torch.float32
    assert half.grad.dtype == dtype
    torch.testing.assert_close(loss, resolve(name)(half.float(), batch, ObjectiveConfig()))
