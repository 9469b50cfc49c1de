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

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewards.instructions import InstructionFollowing, instruction_following
    from rewards.reward import Reward, Sample
    from rewards.rules.accuracy import Accuracy, accuracy
    from rewards.rules.choice import Choice, choice
    from rewards.rules.combined import Clip, Gate, WeightedSum
    from rewards.rules.cosine_length import CosineLength, cosine_length
    from rewards.rules.exact_match import ExactMatch, TokenF1, exact_match, token_f1
    from rewards.rules.format import Format, format
    from rewards.rules.group_length import GroupLength
    from rewards.rules.json_schema import JsonSchema, json_schema
    from rewards.rules.language_consistency import LanguageConsistency, language_consistency
    from rewards.rules.overlong import Overlong, overlong
    from rewards.rules.pattern_match import PatternMatch, pattern_match
    from rewards.rules.program import Code, code
    from rewards.rules.quantity import Quantity, quantity
    from rewards.rules.repetition import Repetition, repetition
    from rewards.rules.route import Route
    from rewards.rules.schedule import Schedule
    from rewards.rules.tag_count import TagCount, tag_count
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

# Imported at first use: all of them together would take longer than everything else here.
_HOMES = {
    "Clip": "combined",
    "Gate": "combined",
    "WeightedSum": "combined",
    "InstructionFollowing": "instructions",
    "instruction_following": "instructions",
    "JsonSchema": "json_answer",
    "json_schema": "json_answer",
    "CosineLength": "length_cosine",
    "cosine_length": "length_cosine",
    "GroupLength": "length_group",
    "Overlong": "length_overlong",
    "overlong": "length_overlong",
    "Accuracy": "math_answer",
    "accuracy": "math_answer",
    "Choice": "multiple_choice",
    "choice": "multiple_choice",
    "Repetition": "ngrams",
    "repetition": "ngrams",
    "Code": "program",
    "code": "program",
    "Quantity": "quantities",
    "quantity": "quantities",
    "LanguageConsistency": "reasoning_language",
    "language_consistency": "reasoning_language",
    "PatternMatch": "regular_expression",
    "pattern_match": "regular_expression",
    "Reward": "reward",
    "Sample": "reward",
    "Route": "routing",
    "Schedule": "schedule",
    "TagCount": "tag_form",
    "tag_count": "tag_form",
    "ExactMatch": "text_answer",
    "TokenF1": "text_answer",
    "exact_match": "text_answer",
    "token_f1": "text_answer",
    "Format": "think_format",
    "format": "think_format",
    "Status": "verdict",
    "Verdict": "verdict",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(globals().keys() | set(__all__))
