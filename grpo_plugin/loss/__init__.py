"""The fused loss: any objective of the policy's log-probs without the logits in memory.

`fused_policy_loss` gives the loss of a batch with gradients of hidden states and head,
`fused_logps` log-probs alone. They need torch, and use Triton on CUDA devices.
"""

from __future__ import annotations

from grpo_plugin.loss.fused import LogProbs, LossOutput, fused_logps, fused_policy_loss
from grpo_plugin.loss.kernels import Backend
from grpo_plugin.loss.weighing import Foresight

__all__ = ["Backend", "Foresight", "LogProbs", "LossOutput", "fused_logps", "fused_policy_loss"]
