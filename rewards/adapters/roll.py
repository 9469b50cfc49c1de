r"""ROLL: a reward worker for a domain of the RLVR pipeline.

```python
# near.py
from rewards.adapters.roll import reward

NearWorker = reward("accuracy(tolerance=1e-3)")
```

`rewards: math_rule: {worker_cls: near.NearWorker, …}`. ROLL calls `compute_rewards` with its shard
of the batch, in a Ray actor; the shard is judged on all workers together. There are no missing
scores: such a row scores `unscored`, and a warning counts them. Prompt and response are decoded
with their special tokens (a template's `<think>` may be one) and without padding.

The row is the batch's `non_tensor_batch`; the reference `ground_truth`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rewards.adapters.bridge import Row, Source, bridge, peer_module

_INSTALL = "install alibaba/ROLL from its repository"


def reward(source: Source | None = None, *, unscored: float = 0.0) -> Any:
    """The class that `worker_cls` names, for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        unscored: the score of a row that has none.
    """
    torch = peer_module("torch", install="pip install torch")
    decorator = peer_module("roll.distributed.scheduler.decorator", install=_INSTALL)
    protocol = peer_module("roll.distributed.scheduler.protocol", install=_INSTALL)
    providers = peer_module("roll.models.model_providers", install=_INSTALL)
    base: Any = peer_module("roll.distributed.executor.worker", install=_INSTALL).Worker
    dispatch, register = decorator.Dispatch, decorator.register

    class RlvrRewardWorker(base):  # type: ignore[misc]
        """A reward of ours as a worker of ROLL's."""

        def __init__(self, worker_config: Any) -> None:
            super().__init__(worker_config=worker_config)
            self.rank_info.dp_rank = self.rank_info.rank
            self.rank_info.dp_size = self.rank_info.world_size
            self.tokenizer = providers.default_tokenizer_provider(
                model_args=worker_config.model_args
            )
            self.crossed = bridge("roll", source, unscored=unscored)

        @register(dispatch_mode=dispatch.ONE_TO_ALL)  # type: ignore[untyped-decorator,unused-ignore]
        def initialize(self, pipeline_config: Any) -> None:
            """Nothing to load."""

        @register(dispatch_mode=dispatch.DP_MP_COMPUTE, clear_cache=False)  # type: ignore[untyped-decorator,unused-ignore]
        def compute_rewards(self, data: Any) -> Any:
            """The rewards of a shard."""
            verdicts = self.crossed.verdicts(_rows(data, self.tokenizer))
            scores = torch.tensor(
                [self.crossed.number(verdict) for verdict in verdicts], dtype=torch.float16
            )
            return protocol.DataProto.from_dict(
                tensors={
                    "token_level_rewards": torch.zeros_like(
                        data.batch["responses"], dtype=torch.float16
                    ),
                    "response_level_rewards": scores,
                    "scores": scores.clone(),
                }
            )

    return RlvrRewardWorker


def _rows(data: Any, tokenizer: Any) -> list[Row]:
    responses = _decoded(data.batch["responses"], tokenizer)
    has_prompts = "prompts" in data.batch.keys()  # noqa: SIM118 - a TensorDict looks at its keys
    prompts: Sequence[str | None] = (
        _decoded(data.batch["prompts"], tokenizer) if has_prompts else [None] * len(responses)
    )
    columns = {name: list(cells) for name, cells in data.non_tensor_batch.items()}
    return [
        Row(text, {name: cells[at] for name, cells in columns.items()}, prompts[at])
        for at, text in enumerate(responses)
    ]


def _decoded(ids: Any, tokenizer: Any) -> list[str]:
    """Token ids as text, without the padding at either end."""
    pad = tokenizer.pad_token_id
    texts = []
    for row in ids.tolist():
        first, last = 0, len(row)
        while last > first and row[last - 1] == pad:
            last -= 1
        while first < last and row[first] == pad:
            first += 1
        texts.append(tokenizer.decode(row[first:last], skip_special_tokens=False))
    return texts
