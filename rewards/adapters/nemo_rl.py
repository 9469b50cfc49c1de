r"""NeMo-RL: an environment of one turn.

```python
# environments.py
import ray
from rewards.adapters.nemo_rl import reward

Near = ray.remote(reward("accuracy(tolerance=1e-3)"))
```

`register_env("near", "environments.Near")`, its interpreter in `ACTOR_ENVIRONMENT_REGISTRY`, and an
`env: near:` section. NeMo-RL calls `step` with a batch, in a Ray actor; the batch is judged on all
workers together. There are no missing scores: such a row scores `unscored`. What the environment
answers (`observations`) says the status; the verdict, without what was expected, goes into the
row's metadata, under `rlvr`.

The row is the metadata (`extra_env_info`); the reference its `ground_truth`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rewards.adapters.bridge import Row, Source, bridge, last_message, peer_module


def reward(source: Source | None = None, *, unscored: float = 0.0) -> Any:
    """The environment's class for one reward.

    Args:
        source: the reward or its spec; by default `reward` in the environment's configuration, or
            what `RLVR_REWARD` names.
        unscored: the reward of a row that has none.
    """
    interfaces = peer_module(
        "nemo_rl.environments.interfaces", install="install NVIDIA-NeMo/RL from its repository"
    )
    torch = peer_module("torch", install="pip install torch")
    base: Any = interfaces.EnvironmentInterface

    class RlvrEnvironment(base):  # type: ignore[misc]
        """A reward of ours as an environment that ends after one turn."""

        def __init__(self, cfg: Mapping[str, Any] | None = None) -> None:
            chosen = source if source is not None else (cfg or {}).get("reward")
            self.crossed = bridge("nemo_rl", chosen, unscored=unscored)

        def shutdown(self) -> None:
            """Nothing to end: the workers belong to the process."""

        def step(
            self,
            message_log_batch: Sequence[Sequence[Mapping[str, object]]],
            metadata: Sequence[Mapping[str, object] | None],
            return_extracted_answer: bool = False,  # noqa: FBT001, FBT002 - NeMo-RL's signature
        ) -> Any:
            """Judge the last turn of every conversation."""
            rows = []
            for log, cells in zip(message_log_batch, metadata, strict=True):
                prompt, written = last_message(_texts(log))
                rows.append(Row(written, cells or {}, prompt))
            verdicts = self.crossed.verdicts(rows)
            records = [self.crossed.record(verdict) for verdict in verdicts]
            shown = [{k: v for k, v in record.items() if k != "expected"} for record in records]
            return interfaces.EnvironmentReturn(
                observations=[
                    {"role": "environment", "content": f"Environment: {verdict.status.value}"}
                    for verdict in verdicts
                ],
                metadata=[
                    {**(cells or {}), "rlvr": record}
                    for cells, record in zip(metadata, shown, strict=True)
                ],
                next_stop_strings=[None] * len(verdicts),
                rewards=torch.tensor([self.crossed.number(verdict) for verdict in verdicts]),
                terminateds=torch.ones(len(verdicts)),
                answers=[v.extracted for v in verdicts] if return_extracted_answer else None,
            )

        def global_post_process_and_metrics(self, batch: Any) -> tuple[Any, dict[str, float]]:
            """The mean reward and the share of rows without a score."""
            seen = [info.get("rlvr", {}) for info in batch.get("extra_env_info", []) if info]
            unscored_rows = [float(one["unscored"]) for one in seen if "unscored" in one]
            metrics = {"accuracy": float(batch["rewards"].float().mean())}
            if unscored_rows:
                metrics["unscored"] = sum(unscored_rows) / len(unscored_rows)
            return batch, metrics

    return RlvrEnvironment


def _texts(log: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """A log's messages without the tensors that lie beside their texts."""
    return [{"role": one.get("role"), "content": one.get("content")} for one in log]
