"""`rlvr demo`: a tiny model learns arithmetic with GRPO, on a laptop's CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rewards.errors import InputError

_TRAIN_PACKAGES = ("torch", "transformers", "trl", "datasets", "accelerate", "matplotlib", "jinja2")


def demo(
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder for the results.")
    ] = Path("demo"),
    seed: Annotated[int, typer.Option(help="The seed of everything random.")] = 0,
) -> None:
    """Train a tiny model with GRPO and the rewards accuracy and format, in a few minutes on a CPU.

    Writes the reward curve, sample completions with verdicts and the scored file to a folder and
    prints a table of before and after.

    Exit codes: 0 done; 2 something it needs is not installed; 130 interrupted.

    For example:

        rlvr demo --output demo
    """
    try:
        from grpo_plugin.demo import run_demo  # not needed by other commands
        from grpo_plugin.errors import PluginError
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _TRAIN_PACKAGES:
            raise
        raise InputError(
            f"the demo trains a model and needs {error.name}, which is not installed: "
            'pip install "rlvr[train,plots]"'
        ) from None
    try:
        run_demo(output, seed=seed)
    except PluginError as error:  # something it needs is missing, or hidden by another package
        raise InputError(str(error)) from None
