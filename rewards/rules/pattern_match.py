"""Whether a completion matches a pattern."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from rewards.columns import Role
from rewards.errors import InputError
from rewards.extraction.stated import UNFINISHED
from rewards.limited import JudgedApart, Task
from rewards.sample import Sample
from rewards.text.shorten import shown
from rewards.verdict import Status, Verdict


@dataclass(frozen=True, kw_only=True)
class PatternMatch(JudgedApart):
    r"""1.0 when the answer part of a completion matches a regular expression, else 0.0.

    The pattern is yours, in Python's `re` syntax; flags stand in it (`(?is)…`). It is matched in a
    process with a CPU limit, because a pattern such as `(a+)+b` takes exponential time on a
    completion that was made for it: such a completion scores 0.0 as a time-out.

    Attributes:
        pattern: the pattern; `None` reads each row's own (columns `pattern`, `regex`).
        how: `"full"`: the whole part must match, white space around it apart; `"search"`: it must
            match somewhere, which a completion that lists everything does too.
        part: `"answer"` is what follows the reasoning, `"completion"` is all of it.
        cpu_s, memory_mb: limits for one completion, see `JudgedApart`.

    >>> dates = PatternMatch(pattern=r"\d{4}-\d\d-\d\d")
    >>> dates.verify("<think>in May</think> 2024-05-01").score
    1.0

    Raises:
        InputError: the pattern cannot be compiled, or an option has a value that it cannot have.
    """

    name: str = "pattern_match"
    pattern: str | None = None
    how: Literal["full", "search"] = "full"
    part: Literal["answer", "completion"] = "answer"

    role: ClassVar[Role | None] = Role.PATTERN
    function: ClassVar[str] = "rewards.rules.pattern_match:match_pattern"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.how not in {"full", "search"} or self.part not in {"answer", "completion"}:
            raise InputError(
                f"how={self.how!r} is 'full' or 'search', part={self.part!r} 'answer' or "
                "'completion'"
            )
        if self.pattern is not None and (flaw := _flaw(self.pattern)):
            raise InputError(flaw)

    def default_reference(self) -> object:
        """The pattern given as an option."""
        return self.pattern

    def prepare(self, sample: Sample) -> Task | Verdict:
        """The text that has to match."""
        pattern = sample.reference
        if not isinstance(pattern, str) or not pattern.strip():
            reason = f"the pattern is {pattern!r:.80}; it must be text"
            return Verdict(None, Status.BAD_REFERENCE, reason=reason)
        text = sample.own_turn if self.part == "completion" else sample.answer_part()
        if text is None:
            return Verdict(0.0, Status.NO_ANSWER, expected=shown(pattern), reason=UNFINISHED)
        return Task([pattern, text.strip(), self.how], shown(text), shown(pattern))


def match_pattern(pattern: str, text: str, how: str) -> list[str]:
    """Match a text; runs in a worker.

    >>> match_pattern("a+", "aab", "full")[0]
    'wrong'
    """
    if flaw := _flaw(pattern):
        return ["bad_reference", flaw]
    found = re.fullmatch(pattern, text) if how == "full" else re.search(pattern, text)
    if found is None:
        where = "does not match as a whole" if how == "full" else "matches nowhere"
        return ["wrong", f"the text {where}"]
    return ["correct", f"matches: {shown(found.group(), 80)!r}"]


def _flaw(pattern: str) -> str:
    """Why a pattern cannot be compiled, or ""."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"the pattern {pattern!r:.80} cannot be compiled: {error}"
    return ""


pattern_match = PatternMatch()
