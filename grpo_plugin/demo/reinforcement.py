"""The demo's GRPO run: the trainer and the rewards, as a user would put them together."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import datasets
from transformers import PrinterCallback, TrainerCallback

from grpo_plugin import GRPOConfig, GRPOTrainer, to_prompts
from grpo_plugin.demo.policy import Policy, Progress
from grpo_plugin.demo.settings import DemoSettings


@dataclass(frozen=True)
class CurvePoint:
    """One GRPO step: means over the completions sampled in it."""

    step: int
    accuracy: float
    format: float
    reward: float
    length: float

    def to_dict(self) -> dict[str, float]:
        """As plain numbers."""
        return asdict(self)


def reinforce(  # noqa: PLR0913 - the parts of one run
    policy: Policy,
    rewards: Sequence[Any],
    settings: DemoSettings,
    *,
    seed: int,
    curve: list[CurvePoint],
    progress: Progress,
    options: Mapping[str, Any] | None = None,
) -> GRPOTrainer:
    """Train the policy's model in place with GRPO; `curve` grows by one point a step.

    `rewards` are the accuracy and the format reward, in this order, or stand-ins of those names;
    `options` are fields of `GRPOConfig` to set otherwise. The trainer comes back finished: its
    output folder is gone.
    """
    with _no_dataset_bars(), tempfile.TemporaryDirectory(prefix="rlvr-demo-") as folder:
        trainer = GRPOTrainer(
            model=policy.model,
            reward_funcs=list(rewards),
            args=_config(settings, seed, folder, options or {}),
            train_dataset=_training_prompts(policy),
            processing_class=policy.tokenizer,
            callbacks=[_Recorder(curve, progress)],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return trainer


def _training_prompts(policy: Policy) -> Any:
    rows = [{"question": p.prompt, "answer": p.solution} for p in policy.train]
    return to_prompts(rows, system=None, plain=True)


@contextmanager
def _no_dataset_bars() -> Iterator[None]:
    were_off = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if not were_off:
            datasets.enable_progress_bars()


def _config(
    settings: DemoSettings, seed: int, folder: str, options: Mapping[str, Any]
) -> GRPOConfig:
    usual: dict[str, Any] = {
        "output_dir": folder,
        "seed": seed,
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "max_steps": settings.grpo_steps,
        "per_device_train_batch_size": settings.prompts_per_step * settings.num_generations,
        "num_generations": settings.num_generations,
        "max_completion_length": settings.max_completion_tokens,
        "learning_rate": settings.grpo_rate,
        "lr_scheduler_type": "linear",
        "adam_beta2": 0.95,  # the default remembers 1,000 steps; this run has fewer
        "reward_weights": list(settings.reward_weights),
        "scale_rewards": "batch",  # a group without a right answer does not amplify the format
        "beta": 0.0,
        "logging_steps": 1,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
    }
    return GRPOConfig(**{**usual, **options})


class _Recorder(TrainerCallback):  # type: ignore[misc]  # transformers carries no types here
    """Keeps one curve point a step and reports progress."""

    def __init__(self, curve: list[CurvePoint], progress: Progress) -> None:
        self._curve = curve
        self._progress = progress

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        del args, control
        if logs and "reward" in logs:
            point = CurvePoint(
                step=state.global_step,
                accuracy=logs["rewards/accuracy/mean"],
                format=logs["rewards/format/mean"],
                reward=logs["reward"],
                length=logs["completions/mean_length"],
            )
            self._curve.append(point)
            self._progress(state.global_step, state.max_steps)
