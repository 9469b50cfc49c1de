"""Rewards by what people write: a name, a name with options, a combination, a path to own code.

* `spec`: reads what was written and builds the reward.
* `own_code`: imports what `module:object` and `file.py:object` name.
* `reward_function`: a user's function with TRL's signature, its numbers made verdicts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewards.lazy import lazy_attributes

if TYPE_CHECKING:
    from rewards.named.reward_function import RewardFunction as RewardFunction
    from rewards.named.spec import known_rewards as known_rewards
    from rewards.named.spec import own_code_in as own_code_in
    from rewards.named.spec import reward_named as reward_named

_HOMES = {
    "RewardFunction": "reward_function",
    "known_rewards": "spec",
    "own_code_in": "spec",
    "reward_named": "spec",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605 - the table above is the list
__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
