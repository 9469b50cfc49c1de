"""What cannot work fails at construction, with a sentence that names the field and the choices."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest

trl = pytest.importorskip("trl")
import torch  # noqa: E402
from training_runs import example_objective, make, train  # noqa: E402
from transformers import HfArgumentParser  # noqa: E402

from grpo_plugin import GRPOConfig, GRPOTrainer  # noqa: E402
from grpo_plugin.compatibility import require_attributes, require_methods  # noqa: E402
from grpo_plugin.errors import (  # noqa: E402
    ConfigurationError,
    PluginError,
    UnsupportedTRLError,
)
from grpo_plugin.kl import KLEstimator  # noqa: E402
from grpo_plugin.objectives import RatioLevel, available  # noqa: E402
from grpo_plugin.training.plan import plan_from  # noqa: E402

CPU = {"output_dir": "out", "use_cpu": True, "bf16": False, "report_to": "none"}


def config(**options):
    return GRPOConfig(**(CPU | options))


BAD = [
    ({"objective": "gpro"}, "objective 'gpro' is unknown; choose one of bnpo, cispo"),
    ({"objective": 3}, "objective is a int"),
    ({"objective": "nowhere:loss"}, "objective='nowhere:loss' cannot be imported"),
    (
        {"objective": "grpo", "objective_options": {"clp": 1}},
        "'clp'.*choose among aggregation, clip_high",
    ),
    ({"objective": "grpo", "objective_options": {"beta": 1}}, "a field of its own: set beta"),
    ({"objective": "grpo", "objective_options": {"clip_low": -1}}, "clip_low is -1"),
    ({"objective": "grpo", "objective_options": "{"}, "objective_options is not JSON"),
    ({"objective": "grpo", "objective_options": [1]}, "objective_options is a list"),
    ({"objective": "grpo", "loss_type": "bnpo"}, "loss_type='bnpo' and objective='grpo'"),
    ({"objective": "reinforce", "epsilon": 0.1}, "epsilon = 0.1 has no effect"),
    ({"objective": "reinforce", "delta": 1.5}, "delta = 1.5 has no effect"),
    ({"objective": "grpo", "sapo_temperature_pos": 2.0}, "sapo_temperature_pos = 2.0 has no"),
    (
        {"objective": "gspo_token", "importance_sampling_level": "sequence"},
        "importance_sampling_level='sequence' has no effect",
    ),
    (
        {"objective": "sequence_grpo", "importance_sampling_level": "sequence"},
        "length-normalised.*choose objective='gspo'",
    ),
    ({"objective": "sequence_grpo", "top_entropy_quantile": 0.5}, "picks tokens.*'grpo'"),
    ({"objective": "grpo", "kl_in": "rewards"}, "kl_in is 'rewards'; choose one of 'loss', 'rew"),
    ({"objective": "grpo", "kl_in": "reward"}, "needs a reference model.*set beta > 0"),
    ({"objective": "grpo", "kl_in": "advantage"}, "needs a reference model.*set beta > 0"),
    ({"kl_in": "reward", "beta": 0.1}, "kl_in='reward' needs objective"),
    ({"objective": "grpo", "kl_estimator": "k9"}, "kl_estimator is 'k9'; choose one of 'k1'"),
    ({"objective": "grpo", "kl_target": 1.0}, "kl_target = 1.0 steers beta.*set beta > 0"),
    ({"objective": "grpo", "kl_target": -1.0, "beta": 0.1}, "kl_target.*needs one > 0"),
    ({"objective": "dpo"}, "objective='dpo'.*set beta > 0"),
    ({"objective": "dpo", "beta": 0.1, "kl_in": "reward"}, "objective='dpo'.*kl_in='loss'"),
    ({"objective_options": {"clip_low": 0.1}}, "objective_options.*set objective"),
    ({"kl_estimator": "k1"}, "kl_estimator.*set objective"),
    ({"advantage_estimator": "grop"}, "advantage 'grop' is unknown; choose one of batch_norm"),
    ({"advantage_estimator": "pass_at_k"}, "pass_at_k' needs the option 'k'"),
    ({"advantage_options": {"k": 1}}, "advantage_options needs advantage_estimator"),
    (
        {"advantage_estimator": lambda r, g, n: r, "advantage_options": {"k": 1}},
        "functools.partial",
    ),
    ({"advantage_estimator": "rloo", "scale_rewards": "batch"}, "scale_rewards='batch' and"),
    (
        {"advantage_estimator": "rloo", "multi_objective_aggregation": "normalize_then_sum"},
        "multi_objective_aggregation='normalize_then_sum'.*use 'sum_then_normalize'",
    ),
    ({"objective": "grpo", "sampler_correction": "ice"}, "sampler_correction is 'ice'; choose one"),
    ({"objective": "grpo", "sampler_options": {"upper": 2}}, "needs sampler_correction"),
    (
        {"objective": "grpo", "sampler_correction": "icepop", "sampler_options": {"max": 2}},
        "'max'; it takes lower and upper",
    ),
    ({"sampler_correction": "icepop"}, "sampler_correction.*set objective"),
    ({"dynamic_sampling_rounds": -1}, "dynamic_sampling_rounds is -1"),
    (
        {"dynamic_sampling_rounds": 1, "num_generations": 4, "per_device_train_batch_size": 4},
        "makes one group; raise generation_batch_size",
    ),
]
if hasattr(trl.GRPOConfig, "use_adaptive_entropy"):
    BAD.append(({"objective": "grpo", "use_adaptive_entropy": True}, "use_adaptive_entropy"))
else:
    BAD.append(({"objective": "grpo", "objective_options": {"entropy_coef": 0.1}}, "Upgrade TRL"))


@pytest.mark.parametrize(
    ("options", "message"), BAD, ids=lambda value: str(value).split(" at 0x")[0][:60]
)
def test_bad_configuration(options, message):
    with pytest.raises(ConfigurationError, match=f"(?s){message}") as caught:
        config(**options)
    assert isinstance(caught.value, PluginError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", available())
def test_every_objective_is_accepted_as_it_is(name):
    options = {"beta": 0.1} if name == "dpo" else {}
    plan = plan_from(config(objective=name, **options))
    assert plan.objective.name == name
    assert plan.options.beta == 0


def test_trls_options_reach_the_objective():
    options = plan_from(
        config(
            objective="grpo",
            epsilon=0.1,
            epsilon_high=0.3,
            delta=2.0,
            beta=0.05,
            off_policy_mask_threshold=0.5,
            importance_sampling_level="sequence",
            use_bias_correction_kl=True,
            objective_options={"log_ratio_cap": 10.0},
        )
    ).options
    assert (options.clip_low, options.clip_high, options.delta) == (0.1, 0.3, 2.0)
    assert (options.beta, options.kl, options.kl_weighted) == (0.05, KLEstimator.K3, True)
    assert (options.off_policy_threshold, options.log_ratio_cap) == (0.5, 10.0)
    assert options.ratio_level is RatioLevel.SEQUENCE_MEAN
    sapo = plan_from(config(objective="sapo", sapo_temperature_neg=1.2)).options
    assert (sapo.sapo_tau_pos, sapo.sapo_tau_neg) == (1.0, 1.2)
    assert plan_from(config(objective="cispo", epsilon_high=4.0)).options.cispo_cap == 4.0
    assert plan_from(config(objective="dpo", beta=0.2)).options.dpo_beta == 0.2


def test_papers_numbers_hold_where_trls_default_would_depart_from_them():
    gspo = plan_from(config(objective="gspo")).options
    assert (gspo.clip_low, gspo.clip_high) == (3e-4, 4e-4)
    chosen = plan_from(config(objective="gspo", epsilon=0.01)).options
    assert (chosen.clip_low, chosen.upper_clip) == (0.01, 0.01)
    explicit = plan_from(config(objective="gspo", objective_options={"clip_low": 0.2})).options
    assert explicit.clip_low == 0.2
    literal = plan_from(config(objective="sequence_grpo", beta=0.1)).options
    assert not literal.kl_weighted
    dapo = plan_from(config(objective="dapo")).options  # as TRL's loss of that name
    assert dapo.upper_clip == 0.2
    default = next(f for f in dataclasses.fields(trl.GRPOConfig) if "bias_corr" in f.name).default
    assert plan_from(config(objective="dapo", beta=0.1)).options.kl_weighted == default


def test_a_changed_bias_correction_counts_everywhere():
    default = next(f for f in dataclasses.fields(trl.GRPOConfig) if "bias_corr" in f.name).default
    options = {"beta": 0.1, "use_bias_correction_kl": not default}
    assert plan_from(config(objective="gspo", **options)).options.kl_weighted == (not default)


@pytest.mark.parametrize("name", ["gspo", "sequence_grpo", "reinforce"])
def test_trls_own_trainer_refuses_an_objective_it_has_not(tmp_path, name):
    """It would have trained its default loss, silently."""
    trainer = make(tmp_path, trainer_class=trl.GRPOTrainer, objective=name)
    with pytest.raises(ValueError, match=r"objective='\w+', which needs grpo_plugin.GRPOTrainer"):
        trainer.train()
    again = dataclasses.replace(trainer.args, generation_batch_size=None)
    assert plan_from(again).objective.name == name


def test_a_stock_configuration_asks_for_nothing():
    plan = plan_from(trl.GRPOConfig(**CPU))
    assert plan.objective is None
    assert not plan.scores


def test_options_from_a_command_line():
    (parsed,) = HfArgumentParser(GRPOConfig).parse_args_into_dataclasses(
        [
            *("--output_dir", "out", "--use_cpu", "True", "--bf16", "False"),
            *("--report_to", "none", "--objective", "gspo"),
            *("--objective_options", '{"log_ratio_cap": 10}'),
            *("--dynamic_sampling_rounds", "2", "--generation_batch_size", "16"),
            *("--per_device_train_batch_size", "8", "--skip_dead_completions", "False"),
        ]
    )
    assert plan_from(parsed).objective.name == "gspo"
    assert plan_from(parsed).options.log_ratio_cap == 10
    assert not plan_from(parsed).skip_dead_completions


def test_functions_are_named_in_json_and_kept_in_copies():
    made = config(objective=example_objective, advantage_estimator=lambda r, g, n: r)
    named = json.loads(made.to_json_string())
    assert named["objective"] == "training_runs:example_objective"
    assert config(objective=named["objective"]).to_dict()["objective"] == named["objective"]
    for twin in (copy.copy(made), copy.deepcopy(made)):
        assert twin.objective is example_objective
        assert twin.advantage_estimator is made.advantage_estimator


def test_an_own_objective_trains_as_the_named_one_does(tmp_path):
    def same(logp, batch, options):
        return -(logp * batch.advantages * batch.mask).sum() * (
            batch.world_size / batch.window_sequences
        )

    own = train(tmp_path / "own", objective=same)
    named = train(tmp_path / "named", objective="reinforce")
    for mine, theirs in zip(own.gradients.steps, named.gradients.steps, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)


def test_an_objective_that_returns_no_scalar_is_named(tmp_path):
    trainer = make(tmp_path, objective=lambda logp, batch, options: logp)
    with pytest.raises(PluginError, match="must return a scalar"):
        trainer.train()


def test_an_unknown_trl_is_refused(tmp_path, monkeypatch):
    class Renamed(trl.GRPOTrainer):
        def _compute_loss(self, wrapped, batch):
            raise NotImplementedError

    with pytest.raises(UnsupportedTRLError, match="_compute_loss of TRL 9 does not take model"):
        require_methods(Renamed, version="9")
    monkeypatch.delattr(trl.GRPOTrainer, "_generate")
    with pytest.raises(UnsupportedTRLError, match=r"has no GRPOTrainer\._generate"):
        require_methods(trl.GRPOTrainer, version="9")
    with pytest.raises(UnsupportedTRLError, match="no attribute _buffered_inputs"):
        require_attributes(object(), version="9")


def test_a_trl_batch_without_a_key_is_refused(tmp_path, monkeypatch):
    trainer = make(tmp_path, objective="grpo")
    real = GRPOTrainer._generate_and_score_completions

    def renamed(self, inputs):
        found = real(self, inputs)
        found["attention"] = found.pop("completion_mask")
        return found

    monkeypatch.setattr(GRPOTrainer, "_generate_and_score_completions", renamed)
    with pytest.raises(UnsupportedTRLError, match="no completion_mask; it has advantages"):
        trainer.train()
