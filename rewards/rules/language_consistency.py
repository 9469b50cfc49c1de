"""Whether the reasoning keeps to one language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rewards.completion import opens_think_block
from rewards.errors import InputError
from rewards.extras import require_package
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.text.languages import Count, Target, count_words, main_target
from rewards.text.scripts import language_code, weigh_scripts
from rewards.verdict import Status, Verdict

_LANGUAGE_COLUMNS = ("target_language", "response_language")
_MIN_REASONING = 5  # words; a block with fewer is not where the model reasons

# Formulas, code, tags and addresses are in no language. Each alternative stops at the next mark of
# its own kind, so that a flood of opening marks costs nothing.
_ASIDE = re.compile(
    r"^[ \t]{0,3}```.*?^[ \t]{0,3}```"
    r"|\$\$[^$]{1,4000}\$\$|\$[^$\n]{1,400}\$"
    r"|\\\[(?:[^\\]|\\(?![\[\]])){1,4000}\\\]|\\\((?:[^\\]|\\(?![()])){1,1000}\\\)"
    r"|\\(?:boxed|fbox)\{[^{}]{0,400}\}"
    r"|`[^`\n]{1,200}`"
    r"|</?[A-Za-z][^<>]{0,100}>"
    r"|https?://[!-~]{1,500}"
    r"|\\[A-Za-z]{1,40}",
    re.DOTALL | re.MULTILINE,
)
# So many plain words on end are prose, wherever they stand.
_PROSE = re.compile(r"(?<![A-Za-z])(?:[A-Za-z]{2,20},?[ \n]){7,200}[A-Za-z]{2,20}")


@dataclass(frozen=True, kw_only=True)
class LanguageConsistency(Reward):
    """The share of the reasoning's words that are in the target language, from 0 to 1.

    `score = words in the target language / words`, after formulas, code, tags and addresses were
    taken out. Source: DeepSeek-R1 (arXiv 2501.12948), section 2.3.2, which adds it to the accuracy
    against the mixing of languages in long reasoning.

    What a word's language is:

    - `identifier="script"`: its Unicode script. Languages of one script cannot be told apart so:
      for English, French passes. A Han character is Chinese in a sentence without kana and Japanese
      in one with them; in scripts without spaces two characters count as a word. Letters of several
      scripts in one word are in no language, single letters are variables.
    - `identifier="py3langid"`: also what py3langid says of each sentence of five words or more
      (`pip install 'rlvr[extra]'`).

    What was taken out is credited to nobody, but words of another script in it still count against
    the share, as do eight or more plain words on end. Not covered: reasoning disguised as code,
    such as `words_joined_like_this`, and reasoning after the think block (`part="all"` sees it).

    The target is the row's (columns `target_language`, `response_language`: a code, a tag or an
    English name), else the option `language`, else what the prompt is written in, as far as the
    identifier shows it. A row without any of them scores `None`.

    Attributes:
        language: the target where the row names none: `"en"`, `"zh-CN"`, `"German"`.
        identifier: as above.
        part: `"reasoning"` looks at the think block, and at the whole completion when there is none
            or it holds fewer than five words; `"all"` always at the whole completion.

    >>> english = LanguageConsistency(language="en")
    >>> english.verify("<think>we add them 因此 and get</think> 4").score
    0.8333333333333334

    Raises:
        InputError: an option has a value that it cannot have.
        MissingExtraError: py3langid is asked for and not installed.
    """

    name: str = "language_consistency"
    language: str | None = None
    identifier: Literal["script", "py3langid"] = "script"
    part: Literal["reasoning", "all"] = "reasoning"

    also_reads: ClassVar[tuple[str, ...]] = _LANGUAGE_COLUMNS

    def __post_init__(self) -> None:
        if self.language is not None and language_code(self.language) is None:
            raise InputError(f"language={self.language!r} is unknown; give a code such as 'en'")
        if self.identifier not in {"script", "py3langid"}:
            raise InputError(f"identifier={self.identifier!r}: 'script' or 'py3langid'")
        if self.part not in {"reasoning", "all"}:
            raise InputError(f"part={self.part!r}: 'reasoning' or 'all'")
        if self.identifier == "py3langid":
            require_package("py3langid", needed_by=self.name)

    def judge(self, sample: Sample) -> Verdict:
        """Count the words of one completion."""
        target = self._target(sample)
        if isinstance(target, Verdict):
            return target
        whole = sample.own_turn
        where, text = ("the completion", whole)
        if self.part == "reasoning":
            where, text = _reasoning(whole, opened=opens_think_block(sample.prompt))
        count = self._count(text, target)
        if text is not whole and count.total < _MIN_REASONING:
            where, count = "the completion", self._count(whole, target)
        if not count.total:
            reason = f"no words outside of formulas and code in {where}"
            return Verdict(0.0, Status.NO_ANSWER, expected=str(target), reason=reason)
        reason = f"{count.target} of {count.total} words in {where} are {target}"
        status = Status.CORRECT if not count.other else Status.WRONG
        return Verdict(count.share, status, expected=str(target), reason=reason)

    def _target(self, sample: Sample) -> Target | Verdict:
        names = (self.column,) if self.column is not None else _LANGUAGE_COLUMNS
        named = next((cell for name in names if (cell := sample.row.get(name))), self.language)
        if named is not None:
            code = language_code(named) if isinstance(named, str) else None
            if code is None:
                reason = f"the row's language {named!r:.60} is unknown"
                return Verdict(None, Status.BAD_REFERENCE, reason=reason)
            return Target.of(code)
        prompt = _without_asides(_prompt_text(sample.prompt))[0]
        found = main_target(prompt, identify=self.identifier == "py3langid")
        if found is None:
            reason = "no target language: set language=..., or give the prompt or a column"
            return Verdict(None, Status.NOT_APPLICABLE, reason=reason)
        return found

    def _count(self, text: str, target: Target) -> Count:
        prose, asides = _without_asides(text)
        count = count_words(prose, target, identify=self.identifier == "py3langid")
        weights = weigh_scripts(asides, variables=True)
        count.other += sum(
            weight
            for script, weight in weights.items()
            if script not in target.scripts and script not in {"Latin", "Greek"}
        )
        if "Latin" not in target.scripts:
            count.other += sum(len(run.split()) for run in _PROSE.findall(asides))
        return count


def _reasoning(text: str, *, opened: bool) -> tuple[str, str]:
    """What stands in the think block, and how to call it."""
    start = 0 if opened else text.find("<think>")
    end = text.rfind("</think>")
    if start < 0:
        return ("the completion", text) if end < 0 else ("the reasoning", text[:end])
    return "the reasoning", text[start : end if end >= start else len(text)]


def _without_asides(text: str) -> tuple[str, str]:
    """A text without its asides, and the asides, with NUL between what stood apart."""
    asides: list[str] = []

    def take(match: re.Match[str]) -> str:
        asides.append(match.group())
        return " "

    return _ASIDE.sub(take, text), "\0".join(asides)


def _prompt_text(prompt: object) -> str:
    """The text of a prompt: its own, or that of the last message by the user."""
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, Sequence):
        for message in reversed(prompt):
            if isinstance(message, Mapping) and message.get("role") == "user":
                content = message.get("content")
                return content if isinstance(content, str) else ""
    return ""


language_consistency = LanguageConsistency()
