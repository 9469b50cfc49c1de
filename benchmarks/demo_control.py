"""Is it the reward that makes the demo's model better? `python -m benchmarks.demo_control`.

From the same warm start, GRPO runs twice: with the rewards as they are, and with the scores of each
batch shuffled among its completions. The shuffled rewards have the same values at the same rates,
the same optimizer, data and sampling seeds; only the tie between a completion and its score is cut.
Accuracy is measured on held-out problems, sampled at temperature 1 and greedily.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import warnings
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.cpu_time import cpu_time
from benchmarks.environment import environment
from grpo_plugin.demo import DemoSettings
from grpo_plugin.demo.evaluation import Evaluation, evaluate
from grpo_plugin.demo.policy import Policy, imitate_teacher
from grpo_plugin.demo.reinforcement import CurvePoint, reinforce
from rewards import accuracy, format

RESULTS = Path(__file__).parent / "results"


class Shuffled:
    """A reward whose scores land on other completions of the batch, across prompts.

    Two of them with the same seed shuffle alike, so each completion gets all its scores from one
    other completion.
    """

    def __init__(self, reward: Any, seed: int) -> None:
        self.__name__ = reward.__name__
        self._reward = reward
        self._rng = random.Random(seed)  # noqa: S311 - no secrets here

    def __call__(self, **batch: Any) -> list[float | None]:
        """The scores of the batch, dealt out anew."""
        scores: list[float | None] = self._reward(**batch)
        return self._rng.sample(scores, k=len(scores))


def main() -> None:
    arguments = _arguments()
    console = Console()
    warnings.simplefilter("ignore")
    settings = DemoSettings()
    torch.set_num_threads(settings.threads)
    runs = [_run(seed, settings, console) for seed in arguments.seeds]
    report = {
        "command": "demo_control",
        "environment": environment(),
        "grpo_steps": settings.grpo_steps,
        "held_out_problems": runs[0]["held_out_problems"],
        "mean_gain": {
            kind: round(fmean(run[kind]["accuracy"] - run["before"]["accuracy"] for run in runs), 4)
            for kind in ("rewards", "shuffled")
        },
        "runs": runs,
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    _print(runs, console)


def _run(seed: int, settings: DemoSettings, console: Console) -> dict[str, Any]:
    """One seed: before, after GRPO with the rewards, after GRPO with shuffled ones."""
    with cpu_time() as spent:
        run = _before_and_after(seed, settings, console)
    return run | {"cpu_s": round(spent.seconds, 1)}


def _before_and_after(seed: int, settings: DemoSettings, console: Console) -> dict[str, Any]:
    policy = imitate_teacher(settings, seed, _silent)
    run: dict[str, Any] = {
        "seed": seed,
        "held_out_problems": len(policy.held_out),
        "before": evaluate(policy, settings).to_dict(),
    }
    for kind, rewards in (
        ("rewards", [accuracy, format]),
        ("shuffled", [Shuffled(accuracy, seed), Shuffled(format, seed)]),
    ):
        trained = Policy(
            copy.deepcopy(policy.model), policy.tokenizer, policy.train, policy.held_out
        )
        curve: list[CurvePoint] = []
        reinforce(trained, rewards, settings, seed=seed, curve=curve, progress=_silent)
        after: Evaluation = evaluate(trained, settings)
        run[kind] = after.to_dict() | {"training_accuracy": [round(p.accuracy, 3) for p in curve]}
        console.print(f"seed {seed}, {kind}: {run['before']['accuracy']} -> {after.accuracy:.4f}")
    return run


def _print(runs: list[dict[str, Any]], console: Console) -> None:
    table = Table(title="Accuracy on held-out sums (sampled / greedy)")
    for heading in ("seed", "before", "GRPO, rewards", "GRPO, shuffled rewards"):
        table.add_column(heading, justify="right")
    for run in runs:
        cells = (
            f"{run[kind]['accuracy']:.1%} / {run[kind]['greedy_accuracy']:.1%}"
            for kind in ("before", "rewards", "shuffled")
        )
        table.add_row(str(run["seed"]), *cells)
    console.print(table)


def _silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--output", type=Path, default=RESULTS / "demo_control.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
