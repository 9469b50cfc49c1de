"""How long a completion is: in tokens when their ids are given, else in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rewards.sample import Sample
from rewards.text.scripts import SPACELESS

# What counts one: a character of a script without spaces, up to 16 letters, a punctuation mark,
# up to 16 blanks on end. So neither one endless word nor a flood of white space is short.
_WORD = re.compile(rf"[{SPACELESS}]|[^\W{SPACELESS}]{{1,16}}|[^\w\s]|\s{{2,16}}")


@dataclass(frozen=True, slots=True)
class Length:
    """A number of tokens or of words, and which of them it is."""

    count: int
    unit: str

    def __str__(self) -> str:
        return f"{self.count} {self.unit}"


def measure(sample: Sample) -> Length:
    """The length of a completion: its token ids are counted when there are any, else its words.

    >>> str(measure(Sample("a b c", completion_ids=[5, 6])))
    '2 tokens'
    >>> str(measure(Sample("It is four.")))
    '4 words (no token ids given)'
    """
    if sample.completion_ids is not None:
        return Length(len(sample.completion_ids), "tokens")
    return Length(len(words(sample.completion)), "words (no token ids given)")


def words(text: str) -> list[str]:
    """A text in pieces that count one each: words, punctuation marks, floods of white space.

    >>> words("It's 4.")
    ['It', "'", 's', '4', '.']
    """
    return _WORD.findall(text)
