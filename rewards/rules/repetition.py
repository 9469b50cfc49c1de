"""A penalty for saying the same thing over and over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rewards.errors import InputError
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.text.lengths import words
from rewards.verdict import Status, Verdict

_SHOWN_CHARS = 80
_MOST_WORDS = 2**17  # no model loops for longer; what stands before costs no time and no memory


@dataclass(frozen=True, kw_only=True)
class Repetition(Reward):
    """Minus the share of n-grams that were there before: 0 for none, towards -1 for a loop.

    `score = -penalty · (1 - distinct n-grams / n-grams)` over token ids. Where no ids are given,
    over words in lower case, and the reason says so. Sources: "Demystifying Long Chain-of-Thought
    Reasoning in LLMs" (arXiv 2502.03373), whose penalty falls on the tokens of repeated n-grams;
    open-r1 gives the share of them to the whole completion, as here. Of a completion of more than
    131,072 tokens or words only so many of the last are looked at, and the reason says so.

    Attributes:
        n: how many tokens on end make one n-gram. Small ones repeat in any honest text of some
            length: 20 to 40 finds loops only.
        penalty: the size of the greatest penalty, above 0 and at most 1; for more give the reward
            a weight.

    >>> Repetition(n=2).verify("", completion_ids=[1, 2, 3, 4]).score
    0.0
    >>> Repetition(n=2).verify("", completion_ids=[1, 2, 1, 2, 1]).score
    -0.5

    Raises:
        InputError: an option has a value that it cannot have.
    """

    name: str = "repetition"
    n: int = 20
    penalty: float = 1.0

    bounds: ClassVar[tuple[float, float]] = (-1.0, 0.0)

    def __post_init__(self) -> None:
        if self.n < 1:
            raise InputError(f"n={self.n}: an n-gram has at least one token")
        if not 0 < self.penalty <= 1:
            raise InputError(f"penalty={self.penalty}: give a size in (0, 1]")

    def judge(self, sample: Sample) -> Verdict:
        """Judge the repetitions of one completion."""
        tokens: Sequence[Hashable]
        if sample.completion_ids is None:
            tokens, unit = words(sample.completion.casefold()), "words (no token ids given)"
        else:
            tokens, unit = list(sample.completion_ids), "tokens"
        given = len(tokens)
        tokens = tokens[-_MOST_WORDS:]
        total = len(tokens) - self.n + 1
        if total < 2:
            return Verdict(0.0, Status.SCORED, reason=f"{given} {unit}: nothing repeats")
        counts, known = _runs(tokens, self.n)
        repeated = total - len(counts)
        said = f"{repeated} of {total} runs of {self.n} {unit} were there before"
        if given > len(tokens):
            said = f"{said}, in the last {len(tokens)} of {given}"
        if not repeated:
            return Verdict(0.0, Status.SCORED, reason=said)
        worst, times = counts.most_common(1)[0]
        shown = " ".join(str(known[ord(sign)]) for sign in worst)[:_SHOWN_CHARS]
        reason = f"{said}; {times} times: {shown}"
        return Verdict(-self.penalty * repeated / total, Status.WRONG, reason=reason)


def _runs(tokens: Sequence[Hashable], n: int) -> tuple[Counter[str], list[Hashable]]:
    """How often each run of `n` tokens is there, and the tokens by the signs that stand for them.

    A sign is one character, so that a run is a slice of a string: a third of what tuples cost.
    """
    numbers: dict[Hashable, int] = {}
    signs = "".join([chr(numbers.setdefault(token, len(numbers))) for token in tokens])
    slices = map(slice, range(len(signs) - n + 1), range(n, len(signs) + 1))
    return Counter(map(signs.__getitem__, slices)), list(numbers)


repetition = Repetition()
