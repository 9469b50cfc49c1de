"""The comparison of PPO with GRPO gives all methods the same work."""

from __future__ import annotations

import pytest

pytest.importorskip("trl")

from benchmarks import ppo_against_grpo
from grpo_plugin.demo import DemoSettings


@pytest.mark.slow
def test_all_methods_see_as_many_completions_and_ppo_holds_a_second_model(tmp_path, capsys):
    settings = DemoSettings(
        imitation_steps=2,
        grpo_steps=2,
        prompts_per_step=4,
        num_generations=4,
        held_out=4,
        samples_per_problem=1,
        hidden_size=16,
    )
    run = ppo_against_grpo._run(0, settings, every=1, value_rate=1e-3)
    for name in ppo_against_grpo.RUNS:
        assert [completions for completions, _ in run[name]["held_out"]] == [16, 32]
    held = {name: run[name]["held_mb"] for name in ppo_against_grpo.RUNS}
    assert held["GRPO"] == held["RLOO"] == held["sequence GRPO"]
    assert 1.9 < held["PPO"] / held["GRPO"] < 2.1
    ppo_against_grpo._plot([run], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1_000
    summary = {name: ppo_against_grpo._summary([run[name]]) for name in ppo_against_grpo.RUNS}
    ppo_against_grpo._print(summary, before=0.2)
    assert "RLOO" in capsys.readouterr().out
