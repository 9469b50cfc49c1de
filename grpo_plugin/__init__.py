r"""A thin layer over TRL's GRPO trainer.

```python
from grpo_plugin import GRPOConfig, GRPOTrainer, to_prompts
from rewards import accuracy, format

trainer = GRPOTrainer(
    model="Qwen/Qwen2.5-1.5B",
    reward_funcs=[accuracy, format],
    args=GRPOConfig(reward_weights=[1.0, 0.2]),
    train_dataset=to_prompts(load_dataset("openai/gsm8k", "main", split="train")),
)
```

`GRPOTrainer` and `GRPOConfig` are TRL's with additions; `to_prompts` turns question/answer datasets
into prompts, by default with DeepSeek-R1-Zero's instruction (`R1_ZERO`, `R1_ZERO_BOXED`). Errors
are drawn in `grpo_plugin.errors`. torch and TRL are imported when a trainer is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from grpo_plugin.errors import MissingExtraError
from grpo_plugin.shadowing import warn_of_foreign_packages

if TYPE_CHECKING:
    from grpo_plugin.config import GRPOConfig
    from grpo_plugin.prompts import R1_ZERO, R1_ZERO_BOXED, to_prompts
    from grpo_plugin.trainer import GRPOTrainer

__all__ = ["R1_ZERO", "R1_ZERO_BOXED", "GRPOConfig", "GRPOTrainer", "to_prompts"]

_HOME = {
    "GRPOConfig": "grpo_plugin.config",
    "GRPOTrainer": "grpo_plugin.trainer",
    "R1_ZERO": "grpo_plugin.prompts",
    "R1_ZERO_BOXED": "grpo_plugin.prompts",
    "to_prompts": "grpo_plugin.prompts",
}

warn_of_foreign_packages()


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value: object = getattr(import_module(_HOME[name]), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == __name__:
            raise
        raise MissingExtraError(
            f"grpo_plugin.{name} needs {error.name!r}, which is not installed: "
            "pip install 'rlvr[train]'"
        ) from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
