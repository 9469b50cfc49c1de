"""PPO with a value model against GRPO, on the demo's task: `python -m benchmarks.ppo_against_grpo`.

From the same warm start, with the same data, seeds, rate and number of completions: PPO, the
token-level objective of DeepSeekMath (eq. 3), the sequence-level one as DeepSeek-R1 prints it, and
RLOO; none with a KL penalty. Held-out accuracy is sampled at temperature 1 every few steps. Memory
is what training holds: weights, gradients and the optimizers' states, of the value model too.
"""

from __future__ import annotations

import argparse
import copy
import json
import multiprocessing
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.environment import environment
from grpo_plugin.demo import DemoSettings
from grpo_plugin.demo.evaluation import evaluate
from grpo_plugin.demo.policy import Policy, imitate_teacher
from grpo_plugin.demo.reinforcement import reinforce
from rewards import accuracy, format

RESULTS = Path(__file__).parent / "results"
_OWN_SCALE = {"scale_rewards": "group"}  # TRL's default, which leaves it to the estimator
RUNS: dict[str, dict[str, Any]] = {
    "PPO": {"recipe": "ppo", "beta": 0.0, "kl_in": "loss", **_OWN_SCALE},
    "GRPO": {"objective": "grpo"},
    "sequence GRPO": {"objective": "sequence_grpo"},
    "RLOO": {"objective": "reinforce", "advantage_estimator": "rloo", **_OWN_SCALE},
}
_COLORS = ("tab:red", "tab:blue", "tab:orange", "tab:green")


def main() -> None:
    arguments = _arguments()
    settings = DemoSettings(grpo_steps=arguments.steps)
    # Each seed in a process of its own: they share nothing, and torch uses one thread in each.
    with ProcessPoolExecutor(
        arguments.processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_prepare,
        initargs=(settings.threads,),
    ) as pool:
        tasks = [
            pool.submit(_run, seed, settings, arguments.every, arguments.value_rate)
            for seed in arguments.seeds
        ]
        runs = [task.result() for task in tasks]
    report = {
        "command": " ".join(["python -m benchmarks.ppo_against_grpo", *sys.argv[1:]]),
        "environment": environment(),
        "completions_a_step": settings.prompts_per_step * settings.num_generations,
        "value_learning_rate": arguments.value_rate,
        "summary": {name: _summary([run[name] for run in runs]) for name in RUNS},
        "runs": runs,
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    _plot(runs, arguments.output.with_suffix(".png"))
    _print(report["summary"], fmean(run["before"]["accuracy"] for run in runs))


def _prepare(threads: int) -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(threads)


def _run(seed: int, settings: DemoSettings, every: int, value_rate: float) -> dict[str, Any]:
    """One seed: before, and on the way through the steps of each method."""
    policy = imitate_teacher(settings, seed, lambda *_: None)
    found: dict[str, Any] = {"seed": seed, "before": evaluate(policy, settings).to_dict()}
    for name, options in RUNS.items():
        rates = {"value_learning_rate": value_rate} if name == "PPO" else {}
        found[name] = _train(policy, settings, seed, every, options | rates)
    return found


def _train(
    policy: Policy, settings: DemoSettings, seed: int, every: int, options: dict[str, Any]
) -> dict[str, Any]:
    trained = Policy(copy.deepcopy(policy.model), policy.tokenizer, policy.train, policy.held_out)
    curve: list[list[float]] = []
    looking_s = 0.0

    def look(done: int, total: int) -> None:
        nonlocal looking_s
        if done % every and done != total:
            return
        started = time.process_time()
        completions = done * settings.prompts_per_step * settings.num_generations
        curve.append([completions, round(evaluate(trained, settings).accuracy, 4)])
        looking_s += time.process_time() - started

    started = time.process_time()
    trainer = reinforce(
        trained,
        [accuracy, format],
        settings,
        seed=seed,
        curve=[],
        progress=look,
        options=_as_many(settings) | options,
    )
    spent_s = time.process_time() - started - looking_s
    return {
        "held_out": curve,
        "after": evaluate(trained, settings).to_dict(),
        "cpu_s": round(spent_s, 1),
        "held_mb": round(_held_bytes(trainer) / 1e6, 2),
    }


def _as_many(settings: DemoSettings) -> dict[str, Any]:
    """What a recipe must leave as the demo has it, so that all methods see as many completions."""
    return {
        "num_generations": settings.num_generations,
        "max_completion_length": settings.max_completion_tokens,
    }


def _held_bytes(trainer: Any) -> int:
    """Bytes of weights, gradients and optimizer states that training holds."""
    trained = [(trainer.model, trainer.optimizer)]
    if trainer.critic is not None:
        trained.append((trainer.critic.model, trainer.critic.optimizer))
    total = 0
    for model, optimizer in trained:
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        total += 2 * sum(weight.nbytes for weight in weights)
        states = getattr(optimizer, "optimizer", optimizer).state.values()
        total += sum(
            kept.nbytes for state in states for kept in state.values() if torch.is_tensor(kept)
        )
    return total


def _summary(runs: list[dict[str, Any]]) -> dict[str, float]:
    after = [run["after"]["accuracy"] for run in runs]
    return {
        "accuracy": round(fmean(after), 4),
        "accuracy_sd": round(stdev(after), 4) if len(after) > 1 else 0.0,
        "greedy_accuracy": round(fmean(run["after"]["greedy_accuracy"] for run in runs), 4),
        "cpu_s": round(fmean(run["cpu_s"] for run in runs), 1),
        "held_mb": runs[0]["held_mb"],
    }


def _plot(runs: list[dict[str, Any]], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for color, name in zip(_COLORS, RUNS, strict=True):
        curves = [[[0, run["before"]["accuracy"]], *run[name]["held_out"]] for run in runs]
        for one in curves:
            axes.plot(*zip(*one, strict=True), color=color, linewidth=0.7, alpha=0.35)
        mean = [
            fmean(values) for values in zip(*([y for _, y in one] for one in curves), strict=True)
        ]
        axes.plot([x for x, _ in curves[0]], mean, color=color, linewidth=2, label=name)
    axes.set(xlabel="completions seen", ylabel="held-out accuracy", ylim=(0, 1))
    axes.set_title(f"Mean of {len(runs)} seeds, and each of them", fontsize=10)
    axes.legend(frameon=False)
    figure.savefig(path)


def _print(summary: dict[str, dict[str, float]], before: float) -> None:
    table = Table(title=f"Held-out accuracy, {before:.1%} before")
    for heading in ("method", "sampled", "± sd", "greedy", "CPU s", "MB held"):
        table.add_column(heading, justify="left" if heading == "method" else "right")
    for name, found in summary.items():
        table.add_row(
            name,
            f"{found['accuracy']:.1%}",
            f"{found['accuracy_sd']:.1%}",
            f"{found['greedy_accuracy']:.1%}",
            f"{found['cpu_s']:.0f}",
            f"{found['held_mb']:.2f}",
        )
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=DemoSettings().grpo_steps)
    parser.add_argument("--every", type=int, default=8, help="steps between two looks")
    parser.add_argument("--value-rate", type=float, default=DemoSettings().grpo_rate)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS / "ppo_against_grpo.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
