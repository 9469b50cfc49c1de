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

from typing import TYPE_CHECKING

from grpo_plugin.lazy import lazy_attributes
from grpo_plugin.shadowing import warn_of_foreign_packages

if TYPE_CHECKING:
    from grpo_plugin import advantages as advantages
    from grpo_plugin import callbacks as callbacks
    from grpo_plugin import kl as kl
    from grpo_plugin import loss as loss
    from grpo_plugin import objectives as objectives
    from grpo_plugin import steps as steps
    from grpo_plugin.config import GRPOConfig as GRPOConfig
    from grpo_plugin.prompts import R1_ZERO as R1_ZERO
    from grpo_plugin.prompts import R1_ZERO_BOXED as R1_ZERO_BOXED
    from grpo_plugin.prompts import to_prompts as to_prompts
    from grpo_plugin.trainer import GRPOTrainer as GRPOTrainer

_HOMES = {
    "GRPOConfig": "config",
    "GRPOTrainer": "trainer",
    "R1_ZERO": "prompts",
    "R1_ZERO_BOXED": "prompts",
    "to_prompts": "prompts",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - the table above is the list
__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)

warn_of_foreign_packages()
