"""What must hold on a GPU and cannot be seen without one: `python -m benchmarks.gpu_checks`.

Needs torch alone (and Triton where there is a GPU), no test runner. Each check passes, fails, or is
skipped by name; the command fails where one fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.loss_ways import Problem, pose
from grpo_plugin.loss import Backend, Foresight, fused_policy_loss
from grpo_plugin.objectives import resolve

BOUNDS = {torch.float32: 1e-5, torch.bfloat16: 1e-2, torch.float16: 2e-3}
"""Of the relative error of gradients, against float64 on the same inputs."""
OBJECTIVES = ("grpo", "sequence_grpo", "kl_cov")


class Skipped(Exception):  # noqa: N818 - it is no error
    """A check that this machine cannot run; the message says why."""


def gradients_are_those_of_float64(device: torch.device) -> str:
    """Of hidden states and head, for objectives of each coupling and each dtype."""
    worst: dict[torch.dtype, float] = {}
    for dtype, bound in BOUNDS.items():
        for name in OBJECTIVES:
            problem = _off_policy(pose(512, 128, 5003, device=device, dtype=dtype))
            found = _gradients(problem, name)
            exact = _plain(problem, name)
            apart = max(
                float((one.double() - other).norm() / other.norm())
                for one, other in zip(found, exact, strict=True)
            )
            worst[dtype] = max(apart, worst.get(dtype, 0.0))
            if apart > bound:
                raise AssertionError(f"{name} in {dtype}: {apart:.1e}, above {bound:.0e}")
    return ", ".join(f"{dtype}: {apart:.1e}" for dtype, apart in worst.items())


def both_twins_agree(device: torch.device) -> str:
    """Triton's kernels and torch's give the same gradients."""
    if device.type != "cuda":
        raise Skipped("Triton's kernels are compiled on a GPU only")
    worst = 0.0
    for dtype, bound in BOUNDS.items():
        problem = _off_policy(pose(512, 128, 5003, device=device, dtype=dtype))
        for name in OBJECTIVES:
            pair = [_gradients(problem, name, b) for b in (Backend.TRITON, Backend.TORCH)]
            for one, other in zip(*pair, strict=True):
                apart = float((one.double() - other.double()).norm() / other.double().norm())
                worst = max(worst, apart)
                if apart > bound:
                    raise AssertionError(f"{name} in {dtype}: {apart:.1e} apart")
    return f"{worst:.1e}"


def the_host_waits_once(device: torch.device) -> str:
    """As torch itself reports it, in a call whose coefficients are known beforehand."""
    if device.type != "cuda":
        raise Skipped("only a GPU is waited for")
    problem = pose(512, 128, 5003, device=device, dtype=torch.bfloat16)
    foresight = Foresight(
        live=problem.batch.mask.cpu(), weighty=(problem.batch.advantages != 0).cpu()
    )

    def run() -> None:
        fused_policy_loss(
            problem.hidden,
            problem.weight,
            problem.targets,
            "grpo",
            problem.batch,
            foresight=foresight,
        ).loss.backward()  # type: ignore[no-untyped-call]

    run()  # compiles, and tries launches
    torch.cuda.synchronize()
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            run()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    waits = [str(note.message) for note in noted if "synchroniz" in str(note.message)]
    if len(waits) > 1:
        raise AssertionError(f"{len(waits)} waits: {waits[:3]}")
    return f"{len(waits)}"


CHECKS: tuple[Callable[[torch.device], str], ...] = (
    gradients_are_those_of_float64,
    both_twins_agree,
    the_host_waits_once,
)


def run_checks(device: torch.device) -> dict[str, str]:
    """What each check says: "passed: …", "failed: …" or "skipped: …"."""
    return {check.__name__: _said(check, device) for check in CHECKS}


def _said(check: Callable[[torch.device], str], device: torch.device) -> str:
    try:
        return f"passed: {check(device)}"
    except Skipped as reason:
        return f"skipped: {reason}"
    except (AssertionError, RuntimeError, ValueError) as error:
        return f"failed: {type(error).__name__}: {error}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", choices=("cpu", "cuda"), default=default)
    parser.add_argument("--output", type=Path, help="a JSON file")
    arguments = parser.parse_args()
    found = run_checks(torch.device(arguments.device))
    for name, said in found.items():
        print(f"{name}: {said}")
    if arguments.output:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.exit(any(said.startswith("failed") for said in found.values()))


def _off_policy(problem: Problem) -> Problem:
    shape = problem.batch.mask.shape
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(2)) * 0.3
    hidden, weight = problem.hidden.detach().double(), problem.weight.detach().double()
    logp = torch.log_softmax(hidden @ weight.t(), dim=1).gather(1, problem.targets[:, None])
    old = logp.view(shape).float() + noise.to(logp.device)
    return replace(problem, batch=replace(problem.batch, old_logp=old))


def _gradients(problem: Problem, name: str, backend: Backend = Backend.AUTO) -> list[Tensor]:
    leaves = [problem.hidden, problem.weight]
    loss = fused_policy_loss(*leaves, problem.targets, name, problem.batch, backend=backend).loss
    return list(torch.autograd.grad(loss, leaves))


def _plain(problem: Problem, name: str) -> list[Tensor]:
    leaves = [t.detach().double().requires_grad_() for t in (problem.hidden, problem.weight)]
    log_p = torch.log_softmax(leaves[0] @ leaves[1].t(), dim=1)
    logp = log_p.gather(1, problem.targets[:, None]).view(problem.batch.mask.shape)
    return list(torch.autograd.grad(resolve(name)(logp, problem.batch), leaves))


if __name__ == "__main__":
    main()
