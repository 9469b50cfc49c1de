r"""Rule-based rewards for reinforcement learning with verifiable rewards.

```python
from rewards import accuracy, format

trainer = GRPOTrainer(model=..., reward_funcs=[accuracy, format], train_dataset=...)
accuracy.verify(r"… so \boxed{\frac12}", "0.5")   # -> Verdict(score=1.0, status=CORRECT, …)
```

Ready rewards: `accuracy` (math answers), `code` (programs run against tests), `format`
(`<think>` then an answer). Their classes, `Accuracy`, `Code` and `Format`, take options. `Reward`
is the base for one of your own; `Verdict` and `Status` are what a verifier returns. Errors are
drawn in `rewards.errors`.
"""

from rewards.math_answer import Accuracy, accuracy
from rewards.program import Code, code
from rewards.reward import Reward, Sample
from rewards.think_format import Format, format
from rewards.verdict import Status, Verdict

__all__ = [
    "Accuracy",
    "Code",
    "Format",
    "Reward",
    "Sample",
    "Status",
    "Verdict",
    "accuracy",
    "code",
    "format",
]
