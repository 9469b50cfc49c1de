"""One completion with what its dataset row says about it: what a reward judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from rewards.completion import opens_think_block
from rewards.extraction.tags import after_reasoning
from rewards.extraction.turns import first_turn


class Sample(NamedTuple):
    """One completion with what its dataset row says about it: all that a reward may look at.

    A reward for an answer looks at `answer_part()`, one for the form of a completion at `own_turn`;
    `completion` also holds what a model made up after its turn was over.

    Attributes:
        completion: the text the model wrote (see `rewards.completion`).
        reference: what the row says is right, or `None` for a reward that needs none.
        prompt: the prompt as the dataset holds it.
        has_reasoning_field: the reasoning arrived in a field of its own.
        completion_ids: the completion's token ids, or `None` when nobody gave them.
        row: the row's cells in the columns that the reward's `also_reads` names.
    """

    completion: str
    reference: object = None
    prompt: object = None
    has_reasoning_field: bool = False
    completion_ids: Sequence[int] | None = None
    row: Mapping[str, object] = MappingProxyType({})

    @property
    def own_turn(self) -> str:
        """The completion up to where the model's own turn ends."""
        return first_turn(self.completion)

    def answer_part(self, *, prefilled: bool | None = None) -> str | None:
        """What stands after the reasoning, in the model's own turn; `None`: it never ends.

        `prefilled` says whether the prompt or chat template already opened `<think>`; `None` looks
        at the prompt.

        >>> Sample("<think>hm</think> yes<|im_end|>no").answer_part()
        ' yes'
        >>> Sample("it may be 4", prompt="2+2? <think>").answer_part() is None
        True
        """
        opened = prefilled
        if opened is None:
            opened = self.prompt is not None and opens_think_block(self.prompt)
        return after_reasoning(first_turn(self.completion), opened=opened)
