"""What the optimal token baseline reads of the policy: log π and Σπ² at each token.

With the fused loss both come of one pass without logits, the one that makes π_old's log-probs where
TRL asks for those; without it, of the logits of a few completions at a time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from grpo_plugin.advantages import optimal_token_baseline
from grpo_plugin.training.rollout import Rollout


def token_baseline_advantages(trainer: Any, rollout: Rollout) -> Tensor:
    """(n, T): this process's rows of `optimal_token_baseline` over the tokens of all processes."""
    accelerator, mask = trainer.accelerator, rollout.mask
    logp, square_sum = token_energies(trainer, rollout.tensors)
    everywhere = [
        accelerator.gather(accelerator.pad_across_processes(part.contiguous(), dim=1))
        for part in (logp, square_sum, mask.to(logp.dtype))
    ]
    whole = optimal_token_baseline(rollout.rewards, rollout.group, *everywhere)
    return whole[rollout.mine, : mask.shape[1]]


@torch.no_grad()
def token_energies(trainer: Any, tensors: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """(n, T) each: log π of the completions' tokens and Σ_v π(v)², at the sampling temperature."""
    known = trainer.fused_heads.square_sums_of(tensors.get("old_per_token_logps"))
    if known is not None:
        return tensors["old_per_token_logps"], known
    ids = torch.cat([tensors["prompt_ids"], tensors["completion_ids"]], dim=1)
    attention = torch.cat([tensors["prompt_mask"], tensors["completion_mask"]], dim=1)
    keep, size = tensors["completion_ids"].shape[1], trainer.args.per_device_train_batch_size
    found = trainer.fused_heads.logps(
        trainer, trainer.model, ids, attention, keep, batch_size=size, entropy=False, others={}
    )
    known = None if found is None else trainer.fused_heads.square_sums_of(found[0])
    if found is not None and known is not None:
        return found[0], known
    parts = [
        _from_logits(trainer, ids[at : at + size], attention[at : at + size], keep)
        for at in range(0, len(ids), size)
    ]
    return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])


def _from_logits(trainer: Any, ids: Tensor, attention: Tensor, keep: int) -> tuple[Tensor, Tensor]:
    with trainer.accelerator.autocast():
        logits = trainer.model(input_ids=ids, attention_mask=attention).logits
    log_p = (logits[:, -keep - 1 : -1].float() / trainer.temperature).log_softmax(dim=-1)
    logp = log_p.gather(2, ids[:, -keep:, None]).squeeze(2)
    return logp, log_p.exp().square().sum(dim=-1)
