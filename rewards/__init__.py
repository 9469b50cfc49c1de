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
for one of your own; `Verdict` and `Status` are what a verifier returns. `score` judges a list, a
data frame or a data set at once, and `to_frame` makes a frame of what it returns. Errors are drawn
in `rewards.errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewards.lazy import lazy_attributes

if TYPE_CHECKING:
    __version__: str

# A reward is one line here and one in the table below.
# isort: off
if TYPE_CHECKING:
    from rewards.reward import Reward as Reward
    from rewards.rules.accuracy import Accuracy as Accuracy, accuracy as accuracy
    from rewards.rules.choice import Choice as Choice, choice as choice
    from rewards.rules.combined import Clip as Clip, Gate as Gate, WeightedSum as WeightedSum
    from rewards.rules.cosine_length import (
        CosineLength as CosineLength,
        cosine_length as cosine_length,
    )
    from rewards.rules.exact_match import (
        ExactMatch as ExactMatch,
        TokenF1 as TokenF1,
        exact_match as exact_match,
        token_f1 as token_f1,
    )
    from rewards.rules.format import Format as Format, format as format
    from rewards.rules.formula_distance import (
        FormulaDistance as FormulaDistance,
        formula_distance as formula_distance,
    )
    from rewards.rules.group_length import GroupLength as GroupLength
    from rewards.rules.instruction_following import (
        InstructionFollowing as InstructionFollowing,
        instruction_following as instruction_following,
    )
    from rewards.rules.json_schema import JsonSchema as JsonSchema, json_schema as json_schema
    from rewards.rules.language_consistency import (
        LanguageConsistency as LanguageConsistency,
        language_consistency as language_consistency,
    )
    from rewards.rules.overlong import Overlong as Overlong, overlong as overlong
    from rewards.rules.pattern_match import (
        PatternMatch as PatternMatch,
        pattern_match as pattern_match,
    )
    from rewards.rules.program import Code as Code, code as code
    from rewards.rules.quantity import Quantity as Quantity, quantity as quantity
    from rewards.rules.repetition import Repetition as Repetition, repetition as repetition
    from rewards.rules.route import Route as Route
    from rewards.rules.schedule import Schedule as Schedule
    from rewards.rules.second_opinion import SecondOpinion as SecondOpinion
    from rewards.rules.tag_count import TagCount as TagCount, tag_count as tag_count
    from rewards.sample import Sample as Sample
    from rewards.text.chat_judge import ChatJudge as ChatJudge
    from rewards.verdict import Status as Status, Verdict as Verdict
    from rewards.workbench.scoring.in_memory import score as score, to_frame as to_frame
# isort: on

# Imported at first use: all of them together would take longer than everything else here.
_HOMES = {
    name: module
    for module, names in {
        "reward": "Reward",
        "rules.accuracy": "Accuracy accuracy",
        "rules.choice": "Choice choice",
        "rules.combined": "Clip Gate WeightedSum",
        "rules.cosine_length": "CosineLength cosine_length",
        "rules.exact_match": "ExactMatch TokenF1 exact_match token_f1",
        "rules.format": "Format format",
        "rules.formula_distance": "FormulaDistance formula_distance",
        "rules.group_length": "GroupLength",
        "rules.instruction_following": "InstructionFollowing instruction_following",
        "rules.json_schema": "JsonSchema json_schema",
        "rules.language_consistency": "LanguageConsistency language_consistency",
        "rules.overlong": "Overlong overlong",
        "rules.pattern_match": "PatternMatch pattern_match",
        "rules.program": "Code code",
        "rules.quantity": "Quantity quantity",
        "rules.repetition": "Repetition repetition",
        "rules.route": "Route",
        "rules.schedule": "Schedule",
        "rules.second_opinion": "SecondOpinion",
        "rules.tag_count": "TagCount tag_count",
        "sample": "Sample",
        "text.chat_judge": "ChatJudge",
        "verdict": "Status Verdict",
        "workbench.scoring.in_memory": "score to_frame",
    }.items()
    for name in names.split()
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - the table above is the list
__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
