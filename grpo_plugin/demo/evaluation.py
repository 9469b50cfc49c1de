"""What a policy answers on problems it never trained on, judged by the same rewards."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, stdev

import torch

from grpo_plugin.demo.arithmetic import Problem
from grpo_plugin.demo.policy import Policy
from grpo_plugin.demo.settings import DemoSettings
from rewards import Verdict, accuracy, format

# Sampling must not depend on what drew random numbers before, nor training on the evaluation.
_SAMPLING_SEED = 20250122


@dataclass(frozen=True)
class Answer:
    """One completion of a held-out problem with its verdicts."""

    problem: Problem
    completion: str
    accuracy: Verdict
    format: Verdict

    @property
    def is_right(self) -> bool:
        """Whether the answer is correct."""
        return self.accuracy.score == 1.0

    @property
    def is_formatted(self) -> bool:
        """Whether the format is kept."""
        return self.format.score == 1.0


@dataclass(frozen=True)
class Evaluation:
    """Answers to the held-out problems: several sampled ones each, and the likeliest one."""

    sampled: list[Answer]
    greedy: list[Answer]

    @property
    def accuracy(self) -> float:
        """Share of sampled completions that are right."""
        return fmean(answer.is_right for answer in self.sampled)

    @property
    def format(self) -> float:
        """Share of sampled completions that keep the format."""
        return fmean(answer.is_formatted for answer in self.sampled)

    @property
    def both(self) -> float:
        """Share of sampled completions that are right and keep the format."""
        return fmean(answer.is_right and answer.is_formatted for answer in self.sampled)

    @property
    def greedy_accuracy(self) -> float:
        """Share of problems whose likeliest completion is right."""
        return fmean(answer.is_right for answer in self.greedy)

    @property
    def margin(self) -> float:
        """Half width of the 95 % interval of `accuracy`; problems, not completions, are units."""
        by_problem: dict[Problem, list[bool]] = {}
        for answer in self.sampled:
            by_problem.setdefault(answer.problem, []).append(answer.is_right)
        rates = [fmean(rights) for rights in by_problem.values()]
        return 1.96 * stdev(rates) / len(rates) ** 0.5 if len(rates) > 1 else 1.0

    def to_dict(self) -> dict[str, float]:
        """The rates, rounded, under the names `summary.json` uses."""
        rates = {
            "accuracy": self.accuracy,
            "accuracy_margin_95": self.margin,
            "format": self.format,
            "accuracy_and_format": self.both,
            "greedy_accuracy": self.greedy_accuracy,
        }
        return {name: round(rate, 4) for name, rate in rates.items()}


def evaluate(policy: Policy, settings: DemoSettings) -> Evaluation:
    """Sample at temperature 1 and decode greedily on the held-out problems."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SAMPLING_SEED)
        repeated = [p for p in policy.held_out for _ in range(settings.samples_per_problem)]
        sampled = _judge(repeated, _complete(policy, repeated, settings, sample=True))
        greedy = _complete(policy, policy.held_out, settings, sample=False)
    return Evaluation(sampled, _judge(policy.held_out, greedy))


def _judge(problems: list[Problem], completions: list[str]) -> list[Answer]:
    solutions = [problem.solution for problem in problems]
    prompts = [problem.prompt for problem in problems]
    columns = {"completions": completions, "prompts": prompts, "solution": solutions}
    rows = zip(
        problems,
        completions,
        accuracy.verdicts(**columns),
        format.verdicts(**columns),
        strict=True,
    )
    return [Answer(*row) for row in rows]


@torch.no_grad()
def _complete(
    policy: Policy, problems: list[Problem], settings: DemoSettings, *, sample: bool
) -> list[str]:
    tokenizer, model = policy.tokenizer, policy.model
    tokens = tokenizer([problem.prompt for problem in problems], padding=True, return_tensors="pt")
    was_training = model.training
    model.eval()
    written = model.generate(
        input_ids=tokens["input_ids"],
        attention_mask=tokens["attention_mask"],
        max_new_tokens=settings.max_completion_tokens,
        do_sample=sample,
        **({"temperature": 1.0, "top_k": 0, "top_p": 1.0} if sample else {}),
    )
    model.train(was_training)
    ours = written[:, tokens["input_ids"].shape[1] :]
    texts: list[str] = tokenizer.batch_decode(ours, skip_special_tokens=True)
    return texts
