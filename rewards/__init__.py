r"""Rule-based rewards for reinforcement learning with verifiable rewards.

```python
from rewards import accuracy, format

trainer = GRPOTrainer(model=..., reward_funcs=[accuracy, format], train_dataset=...)
accuracy.verify(r"… so \boxed{\frac12}", "0.5")   # -> Verdict(score=1.0, status=CORRECT, …)
```

Ready rewards, each with its class for other options:

- answers: `accuracy` (mathematics), `code` (programs run against tests), `choice` (letters),
  `exact_match` and `token_f1` (text), `quantity` (a number with its unit), `json_schema`,
  `pattern_match` (a regular expression), `instruction_following` (IFEval);
- form: `format` (`<think>` then an answer), `tag_count`, `language_consistency`;
- length: `overlong`, `cosine_length`, `repetition`, and the class `GroupLength`.

`WeightedSum`, `Gate`, `Clip`, `Schedule` and `Route` make rewards of rewards. `Reward` is the base
for one of your own; `Verdict` and `Status` are what a verifier returns. Errors are drawn in
`rewards.errors`.
"""

from rewards.combined import Clip, Gate, WeightedSum
from rewards.instructions import InstructionFollowing, instruction_following
from rewards.json_answer import JsonSchema, json_schema
from rewards.length_cosine import CosineLength, cosine_length
from rewards.length_group import GroupLength
from rewards.length_overlong import Overlong, overlong
from rewards.math_answer import Accuracy, accuracy
from rewards.multiple_choice import Choice, choice
from rewards.ngrams import Repetition, repetition
from rewards.program import Code, code
from rewards.quantities import Quantity, quantity
from rewards.reasoning_language import LanguageConsistency, language_consistency
from rewards.regular_expression import PatternMatch, pattern_match
from rewards.reward import Reward, Sample
from rewards.routing import Route
from rewards.schedule import Schedule
from rewards.tag_form import TagCount, tag_count
from rewards.text_answer import ExactMatch, TokenF1, exact_match, token_f1
from rewards.think_format import Format, format
from rewards.verdict import Status, Verdict

__all__ = [
    "Accuracy",
    "Choice",
    "Clip",
    "Code",
    "CosineLength",
    "ExactMatch",
    "Format",
    "Gate",
    "GroupLength",
    "InstructionFollowing",
    "JsonSchema",
    "LanguageConsistency",
    "Overlong",
    "PatternMatch",
    "Quantity",
    "Repetition",
    "Reward",
    "Route",
    "Sample",
    "Schedule",
    "Status",
    "TagCount",
    "TokenF1",
    "Verdict",
    "WeightedSum",
    "accuracy",
    "choice",
    "code",
    "cosine_length",
    "exact_match",
    "format",
    "instruction_following",
    "json_schema",
    "language_consistency",
    "overlong",
    "pattern_match",
    "quantity",
    "repetition",
    "tag_count",
    "token_f1",
]
