"""The ways to loss and gradients of a policy's last layer that `benchmarks.loss` compares.

Each takes hidden states, a head and a GRPO batch and returns a loss to call `backward` on. All
clip at 0.2 and average over the tokens of each completion, then over completions.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.loss import fused_logps, fused_policy_loss
from grpo_plugin.objectives import resolve

TRL_CHUNK = 32768  # what TRL's trainer passes


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """One loss to compute.

    Attributes:
        hidden: (N, H), a leaf.
        weight: (V, H), a leaf; requires a gradient unless the head is frozen.
        targets: (N,).
        batch: with all of B × T = N tokens live.
    """

    hidden: Tensor
    weight: Tensor
    targets: Tensor
    batch: Batch

    def solve(self, logp: Tensor) -> Tensor:
        """The loss of (N,) log-probs."""
        return resolve("grpo")(logp.view(self.batch.mask.shape), self.batch)


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way, and why it cannot run here if it cannot.

    Attributes:
        name: for tables.
        loss: runs forward.
        logp: (N,) log-probs, without gradient; `None` where the way has none to show.
        missing: the reason it cannot run, or empty.
    """

    name: str
    loss: Callable[[Problem], Tensor]
    logp: Callable[[Problem], Tensor] | None = None
    missing: str = ""


def pose(  # noqa: PLR0913 - a problem has this many sizes
    rows: int,
    width: int,
    vocabulary: int,
    *,
    device: torch.device,
    dtype: torch.dtype,
    completions: int = 64,
    seed: int = 0,
) -> Problem:
    """Random hidden states, a head whose logits have a standard deviation of 3, random targets."""
    generator = torch.Generator(device).manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, device=device, dtype=torch.float32)

    weight = torch.empty(vocabulary, width, device=device, dtype=dtype)
    for start in range(0, vocabulary, 8192):  # no float32 copy of the whole
        part = weight[start : start + 8192]
        part.copy_(normal(*part.shape).mul_(3 * width**-0.5))
    shape = (completions, rows // completions)
    advantages = normal(completions, 1).sign().expand(shape).contiguous()
    return Problem(
        hidden=normal(rows, width).to(dtype).requires_grad_(),
        weight=weight.requires_grad_(),
        targets=torch.randint(0, vocabulary, (rows,), generator=generator, device=device),
        batch=Batch(advantages=advantages, mask=torch.ones(shape, dtype=torch.bool, device=device)),
    )


def kill(problem: Problem, share: float, *, beforehand: bool) -> Problem:
    """The problem with a share of its completions dead.

    Args:
        problem: on-policy.
        share: of completions.
        beforehand: advantages of zero, on-policy; otherwise off-policy, and the dead ones clipped,
            which only their log-probs tell.
    """
    batch = problem.batch
    count = round(share * batch.mask.shape[0])
    advantages = batch.advantages.clone()
    if beforehand:
        advantages[:count] = 0
        return replace(problem, batch=replace(batch, advantages=advantages))
    advantages[:count] = 1
    logp = fused_logps(problem.hidden, problem.weight, problem.targets).logp
    old = logp.view(batch.mask.shape) + 0.05
    old[:count] -= 1
    return replace(problem, batch=replace(batch, advantages=advantages, old_logp=old))


def ours(problem: Problem) -> Tensor:
    """The fused loss."""
    return fused_policy_loss(
        problem.hidden, problem.weight, problem.targets, "grpo", problem.batch
    ).loss


def naive_logp(problem: Problem) -> Tensor:
    """All logits, log-softmax in float32, gather."""
    logits = problem.hidden @ problem.weight.t()
    log_p = torch.log_softmax(logits, dim=-1, dtype=torch.float32)
    return log_p.gather(1, problem.targets[:, None]).squeeze(1)


def ours_in_1_gb(problem: Problem) -> Tensor:
    """The same in a gigabyte, however much is free."""
    return fused_policy_loss(
        problem.hidden, problem.weight, problem.targets, "grpo", problem.batch, memory_mb=1024
    ).loss


def load_ways(device: torch.device) -> list[Way]:
    """All ways, those that cannot run here with the reason."""
    small = [Way(name="ours in 1 GB", loss=ours_in_1_gb)] if device.type == "cuda" else []
    return [
        *small,
        Way(
            name="ours",
            loss=ours,
            logp=lambda p: fused_logps(p.hidden, p.weight, p.targets).logp,
        ),
        Way(name="naive", loss=lambda p: p.solve(naive_logp(p)), logp=naive_logp),
        _trl(device),
        _liger(device),
        _cut_cross_entropy(device),
        _torch_own(device),
    ]


def _trl(device: torch.device) -> Way:
    way = Way(name="TRL", loss=_nothing)
    for load in (_trl_installed, _trl_alone):
        try:
            way = _tried(_trl_way(load()), device)
        except (ImportError, OSError, AttributeError) as error:
            way = replace(way, missing=str(error))
        if not way.missing:
            break
    return way


def _trl_way(function: type[torch.autograd.Function]) -> Way:
    def logp(problem: Problem) -> Tensor:
        found: tuple[Tensor, ...] = function.apply(
            problem.hidden, problem.weight, None, problem.targets, 1.0, TRL_CHUNK, None, 1.0, ()
        )
        return found[0]

    return Way(name="TRL", loss=lambda problem: problem.solve(logp(problem)), logp=logp)


def _trl_installed() -> type[torch.autograd.Function]:
    from trl.kernels.chunked_logprob import ChunkedLogProbFunction

    function: type[torch.autograd.Function] = ChunkedLogProbFunction
    return function


def _trl_alone() -> type[torch.autograd.Function]:
    """TRL's function from its file, where TRL's own dependencies are not installed.

    Its backward pass imports one context manager from the trainer, which does nothing without
    ZeRO-3; here it is one that does nothing.
    """
    for folder in sys.path:
        path = Path(folder) / "trl" / "kernels" / "chunked_logprob.py"
        if path.is_file():
            break
    else:
        raise ImportError("not installed")
    for name in ("trl", "trl.kernels", "trl.trainer", "trl.trainer.utils"):
        package = types.ModuleType(name)
        package.__path__ = []
        sys.modules[name] = package
    sys.modules["trl.trainer.utils"].maybe_gather_lm_head_ctx = (  # type: ignore[attr-defined]
        lambda *_: nullcontext()
    )
    spec = importlib.util.spec_from_file_location("trl.kernels.chunked_logprob", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: type[torch.autograd.Function] = module.ChunkedLogProbFunction
    return function


def _liger(device: torch.device) -> Way:
    try:
        from liger_kernel.chunked_loss import LigerFusedLinearGRPOLoss
    except ImportError as error:
        return Way(name="Liger", loss=_nothing, missing=str(error))
    function = LigerFusedLinearGRPOLoss(
        beta=0.0, use_ref_model=False, loss_type="grpo", compiled=device.type == "cuda"
    )

    def loss(problem: Problem) -> Tensor:
        shape = problem.batch.mask.shape
        found: tuple[Tensor, ...] = function(
            problem.hidden.view(*shape, -1),
            problem.weight,
            problem.targets.view(shape),
            problem.batch.mask.to(torch.float32),
            problem.batch.advantages[:, 0].contiguous(),
            old_per_token_logps=problem.batch.old_logp,
        )
        return found[0]

    return _tried(Way(name="Liger", loss=loss), device)


def _cut_cross_entropy(device: torch.device) -> Way:
    name = "cut-cross-entropy"
    if device.type != "cuda":
        return Way(name=name, loss=_nothing, missing="its kernels need a GPU")
    try:
        from cut_cross_entropy import linear_cross_entropy
    except ImportError as error:
        return Way(name=name, loss=_nothing, missing=str(error))

    def logp(problem: Problem) -> Tensor:
        losses: Tensor = linear_cross_entropy(
            problem.hidden, problem.weight, problem.targets, reduction="none"
        )
        return -losses.float()

    return _tried(Way(name=name, loss=lambda p: p.solve(logp(p)), logp=logp), device)


def _torch_own(device: torch.device) -> Way:
    """The linear_cross_entropy of torch (2.13), chunked where that gives a loss for each row."""
    name = "torch linear_cross_entropy"
    function = getattr(torch.nn.functional, "linear_cross_entropy", None)
    if function is None:
        return Way(name=name, loss=_nothing, missing=f"torch {torch.__version__} has none")
    chunked = getattr(torch.nn, "LinearCrossEntropyOptions", None)
    way = Way(name=name, loss=_nothing, missing="not tried")
    for options in ({"options": chunked()} if chunked else {}, {}):

        def logp(problem: Problem, options: dict[str, object] = options) -> Tensor:
            losses: Tensor = function(
                problem.hidden, problem.weight, problem.targets, reduction="none", **options
            )
            return -losses.float()

        def loss(problem: Problem, logp: Callable[[Problem], Tensor] = logp) -> Tensor:
            return problem.solve(logp(problem))

        way = _tried(Way(name=name, loss=loss, logp=logp), device)
        if not way.missing:
            break
    return way


def _tried(way: Way, device: torch.device) -> Way:
    """The way, or why it fails on a small problem."""
    half = torch.bfloat16 if device.type == "cuda" else torch.float32
    problem = pose(256, 128, 1024, device=device, dtype=half)
    try:
        way.loss(problem).backward()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is why there are no figures
        lines = str(error).strip().splitlines() or [""]
        return replace(way, missing=f"{type(error).__name__}: {lines[0][:120]}")
    return way


def _nothing(problem: Problem) -> Tensor:
    raise RuntimeError(f"this way is missing ({len(problem.targets)} rows asked of it)")
