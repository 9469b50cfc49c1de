r"""SkyRL: an environment of one turn for skyrl-gym.

```python
import skyrl_gym

skyrl_gym.register(
    id="near",
    entry_point="rewards.adapters.skyrl:rlvr",
    kwargs={"reward": "accuracy(tolerance=1e-3)"},
)
```

Rows name it in `env_class`. SkyRL's generator steps environments in a thread pool. There are no
missing scores: such a row scores `unscored`. The verdict, without what was expected, is the step's
`metadata`; the metrics are 1 for the row's status and its `unscored`, averaged by SkyRL.

The row is the extras (all other columns); the reference `reward_model.ground_truth` or
`reward_spec.ground_truth`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rewards.adapters.bridge import Bridge, Row, Source, bridge, peer_module
from rewards.verdict import Status


def reward(source: Source | None = None, *, unscored: float = 0.0) -> Callable[..., Any]:
    """The entry point for `skyrl_gym.register`, for one reward.

    Args:
        source: the reward or its spec; by default `reward` in the environment's configuration, or
            what `RLVR_REWARD` names.
        unscored: the reward of a row that has none.
    """

    def make(
        env_config: Mapping[str, Any] | None = None, extras: Mapping[str, object] | None = None
    ) -> Any:
        return rlvr(env_config, extras, reward=source, unscored=unscored)

    return make


def rlvr(
    env_config: Mapping[str, Any] | None = None,
    extras: Mapping[str, object] | None = None,
    *,
    reward: Source | None = None,
    unscored: float = 0.0,
) -> Any:
    """An environment for one row; the reward from `register`'s kwargs or the configuration."""
    chosen = reward if reward is not None else _configured(env_config)
    return _environment_class()(bridge("skyrl", chosen, unscored=unscored), extras or {})


def _configured(config: Any) -> Any:
    return config.get("reward") if hasattr(config, "get") else None


def _environment_class() -> Any:
    known: Any = _CLASSES.get("env")
    if known is None:
        known = _CLASSES["env"] = _make_class()
    return known


_CLASSES: dict[str, Any] = {}  # one class a process, for `get_metrics` to be averaged together


def _make_class() -> Any:
    envs = peer_module("skyrl_gym.envs.base_text_env", install="pip install skyrl-gym")
    base: Any = envs.BaseTextEnv

    class RlvrEnv(base):  # type: ignore[misc]
        """A reward of ours as an environment that ends after one turn."""

        def __init__(self, crossed: Bridge, extras: Mapping[str, object]) -> None:
            super().__init__()
            self.crossed, self.row = crossed, extras
            self.prompt: object = None
            self.metrics: dict[str, float] = {}

        def init(self, prompt: Any) -> Any:
            """Keep the prompt for rewards that look at it."""
            self.prompt = prompt
            return super().init(prompt)

        def step(self, action: str) -> Any:
            """Judge what the model wrote."""
            verdict = self.crossed.verdict(Row(action, self.row, self.prompt))
            record = self.crossed.record(verdict)
            self.metrics = {
                "unscored": float(record["unscored"]),
                **{one.value: float(verdict.status is one) for one in Status},
            }
            return envs.BaseTextEnvStepOutput(
                observations=[],
                reward=self.crossed.number(verdict),
                done=True,
                metadata={name: cell for name, cell in record.items() if name != "expected"},
            )

        def get_metrics(self) -> dict[str, float]:
            """1 for the row's status, 0 for every other."""
            return self.metrics

    return RlvrEnv
