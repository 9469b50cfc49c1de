"""The share of the expected tags that a completion uses as it should: a softer format reward."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rewards.completion import opens_think_block
from rewards.errors import InputError
from rewards.extraction.turns import is_blank
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.verdict import Status, Verdict

_TAG_NAME = re.compile(r"[A-Za-z][\w-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class TagCount(Reward):
    """The share of the expected tags that stand exactly once and in their place.

    `score = (tags used right) / (tags expected)`, a tag being an opening or a closing one. Early in
    training, when hardly any completion has the whole form, the share gives a direction that the
    all-or-nothing `Format` does not. Source: open-r1's tag-count reward, after DeepSeek-R1
    (arXiv 2501.12948), section 2.2.2.

    A tag is used right when it stands exactly once, all that is expected before it (and was found)
    stands before it, and the block it belongs to is not empty.

    Attributes:
        tags: the expected blocks, in order.
        prefilled: whether the prompt or chat template already wrote the first opening tag. `None`
            looks at the prompt, as `Format` does.

    >>> tag_count.verify("<think>6·7</think><answer>42</answer>").score
    1.0
    >>> tag_count.verify("<think>6·7</think>42").reason
    'no <answer>, no </answer>'

    Raises:
        InputError: a tag is no bare word, or comes twice.
    """

    name: str = "tag_count"
    tags: tuple[str, ...] = ("think", "answer")
    prefilled: bool | None = None

    def __post_init__(self) -> None:
        if isinstance(self.tags, str) or not self.tags:
            raise InputError(f"tags is a tuple such as ('think', 'answer'), not {self.tags!r}")
        object.__setattr__(self, "tags", tuple(self.tags))
        for tag in self.tags:
            if not _TAG_NAME.fullmatch(tag):
                raise InputError(f"{tag!r} is no tag name; give the bare word, such as 'think'")
        if len(set(self.tags)) < len(self.tags):
            raise InputError(f"tags={self.tags!r} names a block twice")

    def judge(self, sample: Sample) -> Verdict:
        """Count the tags of one completion."""
        text = sample.own_turn
        opened = self._opened(sample)
        if opened:
            text = f"<{self.tags[0]}>{text}"
        found: dict[str, list[int]] = {}
        for match in _pattern(self.tags).finditer(text):
            found.setdefault(match.group().lower(), []).append(match.start())
        flaws: list[str] = []
        reached = -1
        for tag in self.tags:
            opening, closing = f"<{tag}>", f"</{tag}>"
            empty = _is_empty(text, found, opening, closing)
            for mark in (opening, closing):
                at = found.get(mark.lower(), [])
                flaws += _flaw(text, mark, at, reached) or ([f"{opening} is empty"] * empty)
                reached = max([reached, *at])
        right = 2 * len(self.tags) - len(flaws)
        total = 2 * len(self.tags)
        if right == total:
            return Verdict(1.0, Status.CORRECT, reason=f"all {total} tags once and in order")
        if opened and right == 1 and len(found.get(f"<{self.tags[0]}>".lower(), [])) == 1:
            right = 0  # the one tag used right is the prompt's
        return Verdict(right / total, Status.BAD_FORMAT, reason=", ".join(dict.fromkeys(flaws)))

    def _opened(self, sample: Sample) -> bool:
        if self.prefilled is not None:
            return self.prefilled and not sample.has_reasoning_field
        return opens_think_block(sample.prompt, self.tags[0]) and not sample.has_reasoning_field


def _flaw(text: str, mark: str, places: list[int], reached: int) -> list[str]:
    """What is wrong with the use of one tag: one flaw or none."""
    if not places:
        return [f"no {mark}"]
    if len(places) > 1:
        return [f"{mark} stands {len(places)} times"]
    if not text.startswith(mark, places[0]):
        return [f"{mark} is not written so"]
    return [f"{mark} is out of order"] if places[0] < reached else []


def _is_empty(text: str, found: dict[str, list[int]], opening: str, closing: str) -> bool:
    """Whether a block that is there has nothing in it."""
    opened, closed = found.get(opening.lower(), []), found.get(closing.lower(), [])
    if len(opened) != 1 or len(closed) != 1 or opened[0] > closed[0]:
        return False
    return is_blank(text[opened[0] + len(opening) : closed[0]])


@lru_cache(maxsize=64)
def _pattern(tags: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"</?(?:{'|'.join(map(re.escape, tags))})>", re.IGNORECASE)


tag_count = TagCount()
