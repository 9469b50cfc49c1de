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

from typing import TYPE_CHECKING

from rewards.lazy import lazy_attributes

if TYPE_CHECKING:
    from rewards.instructions import InstructionFollowing as InstructionFollowing
    from rewards.instructions import instruction_following as instruction_following
    from rewards.reward import Reward as Reward
    from rewards.reward import Sample as Sample
    from rewards.rules.accuracy import Accuracy as Accuracy
    from rewards.rules.accuracy import accuracy as accuracy
    from rewards.rules.choice import Choice as Choice
    from rewards.rules.choice import choice as choice
    from rewards.rules.combined import Clip as Clip
    from rewards.rules.combined import Gate as Gate
    from rewards.rules.combined import WeightedSum as WeightedSum
    from rewards.rules.cosine_length import CosineLength as CosineLength
    from rewards.rules.cosine_length import cosine_length as cosine_length
    from rewards.rules.exact_match import ExactMatch as ExactMatch
    from rewards.rules.exact_match import TokenF1 as TokenF1
    from rewards.rules.exact_match import exact_match as exact_match
    from rewards.rules.exact_match import token_f1 as token_f1
    from rewards.rules.format import Format as Format
    from rewards.rules.format import format as format
    from rewards.rules.group_length import GroupLength as GroupLength
    from rewards.rules.json_schema import JsonSchema as JsonSchema
    from rewards.rules.json_schema import json_schema as json_schema
    from rewards.rules.language_consistency import LanguageConsistency as LanguageConsistency
    from rewards.rules.language_consistency import language_consistency as language_consistency
    from rewards.rules.overlong import Overlong as Overlong
    from rewards.rules.overlong import overlong as overlong
    from rewards.rules.pattern_match import PatternMatch as PatternMatch
    from rewards.rules.pattern_match import pattern_match as pattern_match
    from rewards.rules.program import Code as Code
    from rewards.rules.program import code as code
    from rewards.rules.quantity import Quantity as Quantity
    from rewards.rules.quantity import quantity as quantity
    from rewards.rules.repetition import Repetition as Repetition
    from rewards.rules.repetition import repetition as repetition
    from rewards.rules.route import Route as Route
    from rewards.rules.schedule import Schedule as Schedule
    from rewards.rules.tag_count import TagCount as TagCount
    from rewards.rules.tag_count import tag_count as tag_count
    from rewards.verdict import Status as Status
    from rewards.verdict import Verdict as Verdict

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

__all__ = sorted(_HOMES)  # noqa: PLE0605 - the table above is the list
__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
