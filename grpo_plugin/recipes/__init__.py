"""Training recipes: everything a paper fixes about its update, under the paper's name.

`GRPOConfig(objective="dapo")` chooses a loss and leaves the rest as TRL has it, so that a run of
TRL's stays what it was. `GRPOConfig(recipe="dapo")` sets what the paper sets: loss, advantages,
clipping, KL, normalisation, overlong handling and sampling. What a recipe leaves alone: learning
rate, batch sizes (with them the optimizer steps per generation batch), lengths of runs, rewards.

| recipe       | paper              | loss and advantage                                           |
|--------------|--------------------|--------------------------------------------------------------|
| r1_zero      | DeepSeek-R1        | ratio and KL of whole outputs, (r − mean)/std                |
| deepseekmath | DeepSeekMath eq. 3 | token ratio, mean over each output, k3 with β = 0.04         |
| dr_grpo      | Dr. GRPO           | sums over a constant length, r − mean, no KL                 |
| dapo         | DAPO eq. 8         | clip-higher, token mean, dynamic sampling, no KL             |
| gspo         | GSPO eq. 5         | length-normalised ratio of outputs, clip 3e-4 and 4e-4       |
| reinforce_pp | REINFORCE++        | KL in the token rewards, normalised over the batch, PPO clip |
| ppo          | PPO, InstructGPT   | value model, GAE of token rewards with KL, whitened, clip    |
| rloo         | RLOO               | REINFORCE on whole outputs, leave-one-out, KL in the reward  |
| cispo        | MiniMax-M1 eq. 4   | clipped weight, token mean, dynamic sampling, no KL          |

A field that the user sets wins, and is named when the configuration is read out. A field counts as
set when it was given to `GRPOConfig`; where every field was given (a command line parsed by
`HfArgumentParser`, `dataclasses.replace`), when its value is not the default.
"""

from __future__ import annotations

from grpo_plugin.recipes.application import AppliedRecipe, announce_recipe, apply_recipe, available
from grpo_plugin.recipes.papers import RECIPES
from grpo_plugin.recipes.recipe import Recipe

__all__ = ["RECIPES", "AppliedRecipe", "Recipe", "announce_recipe", "apply_recipe", "available"]
