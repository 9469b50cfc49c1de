"""From a batch of completion tokens to their steps and the token at which each step ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from grpo_plugin.errors import StepError
from grpo_plugin.steps.alignment import Decode, align
from grpo_plugin.steps.blocks import Span
from grpo_plugin.steps.splitting import Splitter


@dataclass(frozen=True)
class CutCompletion:
    """The steps of one completion, over all its turns.

    Attributes:
        steps: their texts.
        ends: for each, the position in the completion of the token that wrote its last character.
            The last step reaches to the last token the policy wrote: what follows it (closing
            tags, the end-of-sequence token) is how the step ends.
    """

    steps: tuple[str, ...]
    ends: tuple[int, ...]


def cut_completions(
    ids: Tensor, live: Tensor, *, decode: Decode, splitter: Splitter
) -> list[CutCompletion]:
    """Cut each completion into steps.

    Args:
        ids: (B, T), completion tokens.
        live: (B, T), true where the policy wrote a token that counts. Each run of such tokens is a
            turn, decoded and cut by itself: tool output and padding are no steps and no step
            reaches over them.
        decode: the tokenizer's decoding.
        splitter: text to spans.

    Raises:
        StepError: the splitter returned spans that are out of order, overlap, are empty or reach
            beyond the text.
    """
    rows = zip(ids.tolist(), (live != 0).tolist(), strict=True)
    return [_cut(number, row, mask, decode, splitter) for number, (row, mask) in enumerate(rows)]


def _cut(
    number: int, ids: list[int], live: list[bool], decode: Decode, splitter: Splitter
) -> CutCompletion:
    steps: list[str] = []
    ends: list[int] = []
    last = -1
    for start, stop in _turns(live):
        turn = align(ids[start:stop], decode)
        spans = list(splitter(turn.text))
        _check_spans(spans, turn.text, splitter, number)
        steps += [turn.text[begin:end] for begin, end in spans]
        ends += [start + turn.token_at(end) for _, end in spans]
        last = stop - 1
    if ends:
        ends[-1] = last
    return CutCompletion(tuple(steps), tuple(ends))


def _turns(live: list[bool]) -> Iterator[Span]:
    """Runs of live tokens."""
    start = None
    for position, here in enumerate((*live, False)):
        if here and start is None:
            start = position
        elif not here and start is not None:
            yield start, position
            start = None


def _check_spans(spans: Sequence[Span], text: str, splitter: Splitter, number: int) -> None:
    position = 0
    for start, end in spans:
        if not position <= start < end <= len(text):
            name = getattr(splitter, "__name__", type(splitter).__name__)
            raise StepError(
                f"the step splitter {name} returned the span ({start}, {end}) for a text of "
                f"{len(text)} characters (sample {number}), after one that ends at {position}; "
                "spans must be in order, not empty and not overlapping"
            )
        position = end
