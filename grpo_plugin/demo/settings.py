"""How long and on what the demo trains: everything but the seed."""

from __future__ import annotations

from dataclasses import dataclass, field

from grpo_plugin.demo.arithmetic import Teacher


@dataclass(frozen=True, kw_only=True)
class DemoSettings:
    """The demo's sizes, chosen to end in about two minutes on two cores.

    Attributes:
        hidden_size: width of the model.
        layers: number of its layers.
        teacher: whose demonstrations the model copies before any reward is given.
        imitation_steps: optimizer steps of copying.
        imitation_batch: demonstrations per step.
        imitation_rate: peak learning rate of copying.
        grpo_steps: optimizer steps of GRPO.
        prompts_per_step: problems per GRPO step.
        num_generations: completions per problem (the group).
        grpo_rate: learning rate of GRPO at its start; it falls to zero in a line.
        reward_weights: weight of `accuracy` and of `format`.
        held_out: problems never trained on, for evaluation (one more where a twin must follow).
        samples_per_problem: sampled completions per held-out problem.
        max_completion_tokens: longest completion, in tokens; right ones have at most 25.
        threads: CPU threads of torch; so small a model gains nothing from a second one.
    """

    hidden_size: int = 64
    layers: int = 2
    teacher: Teacher = field(default_factory=Teacher)
    imitation_steps: int = 300
    imitation_batch: int = 128
    imitation_rate: float = 3e-3
    grpo_steps: int = 80
    prompts_per_step: int = 64
    num_generations: int = 8
    grpo_rate: float = 1e-3
    reward_weights: tuple[float, float] = (1.0, 0.2)
    held_out: int = 200
    samples_per_problem: int = 4
    max_completion_tokens: int = 28
    threads: int = 1
