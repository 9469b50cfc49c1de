"""What a training step costs, stock TRL against ours: `python -m benchmarks.trainer_step`.

The same model, prompts, completions and rewards; of the prompts a share is so easy or so hard that
all rewards of a group are equal, as they are early and late in training. Runs of stock TRL, of ours
without the fused loss ("plain") and of ours with it ("fused") alternate; CPU seconds of a whole
optimizer step (generation, rewards, loss, backward, update) and of its loss-and-backward part;
medians over all steps but the first of each run. The gradients of the first step are compared, and
the benchmark fails where they differ.

`--ragged` asks what realistic lengths cost where every group teaches something: log-normal, the
longest eight times the mean, written by nobody in no time. A run with `packed_forward` joins in.
On a GPU (`--device cuda`) seconds are those that pass, and the peak of memory is noted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any

import torch
import trl
from datasets import Dataset, disable_progress_bars
from rich.console import Console
from rich.table import Table
from transformers import PrinterCallback, TrainerCallback

from benchmarks.environment import environment
from grpo_plugin import GRPOConfig, GRPOTrainer
from grpo_plugin.demo.tiny_model import build_model, build_tokenizer

RESULTS = Path(__file__).parent / "results"
OPTIONS: dict[str, Any] = {
    "use_cpu": True,
    "bf16": False,
    "gradient_checkpointing": False,
    "per_device_train_batch_size": 32,
    "gradient_accumulation_steps": 2,
    "num_generations": 8,
    "max_completion_length": 64,
    "learning_rate": 1e-4,
    "max_grad_norm": 0.0,
    "report_to": "none",
    "save_strategy": "no",
    "disable_tqdm": True,
}
KINDS = ("stock", "plain", "fused")
PACKED = {"packed_forward": True, "balance_micro_batches": True}
LONGEST = 8  # times the mean
SAME = {False: 1e-5, True: 5e-2}  # relative distance of gradients in float32, and in bfloat16


def now() -> float:
    """Seconds: of this process on a CPU; those that pass, the device's work done, on a GPU."""
    if OPTIONS["use_cpu"]:
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


class Clock(TrainerCallback):  # type: ignore[misc]  # transformers carries no types here
    """CPU seconds of each optimizer step and of its loss and backward pass; the first gradient."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.losses: list[float] = []
        self.gradient: torch.Tensor | None = None
        self.rewards: list[float] = []
        self.peak_mb = 0.0

    def watch(self, trainer: Any) -> None:
        """Time what the trainer does between having a micro-batch and having its gradient."""
        self.trainer = trainer
        for owner, name in ((trainer, "compute_loss"), (trainer.accelerator, "backward")):
            setattr(owner, name, self._timed(getattr(owner, name)))

    def _timed(self, function: Any) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            started = now()
            try:
                return function(*args, **kwargs)
            finally:
                self.losses[-1] += now() - started

        return run

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """A step starts."""
        self.losses.append(0.0)
        self.started = now()

    def on_pre_optimizer_step(self, *_: Any, **__: Any) -> None:
        """Its gradient is complete."""
        if self.gradient is None:
            found = [weight.grad for weight in self.trainer.model.parameters()]
            self.gradient = torch.cat([g.flatten().float() for g in found if g is not None])

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """It has ended."""
        self.steps.append(now() - self.started)


class Reward:
    """A number made from the completion's tokens, for live prompts; 0 for the others."""

    def __init__(self, dead: float) -> None:
        self.__name__ = "checksum"
        self.dead = dead

    def __call__(
        self, prompts: list[str], completion_ids: list[list[int]], **_: Any
    ) -> list[float]:
        """One score a completion; a prompt's number decides whether its group is dead."""
        return [
            float(sum(ids) % 7) if int(prompt[:3]) / 1000 >= self.dead else 0.0
            for prompt, ids in zip(prompts, completion_ids, strict=True)
        ]


class Lengths:
    """Stands in for a model's `generate`: random tokens, log-normal lengths.

    Args:
        model: for its vocabulary and special tokens.
        mean: tokens of a completion, the end included.
        seed: of tokens and lengths, so that all runs of a seed train on the same.
    """

    def __init__(self, model: Any, mean: int, seed: int) -> None:
        self.model, self.mean = model, mean
        self.random = torch.Generator().manual_seed(seed)

    def __call__(self, input_ids: torch.Tensor, **_: Any) -> torch.Tensor:
        """(n, P + T): prompts with their completions, padded on the right."""
        count, config = len(input_ids), self.model.config
        # One from each n-th of the distribution (σ = 1), so that few completions are like many.
        share = (torch.arange(count) + torch.rand(count, generator=self.random)) / count
        lengths = torch.exp(torch.special.ndtri(share) - 0.5) * self.mean
        lengths[-1] = LONGEST * self.mean
        lengths = lengths.round().clamp(2, LONGEST * self.mean).long()
        lengths = lengths[torch.randperm(count, generator=self.random)]
        size = (count, int(lengths.max()))
        tokens = torch.randint(6, config.vocab_size, size, generator=self.random)
        place = torch.arange(size[1])
        tokens[place == lengths[:, None] - 1] = config.eos_token_id
        tokens[place >= lengths[:, None]] = config.pad_token_id
        return torch.cat([input_ids, tokens.to(input_ids.device)], dim=1)


def run(kind: str, seed: int, arguments: argparse.Namespace) -> tuple[Clock, float]:
    """One training; its times and the share of dead groups."""
    torch.manual_seed(seed)
    tokenizer = build_tokenizer()
    rows = [{"prompt": f"{n:03d}+1="} for n in range(1000)]
    options = OPTIONS | {
        "output_dir": tempfile.mkdtemp(),
        "seed": seed,
        "max_steps": arguments.steps,
    }
    trainer_class, config = trl.GRPOTrainer, None
    if kind == "stock":
        config = trl.GRPOConfig(loss_type="dapo", **options)
    else:
        trainer_class = GRPOTrainer
        config = GRPOConfig(
            objective="dapo",
            fused_loss=kind != "plain",
            **(PACKED if kind == "packed" else {}),
            **options,
        )
    model = build_model(tokenizer, hidden_size=arguments.hidden_size, layers=arguments.layers)
    model.resize_token_embeddings(arguments.vocabulary, mean_resizing=False)
    if arguments.ragged:
        model.generate = Lengths(model, arguments.mean_length, seed)
    clock = Clock()
    trainer = trainer_class(
        model=model,
        reward_funcs=[Reward(arguments.dead)],
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=[clock],
    )
    trainer.remove_callback(PrinterCallback)
    clock.watch(trainer)
    if not OPTIONS["use_cpu"]:
        torch.cuda.reset_peak_memory_stats()
    trainer.train()
    if not OPTIONS["use_cpu"]:
        clock.peak_mb = torch.cuda.max_memory_allocated() / 2**20
    clock.rewards = [entry["reward"] for entry in trainer.state.log_history if "reward" in entry]
    shares = [e["frac_reward_zero_std"] for e in trainer.state.log_history if "reward" in e]
    return clock, sum(shares) / max(len(shares), 1)


def main() -> None:
    arguments = _arguments()
    warnings.simplefilter("ignore")
    disable_progress_bars()
    torch.set_num_threads(1)
    OPTIONS["logging_steps"] = 1
    OPTIONS["use_cpu"] = arguments.device == "cpu"
    OPTIONS["bf16"] = arguments.bf16
    kinds = (*KINDS, "packed") if arguments.ragged else KINDS
    if arguments.ragged:
        OPTIONS["max_completion_length"] = LONGEST * arguments.mean_length
    clocks: dict[str, list[Clock]] = {kind: [] for kind in kinds}
    dead = []
    for seed in range(arguments.rounds):
        first = seed % len(kinds)
        for kind in kinds[first:] + kinds[:first]:
            clock, share = run(kind, seed, arguments)
            clocks[kind].append(clock)
            dead.append(share)
    apart = max(
        float((own.gradient - other.gradient).norm() / other.gradient.norm())
        for kind in kinds[1:]
        for own, other in zip(clocks[kind], clocks["stock"], strict=True)
        if own.gradient is not None and other.gradient is not None
    )
    if apart > SAME[arguments.bf16]:
        raise SystemExit(f"the gradients differ by {apart:.1e}: nothing here can be compared")
    times = {
        kind: {
            "step_cpu_s": median(t for clock in found for t in clock.steps[1:]),
            "loss_and_backward_cpu_s": median(t for clock in found for t in clock.losses[1:]),
        }
        for kind, found in clocks.items()
    }
    report = {
        "command": " ".join(["python -m benchmarks.trainer_step", *_telling(sys.argv[1:])]),
        "environment": environment(),
        "rounds": arguments.rounds,
        "steps_per_round": arguments.steps,
        "hidden_size": arguments.hidden_size,
        "vocabulary": arguments.vocabulary,
        "options": {key: OPTIONS[key] for key in OPTIONS if key not in ("report_to", "use_cpu")},
        "dead_groups": round(sum(dead) / len(dead), 3),
        "gradient_distance": apart,
        "times": times,
        "ratio": {
            kind: {
                name: round(times[kind][name] / cost, 3) for name, cost in times["stock"].items()
            }
            for kind in kinds[1:]
        },
    }
    if arguments.device == "cuda":
        report["device"] = torch.cuda.get_device_name()
        report["peak_mb"] = {kind: max(c.peak_mb for c in found) for kind, found in clocks.items()}
    report["rewards"] = {
        kind: [round(sum(found[0].rewards[at : at + 5]) / 5, 3) for at in (0, -5)]
        for kind, found in clocks.items()
        if len(found[0].rewards) >= 5
    }
    if arguments.ragged:
        report["lengths"] = {"mean": arguments.mean_length, "longest": LONGEST} | {
            "distribution": "log-normal, sigma 1"
        }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    _print(report)


def _telling(words: list[str]) -> list[str]:
    """Without the file that is written, which is wherever it is."""
    at = words.index("--output") if "--output" in words else len(words)
    return words[:at] + words[at + 2 :]


def _print(report: dict[str, Any]) -> None:
    table = Table(title=f"seconds a step, {report['dead_groups']:.0%} of groups dead")
    kinds = list(report["times"])
    for heading in ("", *kinds, *(f"{kind} : stock" for kind in kinds[1:])):
        table.add_column(heading, justify="right" if heading else "left")
    for name, label in (
        ("loss_and_backward_cpu_s", "loss and backward"),
        ("step_cpu_s", "whole step"),
    ):
        times = [f"{report['times'][kind][name]:.3f}" for kind in kinds]
        ratios = [f"{report['ratio'][kind][name]:.2f}" for kind in kinds[1:]]
        table.add_row(label, *times, *ratios)
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind, alternating")
    parser.add_argument("--steps", type=int, default=5, help="optimizer steps a run")
    parser.add_argument("--dead", type=float, default=0.6, help="share of prompts without signal")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--bf16", action="store_true", help="products in bfloat16")
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--vocabulary", type=int, default=32768, help="words; Qwen's has 151,936")
    parser.add_argument("--ragged", action="store_true", help="log-normal lengths, no dead group")
    parser.add_argument("--mean-length", type=int, default=32, help="of those, in tokens")
    parser.add_argument("--output", type=Path)
    found = parser.parse_args()
    if found.ragged:
        found.dead = 0.0
    name = "trainer_step_ragged.json" if found.ragged else "trainer_step.json"
    found.output = found.output or RESULTS / name
    return found


if __name__ == "__main__":
    main()
