"""Loss and gradients of a policy's last layer without its logits: the functions to call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from grpo_plugin.batch import Batch
from grpo_plugin.loss.call import BackendSettings, CallResult
from grpo_plugin.loss.head import Head, check_inputs
from grpo_plugin.loss.kernels import Backend
from grpo_plugin.loss.passes import score, score_and_differentiate
from grpo_plugin.loss.weighing import Foresight, Weighing
from grpo_plugin.objectives.config import ObjectiveConfig
from grpo_plugin.objectives.registry import Objective, resolve


@dataclass(frozen=True, kw_only=True, eq=False)
class LossOutput:
    """What `fused_policy_loss` returns.

    Attributes:
        loss: scalar, to be called `backward` on.
        logp: (N,), without graph; 0 where `computed` is false.
        entropy: (N,) in nats, without graph, or `None` when nobody asked; 0 likewise.
        computed: (N,) bool; false at rows that were never projected, because they weigh nothing
            and nothing else was asked of them.
        with_gradient: how many rows entered the gradient products.
    """

    loss: Tensor
    logp: Tensor
    entropy: Tensor | None
    computed: Tensor
    with_gradient: int


@dataclass(frozen=True, kw_only=True, eq=False)
class LogProbs:
    """What `fused_logps` returns.

    Attributes:
        logp: (N,).
        entropy: (N,) in nats, or `None` when not asked for.
        square_sum: (N,), Σ_v π(v)² in (0, 1], or `None` when not asked for.
    """

    logp: Tensor
    entropy: Tensor | None
    square_sum: Tensor | None = None


def fused_policy_loss(
    hidden: Tensor,
    weight: Tensor,
    targets: Tensor,
    objective: str | Objective | Callable[..., Tensor],
    batch: Batch,
    *,
    config: ObjectiveConfig | None = None,
    bias: Tensor | None = None,
    temperature: float = 1.0,
    softcap: float | None = None,
    logit_scale: float = 1.0,
    entropy: bool = False,
    every_row: bool = False,
    memory_mb: float | None = None,
    backend: Backend | str = Backend.AUTO,
    foresight: Foresight | None = None,
) -> LossOutput:
    r"""objective(log softmax(head(hidden))[targets]), with gradients, and no (N, V) tensor alive.

    The gradient of any objective is Σ c_t ∇ log π(o_t), and c_t = ∂loss/∂logp_t is known as soon
    as log π(o_t) is (or, for coupled objectives, those of the completion or batch). So gradients
    are made while a tile of logits is at hand: three matrix products, two when the weight is
    frozen, and none but the first for rows with c = 0. When c does not depend on log-probs at all
    (on-policy, no KL) such rows are not projected either.

    `hidden`, `weight` and `bias` get gradients, exact for their first derivative; the batch is
    constant, except that an entropy the objective reads is the policy's own, gradient included.

    Args:
        hidden: (N, H), the last hidden states at the positions whose next token is live in the
            batch's mask, completion by completion.
        weight: (V, H), the head. Tied embeddings are no special case.
        targets: (N,), token ids.
        objective: a name, an `Objective`, or a function `(logp, batch, config) -> scalar`.
        batch: with N live tokens; its `entropy` is replaced when the objective reads one.
        config: the objective's options; by default its paper's.
        bias: (V,).
        temperature: logits are divided by it.
        softcap: logits pass through softcap · tanh(· / softcap) first (Gemma 2).
        logit_scale: a factor on logits before that (Cohere, Granite).
        entropy: return entropies, of every row.
        every_row: compute log-probs of rows that weigh nothing, too.
        memory_mb: for all buffers but gradients (and the weight's float32 sum). By default 128 on
            CPUs, and on accelerators 1024, 2048 or 4096, by what is free. More of it means larger
            tiles, and fewer rows projected twice when completions are coupled.
        backend: "auto", "torch" or "triton".
        foresight: what the caller knows of the batch on the CPU. With it the host waits for the
            device once where coefficients are known before the model runs (twice with float16),
            once a span otherwise; without, once more.

    Raises:
        ValueError: a shape, device, target or option does not fit, the budget is too small, or
            the batch holds values that are not finite; the message names it.
        TypeError: a dtype.
        NonFiniteLogitsError: a log-prob is NaN or infinite.

    Example:
        >>> hidden = torch.randn(3, 8, requires_grad=True)
        >>> weight = torch.randn(100, 8, requires_grad=True)
        >>> batch = Batch(
        ...     advantages=torch.tensor([[1.0, 1.0], [-1.0, -1.0]]),
        ...     mask=torch.tensor([[True, True], [True, False]]),
        ... )
        >>> found = fused_policy_loss(hidden, weight, torch.tensor([5, 7, 99]), "grpo", batch)
        >>> found.loss.backward()
        >>> hidden.grad.shape, found.logp.shape
        (torch.Size([3, 8]), torch.Size([3]))
    """
    head = Head(
        weight=weight.detach() if isinstance(weight, Tensor) else weight,
        bias=bias.detach().contiguous() if isinstance(bias, Tensor) else bias,
        temperature=temperature,
        softcap=softcap,
        logit_scale=logit_scale,
    )
    check_inputs(hidden, targets, head)
    if batch.mask.device != hidden.device:
        raise ValueError(f"batch is on {batch.mask.device}, hidden on {hidden.device}; move one")
    weighing = Weighing(
        resolve(objective),
        batch,
        config,
        rows=len(targets),
        vocabulary=head.vocabulary,
        foresight=foresight,
    )
    call = _Call(
        head=head,
        targets=targets,
        weighing=weighing,
        settings=BackendSettings.choose(hidden, head, backend, memory_mb),
        entropy=entropy,
        every_row=every_row,
        with_graph=torch.is_grad_enabled(),
    )
    with torch.autocast(hidden.device.type, enabled=False):
        loss: Tensor = _FusedLoss.apply(hidden, weight, bias, call)  # type: ignore[no-untyped-call]
    found = call.result
    if found is None:
        raise RuntimeError("the forward pass left nothing behind")
    seen = None if found.entropy is None else found.entropy * found.computed
    return LossOutput(
        loss=loss,
        logp=found.logp * found.computed,
        entropy=seen if entropy or weighing.uses_entropy else None,
        computed=found.computed,
        with_gradient=found.with_gradient,
    )


@torch.no_grad()
def fused_logps(
    hidden: Tensor,
    weight: Tensor,
    targets: Tensor,
    *,
    bias: Tensor | None = None,
    temperature: float = 1.0,
    softcap: float | None = None,
    logit_scale: float = 1.0,
    entropy: bool = False,
    square_sum: bool = False,
    memory_mb: float | None = None,
    backend: Backend | str = Backend.AUTO,
) -> LogProbs:
    """Compute log softmax(head(hidden))[targets] without gradients: one product, one slice alive.

    For π_old and the reference. Arguments and errors as in `fused_policy_loss`, and products of
    the same precision, so that the ratio of a policy to itself is 1 to float32's rounding.
    `square_sum` asks for Σ_v π(v)², which the optimal token baseline weighs tokens by.
    """
    head = Head(
        weight=weight,
        bias=bias.contiguous() if isinstance(bias, Tensor) else bias,
        temperature=temperature,
        softcap=softcap,
        logit_scale=logit_scale,
    )
    check_inputs(hidden, targets, head)
    settings = BackendSettings.choose(hidden, head, backend, memory_mb)
    with torch.autocast(hidden.device.type, enabled=False):
        found = score(hidden, targets, head, settings, entropy=entropy, square_sum=square_sum)
    return LogProbs(logp=found.logp, entropy=found.entropy, square_sum=found.square_sum)


@dataclass(kw_only=True, eq=False)
class _Call:
    """What the forward pass is given besides tensors with gradients, and what it leaves behind."""

    head: Head
    targets: Tensor
    weighing: Weighing
    settings: BackendSettings
    entropy: bool
    every_row: bool
    with_graph: bool
    result: CallResult | None = None


class _FusedLoss(torch.autograd.Function):
    """Gradients are made in `forward`, scaled in `backward`."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, call: _Call
    ) -> Tensor:
        needs = ctx.needs_input_grad
        wanted = (needs[0], needs[1], needs[2]) if call.with_graph else (False, False, False)
        call.result = score_and_differentiate(
            hidden,
            call.targets,
            call.head,
            call.settings,
            call.weighing,
            wanted=wanted,
            entropy=call.entropy,
            every_row=call.every_row,
        )
        ctx.save_for_backward(*call.result.gradients)
        ctx.dtypes = (hidden.dtype, weight.dtype, None if bias is None else bias.dtype)
        return call.weighing.loss(call.result.logp, call.result.entropy)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator,unused-ignore]
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        # Nobody reads the stored gradients again unless the graph is kept.
        spare = not torch._C._autograd._get_current_graph_task_keep_graph()  # noqa: SLF001 - no public name
        one = scale.device.type == "cpu" and scale.item() == 1
        found: list[Tensor | None] = []
        for gradient, dtype in zip(ctx.saved_tensors, ctx.dtypes, strict=True):
            if gradient is None or dtype is None:
                found.append(None)
            elif one:
                found.append(gradient.to(dtype))
            elif gradient.dtype == dtype:
                found.append(gradient.mul_(scale) if spare else gradient * scale)
            else:
                out = torch.empty_like(gradient, dtype=dtype)
                found.append(torch.mul(gradient, scale, out=out))
        return (*found, None)
