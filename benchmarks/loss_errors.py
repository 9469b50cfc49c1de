"""How far each way of computing the loss is from float64."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor

from benchmarks.loss_ways import Problem, Way, pose
from grpo_plugin.objectives import gradient_coefficient, resolve

OUTPUT_TOKENS = 2048
_ROWS = 256


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Against float64 on the same inputs.

    Attributes:
        logp: root mean square of the log-probs' errors, `None` where a way shows none.
        ratio: what the ratio of a whole output of 2,048 tokens is multiplied by.
        hidden: relative error of the hidden states' gradient, in the Frobenius norm.
        weight: of the head's.
    """

    logp: float | None
    ratio: float | None
    hidden: float
    weight: float


def measure_errors(
    ways: list[Way], width: int, vocabulary: int, *, device: torch.device, dtype: torch.dtype
) -> dict[str, dict[str, float | None]]:
    """By way. Targets are drawn from the policy itself, as in training."""
    problem = pose(OUTPUT_TOKENS, width, vocabulary, device=device, dtype=dtype)
    problem = _on_policy_targets(problem)
    logp, hidden, weight = _exact(problem)
    found = {}
    for way in ways:
        if way.missing:
            continue
        problem.hidden.grad = problem.weight.grad = None
        way.loss(problem).backward()
        shown = None
        if way.logp is not None:
            with torch.no_grad():
                shown = way.logp(problem).double() - logp
        found[way.name] = asdict(
            Errors(
                logp=None if shown is None else float(shown.square().mean().sqrt()),
                ratio=None if shown is None else float(shown.sum().exp()),
                hidden=_relative(problem.hidden.grad, hidden),
                weight=_relative(problem.weight.grad, weight),
            )
        )
    return found


def _relative(found: Tensor | None, exact: Tensor) -> float:
    if found is None:
        return float("nan")
    return float((found.double() - exact).norm() / exact.norm())


@torch.no_grad()
def _on_policy_targets(problem: Problem) -> Problem:
    generator = torch.Generator(problem.hidden.device).manual_seed(1)
    targets = []
    for rows in problem.hidden.split(_ROWS):
        chances = torch.softmax(rows.float() @ problem.weight.float().t(), dim=1)
        targets.append(torch.multinomial(chances, 1, generator=generator).squeeze(1))
    return replace(problem, targets=torch.cat(targets))


@torch.no_grad()
def _exact(problem: Problem) -> tuple[Tensor, Tensor, Tensor]:
    """Log-probs and gradients in float64."""
    weight = problem.weight.double()
    logp = problem.hidden.new_empty(len(problem.targets), dtype=torch.float64)
    shape = problem.batch.mask.shape
    flat = gradient_coefficient(resolve("grpo"), logp.zero_().view(shape), problem.batch).flatten()
    to_hidden = torch.empty_like(problem.hidden, dtype=torch.float64)
    to_weight = torch.zeros_like(weight)
    for start in range(0, len(logp), _ROWS):
        part = slice(start, start + _ROWS)
        rows, targets = problem.hidden[part].double(), problem.targets[part, None]
        log_p = torch.log_softmax(rows @ weight.t(), dim=1)
        logp[part] = log_p.gather(1, targets).squeeze(1)
        gradient = log_p.exp_().neg_()
        gradient.scatter_add_(1, targets, torch.ones_like(gradient[:, :1]))
        gradient *= flat[part, None]
        to_hidden[part] = gradient @ weight
        to_weight.addmm_(gradient.t(), rows)
    return logp, to_hidden, to_weight
