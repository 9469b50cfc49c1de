"""DeepSeek-R1's format rule: the reasoning in one `<think>` block, then a non-empty answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rewards.completion import opens_think_block
from rewards.errors import InputError
from rewards.extraction.tags import tag_pattern
from rewards.extraction.turns import is_blank
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.verdict import Status, Verdict

_TAG_NAME = re.compile(r"[A-Za-z][\w-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Format(Reward):
    """1.0 when the reasoning stands in exactly one block and an answer follows it, else 0.0.

    The completion must be: white space, `<think>`, reasoning, `</think>`, answer. Reasoning and
    answer are not empty, and no further tag of either kind stands anywhere. Source: DeepSeek-R1
    (arXiv 2501.12948), section 2.2.2, "format rewards", and its table 1.

    Attributes:
        think_tag: the tag around the reasoning.
        answer_tag: when set, the answer must stand between these tags and nothing after them
            (R1-Zero's template: `answer_tag="answer"`); when `None`, any text is an answer.
        prefilled: whether the prompt or chat template already wrote the opening tag. `None` looks
            at the prompt; a chat template that adds the tag while rendering cannot be seen there,
            so say `True` for such a model.

    >>> format.verify("<think>6 · 7 = 42</think> 42").score
    1.0
    >>> format.verify("<think></think> 42").reason
    'the reasoning is empty'
    >>> Format(think_tag="reasoning", answer_tag="answer").verify(
    ...     "<reasoning>6 · 7</reasoning><answer>42</answer>").score
    1.0
    """

    name: str = "format"
    think_tag: str = "think"
    answer_tag: str | None = None
    prefilled: bool | None = None

    def __post_init__(self) -> None:
        for tag in (self.think_tag, self.answer_tag):
            if tag is not None and not _TAG_NAME.fullmatch(tag):
                raise InputError(f"{tag!r} is no tag name; give the bare word, such as 'think'")
        if self.think_tag == self.answer_tag:
            raise InputError(f"reasoning and answer cannot share the tag {self.think_tag!r}")

    def judge(self, sample: Sample) -> Verdict:
        """Judge the format of one completion."""
        flaw = self._flaw(sample)
        if flaw is None:
            return Verdict(1.0, Status.CORRECT, reason=self._rule())
        return Verdict(0.0, Status.BAD_FORMAT, reason=flaw)

    def _rule(self) -> str:
        answer = f"<{self.answer_tag}>" if self.answer_tag else "answer"
        return f"one <{self.think_tag}> block, then a non-empty {answer}"

    def _flaw(self, sample: Sample) -> str | None:
        """What breaks the rule first, in words, or `None`."""
        text, tag = sample.own_turn, self.think_tag
        if is_blank(text):
            return "the completion is empty"
        if sample.has_reasoning_field:
            # The server parsed the block and `completion_text` wrote it back as <think>.
            tag, prefilled = "think", False
        elif self.prefilled is None:
            prefilled = opens_think_block(sample.prompt, tag)
        else:
            prefilled = self.prefilled
        opening, closing = f"<{tag}>", f"</{tag}>"
        if prefilled:
            text = opening + text
        if flaw := _flaw_in_tags(text, tag, prefilled=prefilled):
            return flaw
        start, end = text.index(opening), text.index(closing)
        if not is_blank(text[:start]):
            return f"text before {opening}"
        reasoning, answer = text[start + len(opening) : end], text[end + len(closing) :]
        if is_blank(reasoning):
            return "the reasoning is empty"
        answer_tag = self.answer_tag or "answer"
        marked = "<" in reasoning and answer_tag.lower() in reasoning.lower()
        if marked and (mark := tag_pattern(answer_tag).search(reasoning)):
            return f"the answer tag {mark.group()} stands inside the reasoning"
        return _flaw_in_answer(answer, answer_tag, required=self.answer_tag is not None)


def _flaw_in_tags(text: str, tag: str, *, prefilled: bool) -> str | None:
    """Whether `text` has exactly one opening and one closing tag, in this order."""
    opening, closing = f"<{tag}>", f"</{tag}>"
    marks = [match.group() for match in tag_pattern(tag).finditer(text)]
    for mark in marks:
        if mark not in {opening, closing}:
            return f"the tag {mark!r} is not written {opening} or {closing}"
    opened, closed = marks.count(opening), marks.count(closing)
    if opened == 0:
        hint = ""
        if closed:
            hint = "; if the prompt or chat template writes it, set prefilled=True"
        return f"no {opening}{hint}"
    if closed == 0:
        return f"{opening} is never closed"
    if opened > 1:
        where = " (the prompt already opened the block)" if prefilled else ""
        return f"{opening} stands {opened} times{where}"
    if closed > 1:
        return f"{closing} stands {closed} times"
    return None if marks[0] == opening else f"{closing} comes before {opening}"


def _flaw_in_answer(answer: str, tag: str, *, required: bool) -> str | None:
    opening, closing = f"<{tag}>", f"</{tag}>"
    marks = [match.group() for match in tag_pattern(tag).finditer(answer)]
    if not required and not marks:
        return "no answer after the reasoning" if is_blank(answer) else None
    if marks != [opening, closing]:
        found = " ".join(marks) or "none"
        return f"the answer needs exactly one {opening} and then {closing}; found {found}"
    before, _, rest = answer.partition(opening)
    inside, _, after = rest.partition(closing)
    if is_blank(inside):
        return "the answer is empty"
    if required and not is_blank(before):
        return f"text between the reasoning and {opening}"
    if required and not is_blank(after):
        return f"text after {closing}"
    return None


format = Format()  # the name that `reward_funcs=[accuracy, format]` promises
