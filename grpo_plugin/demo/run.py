"""The demo from end to end: copy a sloppy teacher, evaluate, train by GRPO, evaluate again."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from grpo_plugin.demo.files import (
    CURVE,
    FILES,
    SUMMARY,
    clear_output,
    write_samples,
    write_scored,
    write_summary,
)
from grpo_plugin.demo.settings import DemoSettings
from grpo_plugin.errors import MissingExtraError, PluginError
from grpo_plugin.shadowing import shadowing_problem

if TYPE_CHECKING:
    from grpo_plugin.demo.evaluation import Evaluation
    from grpo_plugin.demo.reinforcement import CurvePoint

_NEEDED = ("torch", "transformers", "trl", "datasets", "accelerate", "matplotlib")
_NOISY_LOGGERS = ("trl", "transformers", "accelerate", "datasets", "torch")


@dataclass(frozen=True)
class DemoResult:
    """What the demo measured, on problems the model never trained on."""

    before: Evaluation
    after: Evaluation
    curve: Sequence[CurvePoint]
    parameters: int
    wall_s: float
    cpu_s: float


def run_demo(
    output: Path,
    seed: int = 0,
    *,
    settings: DemoSettings | None = None,
    console: Console | None = None,
) -> DemoResult:
    """Run the demo and write its files into `output`.

    `curve.png`, `samples.md` and `scored.jsonl` are written at the end; `summary.json` says at any
    time how far the run is (`"state"`: `running`, `finished`, `interrupted` or `failed`). Files of
    an earlier demo in the folder are removed first. Everything is made here: no network is used.

    Args:
        output: the folder to write into; it is made when it is missing.
        seed: seeds everything. Same seed, same machine, same result.
        settings: sizes; the defaults end in about two minutes on two cores.
        console: where to print; by default standard output, with a progress bar on a terminal.

    Raises:
        MissingExtraError: torch, TRL or matplotlib is not installed.
        PluginError: another package hides `rewards`.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"the demo needs {', '.join(missing)}: pip install 'rlvr[train,plots]'"
        )
    if problem := shadowing_problem():
        raise PluginError(problem)
    settings = settings or DemoSettings()
    console = console or Console()
    output = Path(output)
    clear_output(output)
    state: dict[str, object] = {"state": "running", "stage": "imports", "step": 0, "seed": seed}
    write_summary(output, state)
    try:
        with _quiet(), _progress(console) as stages:
            result = _run(output, seed, settings, stages, state)
    except BaseException as error:
        ended = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        write_summary(output, state | {"state": ended})
        if ended == "interrupted":
            console.print(
                f"Interrupted in stage {state['stage']!r}, step {state['step']}; "
                f"{output / SUMMARY} says so. Start again: nothing is resumed."
            )
        raise
    write_summary(output, _summary(result, seed, settings))
    _print_result(console, result, output)
    return result


Stage = Callable[[int, int], None]


def _run(
    output: Path,
    seed: int,
    settings: DemoSettings,
    stages: Callable[[str], Stage],
    state: dict[str, object],
) -> DemoResult:
    """The stages. `state` follows them, so that an interruption can say where it struck."""
    started, started_cpu = time.perf_counter(), time.process_time()

    def stage(name: str) -> Stage:
        state.update(stage=name, step=0)
        show = stages(name)

        def report(done: int, total: int) -> None:
            state["step"] = done
            show(done, total)

        return report

    importing = stage("imports")
    importing(0, 1)
    import torch  # seconds to import

    from grpo_plugin.demo.curve import plot_curve  # needs what was checked above
    from grpo_plugin.demo.evaluation import evaluate
    from grpo_plugin.demo.policy import imitate_teacher
    from grpo_plugin.demo.reinforcement import reinforce
    from rewards import accuracy, format

    importing(1, 1)
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        policy = imitate_teacher(settings, seed, stage("imitation"))
        before = evaluate(policy, settings)
        curve: list[CurvePoint] = []
        reinforce(
            policy, [accuracy, format], settings, seed=seed, curve=curve, progress=stage("grpo")
        )
        after = evaluate(policy, settings)
    finally:
        torch.set_num_threads(threads)
    state.update(stage="files", step=0)
    max_reward = sum(settings.reward_weights)
    plot_curve(output / CURVE, curve, before=before, after=after, max_reward=max_reward)
    write_samples(output, before, after)
    write_scored(output, before, after)
    return DemoResult(
        before=before,
        after=after,
        curve=curve,
        parameters=policy.parameters,
        wall_s=time.perf_counter() - started,
        cpu_s=time.process_time() - started_cpu,
    )


def _summary(result: DemoResult, seed: int, settings: DemoSettings) -> dict[str, object]:
    return {
        "state": "finished",
        "seed": seed,
        "parameters": result.parameters,
        "imitation_steps": settings.imitation_steps,
        "grpo_steps": settings.grpo_steps,
        "held_out_problems": len(result.before.greedy),
        "before": result.before.to_dict(),
        "after": result.after.to_dict(),
        "wall_s": round(result.wall_s, 1),
        "cpu_s": round(result.cpu_s, 1),
        "curve": [point.to_dict() for point in result.curve],
    }


def _print_result(console: Console, result: DemoResult, output: Path) -> None:
    table = Table(title=f"{len(result.before.greedy)} held-out sums, never trained on")
    for heading in ("", "before GRPO", "after GRPO"):
        table.add_column(heading, justify="left" if not heading else "right")
    before, after = result.before, result.after
    table.add_row(
        "accuracy (sampled, ±95 %)",
        f"{before.accuracy:.1%} ± {before.margin:.1%}",
        f"{after.accuracy:.1%} ± {after.margin:.1%}",
        style="bold",
    )
    for name, old, new in (
        ("format (sampled)", before.format, after.format),
        ("accuracy and format (sampled)", before.both, after.both),
        ("accuracy (likeliest answer)", before.greedy_accuracy, after.greedy_accuracy),
    ):
        table.add_row(name, f"{old:.1%}", f"{new:.1%}")
    console.print(table)
    console.print(
        f"{result.parameters:,} parameters, {len(result.curve)} GRPO steps, "
        f"{result.wall_s:.0f} s ({result.cpu_s:.0f} s of CPU). "
        f"In {output}: {', '.join(FILES)}."
    )


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[str], Stage]]:
    """A progress bar per stage on a terminal, one line per stage elsewhere."""
    names = {
        "imports": "Loading torch and TRL",
        "imitation": "Copying a sloppy teacher (SFT)",
        "grpo": "Learning from rewards (GRPO)",
    }
    columns = (
        TextColumn("{task.description:<32}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:

        def begin(stage: str) -> Stage:
            label = names[stage]
            task = bars.add_task(label, total=None)
            if not console.is_terminal:
                console.print(label + " …")

            def report(done: int, total: int) -> None:
                bars.update(task, completed=done, total=total)

            return report

        yield begin


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' warnings off the terminal; errors still come through."""
    with ExitStack() as undo:
        undo.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for name in _NOISY_LOGGERS:
            logger = logging.getLogger(name)
            undo.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.ERROR)
        yield
