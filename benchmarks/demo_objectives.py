"""Three objectives on the demo's task, side by side: `python -m benchmarks.demo_objectives`.

From the same warm start, with the same data, seeds and number of steps: TRL's default loss, the
token-level objective of DeepSeekMath (eq. 3), and the sequence-level one as DeepSeek-R1 prints it.
Accuracy is measured on held-out problems, sampled at temperature 1 and greedily.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
import warnings
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.environment import environment
from grpo_plugin.demo import DemoSettings
from grpo_plugin.demo.evaluation import evaluate
from grpo_plugin.demo.policy import Policy, imitate_teacher
from grpo_plugin.demo.reinforcement import CurvePoint, reinforce
from rewards import accuracy, format

RESULTS = Path(__file__).parent / "results"
RUNS: dict[str, dict[str, Any]] = {
    "TRL's default": {},
    "grpo": {"objective": "grpo"},
    "sequence_grpo": {"objective": "sequence_grpo"},
}
SMOOTHED = 8  # steps of the moving mean in the plot


def main() -> None:
    arguments = _arguments()
    warnings.simplefilter("ignore")
    settings = DemoSettings(grpo_steps=arguments.steps)
    torch.set_num_threads(settings.threads)
    runs = [_run(seed, settings) for seed in arguments.seeds]
    report = {
        "command": "demo_objectives",
        "environment": environment(),
        "grpo_steps": settings.grpo_steps,
        "held_out_problems": runs[0]["held_out_problems"],
        "mean_gain": {
            name: round(fmean(run[name]["accuracy"] - run["before"]["accuracy"] for run in runs), 4)
            for name in RUNS
        },
        "runs": runs,
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    _plot(runs, arguments.output.with_suffix(".png"))
    _print(runs)


def _run(seed: int, settings: DemoSettings) -> dict[str, Any]:
    """One seed: before, and after GRPO with each of the objectives."""
    policy = imitate_teacher(settings, seed, _silent)
    found: dict[str, Any] = {
        "seed": seed,
        "held_out_problems": len(policy.held_out),
        "before": evaluate(policy, settings).to_dict(),
    }
    for name, options in RUNS.items():
        started = time.process_time()
        trained = Policy(
            copy.deepcopy(policy.model), policy.tokenizer, policy.train, policy.held_out
        )
        curve: list[CurvePoint] = []
        reinforce(
            trained,
            [accuracy, format],
            settings,
            seed=seed,
            curve=curve,
            progress=_silent,
            options=options,
        )
        found[name] = evaluate(trained, settings).to_dict() | {
            "training_accuracy": [round(point.accuracy, 3) for point in curve],
            "cpu_s": round(time.process_time() - started, 1),
        }
        print(f"seed {seed}, {name}: {found['before']['accuracy']} -> {found[name]['accuracy']}")
    return found


def _plot(runs: list[dict[str, Any]], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for color, name in zip(("0.45", "tab:blue", "tab:orange"), RUNS, strict=True):
        for run in runs:
            values = run[name]["training_accuracy"]
            smooth = [
                fmean(values[max(0, step - SMOOTHED + 1) : step + 1]) for step in range(len(values))
            ]
            label = name if run is runs[0] else None
            axes.plot(range(1, len(smooth) + 1), smooth, color=color, label=label, linewidth=1.4)
            axes.plot([len(values)], [run[name]["accuracy"]], "o", color=color, fillstyle="none")
    axes.set(xlabel="GRPO step", ylabel="accuracy", ylim=(0, 1))
    axes.set_title("Training accuracy (moving mean); rings: held out, sampled", fontsize=10)
    axes.legend(frameon=False)
    figure.savefig(path)


def _print(runs: list[dict[str, Any]]) -> None:
    table = Table(title="Accuracy on held-out sums (sampled / greedy)")
    for heading in ("seed", "before", *RUNS):
        table.add_column(heading, justify="right")
    for run in runs:
        cells = (
            f"{run[kind]['accuracy']:.1%} / {run[kind]['greedy_accuracy']:.1%}"
            for kind in ("before", *RUNS)
        )
        table.add_row(str(run["seed"]), *cells)
    Console().print(table)


def _silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--steps", type=int, default=DemoSettings().grpo_steps)
    parser.add_argument("--output", type=Path, default=RESULTS / "demo_objectives.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
