import copy
import pickle
import subprocess
import sys
from dataclasses import fields, replace

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.kl import KLEstimator, KLLevel  # noqa: E402
from grpo_plugin.objectives import (  # noqa: E402
    Aggregation,
    Coupling,
    Dependence,
    Objective,
    ObjectiveConfig,
    RatioLevel,
    aggregate,
    available,
    coupling_of,
    gradient_coefficient,
    objective,
    register,
    registry,
    resolve,
)


def test_lists_every_objective():
    assert available() == (
        "bnpo",
        "cispo",
        "clip_cov",
        "dapo",
        "dpo",
        "dppo_kl",
        "dppo_tv",
        "dr_grpo",
        "dro",
        "dual_clip",
        "fipo",
        "gmpo",
        "gpg",
        "grpo",
        "gspo",
        "gspo_token",
        "kl_cov",
        "luspo",
        "m2po",
        "online_rft",
        "ppo_clip",
        "reinforce",
        "rft",
        "sapo",
        "sequence_grpo",
        "sft",
        "vespo",
    )


@pytest.mark.parametrize("name", ["deepseek_r1", "deepseek_v2", "deepseek_v3"])
def test_aliases(name):
    assert resolve(name) is resolve("sequence_grpo")


@pytest.mark.parametrize("name", available())
def test_each_declares_itself(name):
    found = resolve(name)
    assert isinstance(found, Objective)
    assert found.name == found.__name__ == name
    assert found.paper
    assert "J = " in found.__doc__ or name == "online_rft"
    assert found.options <= {option.name for option in fields(ObjectiveConfig)}
    found.check_options(found.defaults)
    found.check_options(ObjectiveConfig())


def double_sft(logp, batch, config):
    return -2 * logp.sum()


@pytest.mark.parametrize("name", ["grpo", "sequence_grpo", double_sft])
def test_can_be_pickled_and_copied(name):
    found = resolve(name)
    for again in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert again.function is found.function
        assert again is found or not isinstance(name, str)


def test_unknown_names_list_the_choices():
    with pytest.raises(ValueError, match="'grpp' is unknown; choose one of bnpo, cispo"):
        resolve("grpp")
    with pytest.raises(TypeError, match="objective is a int"):
        resolve(3)


def test_a_function_of_ones_own(draw):
    def mine(logp, batch, config):
        """Entropy-free REINFORCE."""
        return aggregate(-batch.advantages * logp, batch, Aggregation.SEQUENCE_SUM)

    logp, batch = draw(0)
    own = resolve(mine)
    assert (own.name, own.coupling, own.splits) == ("mine", Coupling.BATCH, False)
    assert own.__doc__ == "Entropy-free REINFORCE."
    torch.testing.assert_close(own(logp, batch), resolve("reinforce")(logp, batch))
    assert gradient_coefficient(own, logp, batch)[0, 0] == -batch.advantages[0, 0] / 6


def test_a_declared_function_of_ones_own(monkeypatch, draw):
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))

    @objective(coupling=Coupling.TOKEN, dependence=Dependence.NOTHING, options={"clip_low"})
    def halved(logp, batch, config):
        return aggregate(-batch.advantages * logp / 2, batch, Aggregation.SEQUENCE_SUM)

    assert "halved" in available()
    assert coupling_of(resolve("halved")) is Coupling.TOKEN
    with pytest.raises(ValueError, match="an objective named 'halved' is registered"):
        register(replace(halved))
    again = register(replace(halved, splits=False), replace_existing=True)
    assert resolve("halved") is again


@pytest.mark.parametrize(
    ("name", "config", "complaint"),
    [
        ("grpo", ObjectiveConfig(beta=0.1), "beta = 0.1 needs batch.ref_logp"),
        ("grpo", ObjectiveConfig(entropy_coef=0.1), "entropy_coef = 0.1 needs batch.entropy"),
        ("dpo", ObjectiveConfig(), "the objective 'dpo' needs batch"),
        ("rft", ObjectiveConfig(), "the objective 'rft' needs batch.rewards"),
        ("dr_grpo", ObjectiveConfig(), "max_length is missing"),
    ],
)
def test_says_what_the_batch_lacks(draw, name, config, complaint):
    logp, batch = draw(0)
    bare = replace(batch, ref_logp=None, entropy=None, rewards=None, group=None, max_length=None)
    with pytest.raises(ValueError, match=complaint):
        resolve(name)(logp, bare, config)


def test_says_what_is_wrong_with_logp(draw):
    logp, batch = draw(0)
    with pytest.raises(ValueError, match=r"logp has shape \(6, 4\); the batch's mask \(6, 5\)"):
        resolve("grpo")(logp[:, :4], batch)
    with pytest.raises(ValueError, match="logp has dtype"):
        resolve("grpo")(batch.mask, batch)


@pytest.mark.parametrize(
    ("name", "config", "complaint"),
    [
        ("reinforce", {"clip_low": 0.1}, "clip_low = 0.1 has no effect on the objective 'rein"),
        ("gmpo", {"delta": 2.0}, "delta = 2.0 has no effect"),
        ("gspo_token", {"ratio_level": "token"}, "ratio_level = .* has no effect"),
        ("grpo", {"cov_fraction": 0.1}, "cov_fraction = 0.1 has no effect"),
        ("dapo", {"dpo_beta": 1.0}, "dpo_beta = 1.0 has no effect"),
    ],
)
def test_refuses_options_without_effect(name, config, complaint):
    with pytest.raises(ValueError, match=complaint):
        resolve(name).check_options(ObjectiveConfig(**config))


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ({"clip_low": -0.1}, "clip_low is -0.1; it must be at least 0"),
        ({"beta": float("nan")}, "beta is nan; it must be at least 0"),
        ({"delta": 0.9}, "delta is 0.9; it must be above 1"),
        ({"dual_clip": 1.0}, "dual_clip is 1.0; it must be above 1"),
        ({"log_ratio_cap": 0}, "log_ratio_cap is 0; it must be above 0"),
        ({"cov_fraction": 1.5}, r"cov_fraction is 1.5; it must be in \(0, 1\]"),
        ({"kl": "k4"}, "kl is 'k4'; choose one of 'k1', 'k2', 'k3', 'abs', 'k1_st', 'k3_st'"),
        ({"ratio_level": "word"}, "ratio_level is 'word'; choose one of 'token', 'sequence_mean'"),
    ],
)
def test_config_names_the_field(option, complaint):
    with pytest.raises(ValueError, match=complaint):
        ObjectiveConfig(**option)


def test_config_takes_names():
    config = ObjectiveConfig(kl="k2", kl_level="sequence", ratio_level="token")
    assert (config.kl, config.kl_level) == (KLEstimator.K2, KLLevel.SEQUENCE)
    assert config.ratio_level is RatioLevel.TOKEN
    assert config.upper_clip == 0.2
    assert ObjectiveConfig(clip_high=0.28).upper_clip == 0.28


def test_needs_torch_only():
    code = (
        "import sys, grpo_plugin.objectives, grpo_plugin.advantages\n"
        "print(sorted({'trl', 'transformers', 'rewards', 'sandbox'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"
