"""PPO's value model: trained beside the policy, with an optimizer of its own.

It predicts, before each token of a completion, the sum of the rewards to come. Advantages come of
it by GAE over token rewards (−β KL at each token, the completion's reward at the last), whitened
over the batch; it is then regressed on the returns, clipped around its own old predictions (PPO's
usual value loss, arXiv 1707.06347's code and InstructGPT, arXiv 2203.02155).

It lies on the devices as the policy does, in DDP or sharded by FSDP2. Not covered: DeepSpeed and
FSDP1, which are refused; models whose inputs are more than text.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from grpo_plugin.advantages import gae
from grpo_plugin.advantages.outcome import standardize
from grpo_plugin.batch import Batch
from grpo_plugin.errors import ConfigurationError
from grpo_plugin.objectives import Aggregation, aggregate
from grpo_plugin.training.estimating import KLPlace
from grpo_plugin.training.rollout import Rollout, sampled_kl
from grpo_plugin.training.sharding import spread_out, take_up, whole_state
from grpo_plugin.training.steering import steer_kl


class ValueModel(nn.Module):
    """A backbone with one number at each position.

    Args:
        backbone: gives `last_hidden_state` (B, S, H) for token ids and attention mask.
        width: H.
    """

    def __init__(self, backbone: Any, width: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(width, 1)
        nn.init.zeros_(self.head.weight)  # no opinion before it has seen a reward
        nn.init.zeros_(self.head.bias)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """(B, S): the value after each token."""
        found = self.backbone(input_ids=input_ids, attention_mask=attention_mask, use_cache=False)
        values: Tensor = self.head(found.last_hidden_state.to(self.head.weight.dtype)).squeeze(-1)
        return values


class Critic:
    """A trainer's value model, its optimizer, and what PPO does with them.

    Args:
        trainer: ours, made by TRL.
        given: a `ValueModel`, another module that gives (B, S) values for token ids and attention
            mask, a path or name that `AutoModel` loads, or `None` for a copy of the policy's
            backbone.

    Raises:
        ConfigurationError: the policy is split by DeepSpeed or FSDP1, or there is nothing to copy.
    """

    def __init__(self, trainer: Any, given: Any) -> None:
        args = trainer.args
        model = _value_model(trainer, given).to(trainer.accelerator.device)
        self.model = spread_out(trainer, model.train())
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=args.value_learning_rate, weight_decay=0.0
        )

    def values(self, inputs: dict[str, Any]) -> Tensor:
        """(B, T): the value of the state before each token of the completions."""
        ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
        mask = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1)
        length = inputs["completion_ids"].shape[1]
        found: Tensor = self.model(ids, mask)[:, -length - 1 : -1].float()
        return found

    def advantages(self, trainer: Any, rollout: Rollout) -> Tensor:
        """(n, T): whitened advantages; values and returns join the batch for `update`."""
        tensors, mask = rollout.tensors, rollout.mask
        with torch.no_grad():
            size = trainer.args.per_device_train_batch_size
            parts = [
                self.values({k: tensors[k][at : at + size] for k in _INPUTS})
                for at in range(0, len(mask), size)
            ]
        values = torch.cat(parts).detach().masked_fill(~mask, 0.0)
        rewards = torch.zeros_like(values)
        if trainer.plan.kl_in is KLPlace.TOKEN_REWARD:
            divergence = sampled_kl(trainer, rollout)
            rewards = rewards - trainer.kl_controller.coefficient * divergence
            if trainer.model.training:
                steer_kl(trainer, trainer.accelerator.gather(divergence.sum(dim=1)))
        outcome = rollout.rewards[rollout.mine]
        known = ~outcome.isnan()
        last = mask.long().cumsum(dim=1).argmax(dim=1)  # the first place where the count is full
        rewards[torch.arange(len(last), device=last.device), last] += torch.nan_to_num(outcome)
        found = gae(
            rewards, values, mask, gamma=trainer.args.gae_gamma, lam=trainer.args.gae_lambda
        )
        counted = mask & known[:, None]
        tensors["values"], tensors["returns"] = values, found.returns
        return _whitened(trainer, found.advantages, counted)

    def update(self, trainer: Any, inputs: dict[str, Any], batch: Batch) -> Tensor:
        """One micro-batch of the value loss; a step of the optimizer where a window ends.

        L = Σ_t w ½ max((V − R)², (clip(V, V_old ± ε) − R)²), w as a token mean's over the window.
        """
        old, returns = inputs["values"], inputs["returns"]
        values = self.values(inputs)
        bound = trainer.args.value_clip
        near = old + (values - old).clamp(-bound, bound)
        losses = torch.maximum((values - returns).square(), (near - returns).square()) / 2
        loss = aggregate(losses, batch, Aggregation.TOKEN_MEAN)
        if trainer.model.training:
            loss.backward()  # type: ignore[no-untyped-call]
            if trainer.accelerator.sync_gradients:
                if trainer.args.max_grad_norm:
                    nn.utils.clip_grad_norm_(self.model.parameters(), trainer.args.max_grad_norm)
                self.optimizer.step()
                self.optimizer.zero_grad(set_to_none=True)
        return loss.detach() * batch.accumulation

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds of it, for the first process; all must ask."""
        return whole_state(self.model, self.optimizer)

    def load(self, state: dict[str, Any]) -> None:
        """Take up what a checkpoint holds."""
        take_up(self.model, self.optimizer, state)


_INPUTS = ("prompt_ids", "prompt_mask", "completion_ids", "completion_mask")


def _value_model(trainer: Any, given: Any) -> nn.Module:
    if isinstance(given, nn.Module):
        return given
    if given is None:
        model = trainer.accelerator.unwrap_model(trainer.model)
        if hasattr(model, "get_base_model"):
            raise ConfigurationError(
                "advantage_estimator='gae' copies the policy for its value model, which an adapter "
                "makes no sense of; give value_model= a path or a module"
            )
        backbone = copy.deepcopy(getattr(model, "base_model", model))
    else:
        from transformers import AutoModel  # only where a path is given

        backbone = AutoModel.from_pretrained(given)
    for weight in backbone.parameters():
        weight.requires_grad_(True)
    return ValueModel(backbone, backbone.config.get_text_config().hidden_size)


def _whitened(trainer: Any, advantages: Tensor, counted: Tensor) -> Tensor:
    """Mean 0 and standard deviation 1 over the counted tokens of all processes."""
    accelerator = trainer.accelerator
    everywhere = [
        accelerator.gather(accelerator.pad_across_processes(part, dim=1))
        for part in (advantages, counted.to(advantages.dtype))
    ]
    size, first = len(advantages), accelerator.process_index * len(advantages)
    scaled = standardize(*everywhere)[first : first + size, : advantages.shape[1]]
    return torch.where(counted, scaled, torch.zeros_like(scaled))
