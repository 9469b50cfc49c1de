"""The recipes, with the place in the paper that each is from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from grpo_plugin.recipes.recipe import Recipe

_ON_POLICY_SAMPLING = {"temperature": 1.0, "top_p": 1.0, "top_k": 0}
_NO_KL = {"beta": 0.0}
_WINDOW_TOKENS = {"tokens_counted_over": "window"}
_OVERLONG = (
    "the paper adds a soft overlong punishment to the reward: add rewards.Overlong or TRL's "
    "get_soft_overlong_punishment to reward_funcs"
)

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe(
                name="r1_zero",
                paper="DeepSeek-R1, arXiv 2501.12948, eq. 1-3 and training details of R1-Zero",
                settings={
                    "objective": "sequence_grpo",
                    "scale_rewards": "group",
                    "epsilon": 10.0,
                    "epsilon_high": None,
                    "beta": 0.001,
                    "kl_in": "loss",
                    "kl_estimator": "k3",
                    "use_bias_correction_kl": False,
                    "mask_truncated_completions": False,
                    "num_iterations": 1,
                    "sync_ref_model": True,
                    "ref_model_mixup_alpha": 1.0,
                    "ref_model_sync_steps": 400,
                    "num_generations": 16,
                    "max_completion_length": 32_768,
                    **_ON_POLICY_SAMPLING,
                },
                notes=(
                    "the paper gives no clip ratio for R1-Zero; 10 is that of R1's first RL stage",
                    "the paper takes 32 questions a step and 16 steps per generation batch",
                ),
            ),
            Recipe(
                name="deepseekmath",
                paper="DeepSeekMath, arXiv 2402.03300, eq. 3-4 and section 4.2",
                settings={
                    "objective": "grpo",
                    "scale_rewards": "group",
                    "epsilon": 0.2,
                    "epsilon_high": None,
                    "beta": 0.04,
                    "kl_in": "loss",
                    "kl_estimator": "k3",
                    "use_bias_correction_kl": False,
                    "mask_truncated_completions": False,
                    "num_iterations": 1,
                    "num_generations": 64,
                    "max_completion_length": 1024,
                    **_ON_POLICY_SAMPLING,
                },
                notes=("the paper gives no ε; 0.2 is PPO's",),
            ),
            Recipe(
                name="dr_grpo",
                paper="Dr. GRPO, arXiv 2503.20783, section 3.2 and appendix",
                settings={
                    "objective": "dr_grpo",
                    "scale_rewards": "none",
                    "epsilon": 0.2,
                    "epsilon_high": None,
                    **_NO_KL,
                    "mask_truncated_completions": False,
                    "num_generations": 8,
                    "max_completion_length": 3000,
                    **_ON_POLICY_SAMPLING,
                },
                notes=("the loss divides by max_completion_length, the paper's constant",),
            ),
            Recipe(
                name="dapo",
                paper="DAPO, arXiv 2503.14476, eq. 8-13 and section 4.1",
                settings={
                    "objective": "dapo",
                    "scale_rewards": "group",
                    "epsilon": 0.2,
                    "epsilon_high": 0.28,
                    **_NO_KL,
                    **_WINDOW_TOKENS,
                    "dynamic_sampling_rounds": 10,
                    "mask_truncated_completions": False,
                    "num_generations": 16,
                    "max_completion_length": 20_480,
                    **_ON_POLICY_SAMPLING,
                },
                notes=(
                    _OVERLONG,
                    "the paper samples until no group is dead; here at most ten times",
                    "the paper takes 16 optimizer steps from each generation batch",
                ),
            ),
            Recipe(
                name="gspo",
                paper="GSPO, arXiv 2507.18071, eq. 5-7 and section 5.1",
                settings={
                    "objective": "gspo",
                    "scale_rewards": "group",
                    "epsilon": 3e-4,
                    "epsilon_high": 4e-4,
                    **_NO_KL,
                    "mask_truncated_completions": False,
                },
                notes=(
                    "the paper takes four optimizer steps from each generation batch",
                    "the paper says nothing of sampling; TRL's options stand",
                ),
            ),
            Recipe(
                name="reinforce_pp",
                paper="REINFORCE++, arXiv 2501.03262, eq. 8-10 and its table of hyper-parameters",
                settings={
                    "objective": "ppo_clip",
                    "advantage_estimator": "reinforce_plus_plus",
                    "epsilon": 0.2,
                    "epsilon_high": None,
                    "beta": 0.001,
                    "kl_in": "token_reward",
                    "kl_estimator": "k1",
                    **_WINDOW_TOKENS,
                    "mask_truncated_completions": False,
                    "num_generations": 4,
                    **_ON_POLICY_SAMPLING,
                },
                notes=(
                    "β = 0.001 is the paper's for mathematics; for general tasks it takes 0.01",
                ),
            ),
            Recipe(
                name="ppo",
                paper="PPO, arXiv 1707.06347, eq. 7, as InstructGPT has it, arXiv 2203.02155, C.4",
                settings={
                    "objective": "ppo_clip",
                    "advantage_estimator": "gae",
                    "gae_gamma": 1.0,
                    "gae_lambda": 0.95,
                    "value_clip": 0.2,
                    "value_learning_rate": 9e-6,
                    "epsilon": 0.2,
                    "epsilon_high": None,
                    "beta": 0.02,
                    "kl_in": "token_reward",
                    "kl_estimator": "k1",
                    **_WINDOW_TOKENS,
                    "mask_truncated_completions": False,
                    "num_iterations": 1,
                    "num_generations": 2,
                    **_ON_POLICY_SAMPLING,
                },
                notes=(
                    "the paper samples once a prompt; TRL's trainer takes two at least",
                    "λ = 0.95 and the value clip are those of OpenAI's code, not in the paper",
                    "a value rate of 9e-6 is that of 1.3B and 6B policies; 175B took 5e-6",
                ),
            ),
            Recipe(
                name="rloo",
                paper="RLOO, arXiv 2402.14740, section 2.3 (after eq. 8) and appendix C",
                settings={
                    "objective": "reinforce",
                    "advantage_estimator": "rloo",
                    "beta": 0.03,
                    "kl_in": "reward",
                    "kl_estimator": "k1",
                    "mask_truncated_completions": False,
                    "num_iterations": 1,
                    "num_generations": 4,
                    **_ON_POLICY_SAMPLING,
                },
                notes=("β = 0.03 and four samples a prompt are those of its summaries (TL;DR)",),
            ),
            Recipe(
                name="cispo",
                paper="MiniMax-M1, arXiv 2506.13585, eq. 4 and section 3.1",
                settings={
                    "objective": "cispo",
                    "scale_rewards": "group",
                    "epsilon_high": 5.0,
                    **_NO_KL,
                    **_WINDOW_TOKENS,
                    "dynamic_sampling_rounds": 10,
                    "mask_truncated_completions": False,
                },
                notes=(
                    "the paper gives no cap; 5, of the ratio itself, is ScaleRL's (2510.13786)",
                    _OVERLONG,
                ),
            ),
        )
    }
)
"""Name -> recipe."""
