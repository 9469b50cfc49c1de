"""Gradient coefficients: automatic differentiation, finite differences and formulas agree."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.objectives import (  # noqa: E402
    Coupling,
    ObjectiveConfig,
    available,
    closed_form_coefficient,
    coefficients,
    coupling_of,
    gradient_coefficient,
    known_beforehand,
    resolve,
)
from grpo_plugin.objectives.closed_forms import CLOSED_FORMS  # noqa: E402

# Their gradient is not the derivative of their value: a factor is held constant.
STOP_GRADIENT = {"cispo", "vespo", "gspo_token", "dppo_tv", "dppo_kl", "fipo"}
ALWAYS_KNOWN = {"sft", "rft", "online_rft", "reinforce", "gpg"}
BY_VALUE = {"dpo", "clip_cov", "kl_cov"}
WIDE = ObjectiveConfig(clip_low=0.2, clip_high=0.3, cov_fraction=0.2, cov_low=-9, cov_high=9)


@pytest.mark.parametrize("name", sorted(set(available()) - STOP_GRADIENT))
def test_gradcheck(draw, name):
    logp, batch = draw(2, per_token_advantages=True)
    clean = torch.nan_to_num(logp).requires_grad_()
    config = WIDE if name == "dpo" else replace(WIDE, beta=0.1)
    assert torch.autograd.gradcheck(lambda x: resolve(name)(x, batch, config), clean)


@pytest.mark.parametrize("kl", ["k1", "k2", "k3", "abs"])
@pytest.mark.parametrize("level", ["token", "sequence"])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradcheck_of_kl(draw, kl, level, weighted):
    logp, batch = draw(2)
    clean = torch.nan_to_num(logp).requires_grad_()
    config = ObjectiveConfig(beta=0.4, kl=kl, kl_level=level, kl_weighted=weighted)
    assert torch.autograd.gradcheck(lambda x: resolve("grpo")(x, batch, config), clean)


@pytest.mark.parametrize("name", ["grpo", "sequence_grpo", "gspo", "gmpo", "luspo"])
def test_gradcheck_beyond_the_cap(draw, name):
    logp, batch = draw(2, shift=3.0)
    clean = torch.nan_to_num(logp).requires_grad_()
    config = ObjectiveConfig(beta=0.1, log_ratio_cap=0.5)
    assert torch.autograd.gradcheck(lambda x: resolve(name)(x, batch, config), clean)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_closed_forms(draw, name, seed):
    logp, batch = draw(seed, per_token_advantages=True, shift=0.5)
    for config in (
        resolve(name).defaults,
        WIDE,
        replace(WIDE, delta=1.4, log_ratio_cap=0.3),
        *(
            replace(WIDE, beta=0.3, kl=kl, kl_level=level)
            for kl in ("k1", "k2", "k3", "abs", "k1_st", "k3_st")
            for level in ("token", "sequence")
        ),
    ):
        used = replace(config, delta=None) if "delta" not in resolve(name).options else config
        used = replace(used, log_ratio_cap=20.0) if name in ("gmpo", "sapo") else used
        wanted = gradient_coefficient(resolve(name), logp, batch, used)
        got = closed_form_coefficient(resolve(name), logp, batch, used)
        torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-12)


def test_closed_forms_with_token_weights(draw):
    logp, batch = draw(4)
    weight = torch.linspace(0, 2, 30, dtype=torch.float64).view(6, 5)
    batch = replace(batch, policy_weight=weight, sampling_ratio=weight[:, :1].clone())
    for name in ("grpo", "cispo", "reinforce"):
        wanted = gradient_coefficient(resolve(name), logp, batch, WIDE)
        torch.testing.assert_close(
            closed_form_coefficient(resolve(name), logp, batch, WIDE), wanted
        )
    with pytest.raises(ValueError, match="no closed form with token weights"):
        closed_form_coefficient(resolve("gspo"), logp, batch, WIDE)


def test_closed_forms_say_when_there_is_none(draw):
    logp, batch = draw(0)
    with pytest.raises(ValueError, match="no closed form for 'clip_cov'"):
        closed_form_coefficient(resolve("clip_cov"), logp, batch)
    with pytest.raises(ValueError, match="kl_weighted"):
        closed_form_coefficient(resolve("grpo"), logp, batch, ObjectiveConfig(kl_weighted=True))


@pytest.mark.parametrize("name", available())
def test_masked_tokens_have_no_coefficient_and_are_never_read(draw, name):
    logp, batch = draw(1)
    config = replace(WIDE, entropy_coef=0.1) if name != "dpo" else WIDE
    found = coefficients(resolve(name), logp, batch, config)
    assert torch.isfinite(found.loss)
    assert torch.isfinite(found.logp).all()
    assert (found.logp[~batch.live] == 0).all()
    assert not found.loss.requires_grad
    if found.entropy is not None:
        assert (found.entropy[~batch.live] == 0).all()
        assert found.entropy[batch.live].tolist() == pytest.approx([-0.1 / 16] * 16)


def test_entropy_has_its_own_coefficient_only_when_asked(draw):
    logp, batch = draw(1)
    assert coefficients(resolve("grpo"), logp, batch).entropy is None
    weight = torch.zeros(6, 5, dtype=torch.float64)
    weight[0, 0] = weight[2, 0] = 1
    weighted = replace(batch, policy_weight=weight)
    config = ObjectiveConfig(entropy_coef=0.4)
    got = coefficients(resolve("grpo"), logp, weighted, config).entropy
    assert got.count_nonzero() == 2
    assert got[0, 0] == pytest.approx(-0.2)
    window = replace(config, entropy_mean="window")
    got = coefficients(resolve("grpo"), logp, replace(batch, token_count=100.0), window).entropy
    assert got[0, 0] == pytest.approx(-0.004)


@pytest.mark.parametrize("name", available())
def test_coupling_is_as_declared(draw, name):
    """Moving one token's log-prob changes the coefficients of no token outside its coupling."""
    logp, batch = draw(6)
    objective = resolve(name)
    before = gradient_coefficient(objective, logp, batch, WIDE)
    moved = logp.clone()
    moved[0, 1] += 0.4
    after = gradient_coefficient(objective, moved, batch, WIDE)
    changed = before != after
    allowed = torch.zeros_like(changed)
    coupling = coupling_of(objective, WIDE)
    if coupling is Coupling.TOKEN:
        allowed[0, 1] = True
    elif coupling is Coupling.SEQUENCE:
        allowed[0] = True
    else:
        allowed[:] = True
    assert not (changed & ~allowed).any()


@pytest.mark.parametrize(
    ("config", "coupling"),
    [
        (ObjectiveConfig(), Coupling.TOKEN),
        (ObjectiveConfig(ratio_level="sequence_mean"), Coupling.SEQUENCE),
        (ObjectiveConfig(beta=0.1), Coupling.TOKEN),
        (ObjectiveConfig(beta=0.1, kl_level="sequence"), Coupling.SEQUENCE),
        (ObjectiveConfig(off_policy_threshold=0.1), Coupling.SEQUENCE),
    ],
)
def test_options_can_couple_a_sequence(config, coupling):
    assert coupling_of(resolve("grpo"), config) is coupling


@pytest.mark.parametrize("on_policy", [False, True])
@pytest.mark.parametrize("beta", [0.0, 0.1])
@pytest.mark.parametrize("name", available())
def test_known_beforehand_means_the_same_for_all_log_probs(draw, name, beta, on_policy):
    logp, batch = draw(8, on_policy=on_policy)
    objective, config = resolve(name), replace(WIDE, beta=beta)
    here = gradient_coefficient(objective, logp, batch, config)
    there = gradient_coefficient(objective, torch.full_like(logp, -2.0), batch, config)
    known = known_beforehand(objective, batch, config)
    assert known == (beta == 0 and (name in ALWAYS_KNOWN or (on_policy and name not in BY_VALUE)))
    if known:
        assert torch.equal(here, there)
    elif name not in ("clip_cov", "kl_cov"):  # theirs may happen to be the same
        assert not torch.equal(here, there)


def test_dropping_off_policy_completions_is_known_only_without_a_behaviour_policy(draw):
    _, batch = draw(8, on_policy=True)
    config = ObjectiveConfig(off_policy_threshold=0.1)
    assert known_beforehand(resolve("grpo"), batch, config)
    other = replace(batch, sampling_logp=torch.full((6, 5), -1.0, dtype=torch.float64))
    assert not known_beforehand(resolve("grpo"), other, config)
    assert not known_beforehand(resolve(lambda logp, batch, config: logp.sum()), batch, config)


def test_a_loss_without_gradient_has_zero_coefficients(draw):
    logp, batch = draw(0)
    got = coefficients(resolve(lambda logp, batch, config: torch.ones(())), logp, batch)
    assert not got.logp.any()
