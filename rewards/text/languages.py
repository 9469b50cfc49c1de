"""How much of a text is in a language, by its scripts, or by an identifier where that is installed.

What scripts cannot do: tell languages of one script apart. For English, French passes, and for
Russian, Bulgarian does. The identifier (py3langid, of the extra) judges sentence by sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec

from rewards.extras import require_package
from rewards.text.scripts import LANGUAGE_SCRIPTS, holds_script, weigh_scripts

_SENTENCE = re.compile(r"[^.!?\n。！？]{1,600}")
_MIN_IDENTIFIED = 5  # words; below, an identifier guesses
_KANA_IN_JAPANESE = 0.1  # of the Han characters; real texts have three times as many as this
_SHARING_HAN = frozenset(("zh", "ja"))
_HEADING_WORDS = 4  # so much Han without kana occurs in Japanese


@dataclass(frozen=True)
class Target:
    """A language, or only the scripts that stand for it.

    Attributes:
        scripts: the scripts its words are written in.
        code: the language; `None` when only the scripts are known.
    """

    scripts: frozenset[str]
    code: str | None = None

    def __str__(self) -> str:
        return self.code or "+".join(sorted(self.scripts))

    @classmethod
    def of(cls, code: str) -> Target:
        """The target for a language's code."""
        return cls(LANGUAGE_SCRIPTS[code], code)


@dataclass
class Count:
    """Words in the target language and others."""

    target: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """All words counted."""
        return self.target + self.other

    @property
    def share(self) -> float:
        """The part in the target language; 0 for no words."""
        return self.target / self.total if self.total else 0.0


def count_words(text: str, target: Target, *, identify: bool = False) -> Count:
    """Count the words of a text in and outside of a language.

    Single letters of alphabets are variables and count nowhere.

    >>> count_words("Let x be 三十 and go on.", Target.of("en"))
    Count(target=5, other=1)
    """
    by_sentence = target.code in _SHARING_HAN or (identify and target.code is not None)
    # A sentence that comes again is weighed once: that is what a flood of them costs.
    sentences = Counter(_SENTENCE.findall(text)) if by_sentence else {text: 1}
    count = Count()
    for sentence, times in sentences.items():
        weights = weigh_scripts(sentence)
        own = sum(weights[script] for script in target.scripts)
        total = weights.total()
        if own and not _fits(weights, target, own):
            own = 0
        if own and identify and target.code and total >= _MIN_IDENTIFIED:
            own = own if identified(sentence) == target.code else 0
        count.target += times * own
        count.other += times * (total - own)
    return count


def main_target(text: str, *, identify: bool = False) -> Target | None:
    """The language of a text, as far as its scripts or the identifier show it; or `None`.

    >>> str(main_target("これは何ですか")), str(main_target("What is it?"))
    ('ja', 'Latin')
    """
    weights = weigh_scripts(text)
    weights.pop("Other", None)
    if not weights:
        return None
    script = max(weights, key=lambda name: weights[name])
    if script in {"Han", "Kana"}:
        han, kana = weights["Han"], weights["Kana"]
        return Target.of("ja" if kana >= _KANA_IN_JAPANESE * han and kana else "zh")
    codes = [code for code, scripts in LANGUAGE_SCRIPTS.items() if scripts == {script}]
    if len(codes) == 1:
        return Target.of(codes[0])
    if identify and (code := identified(text)) in codes:
        return Target.of(code)
    return Target(frozenset((script,)))


def is_in_language(text: str, code: str) -> bool | None:
    """Whether a text is in a language; `None` when that cannot be told without the identifier.

    >>> is_in_language("Это текст", "en"), is_in_language("นี่คือข้อความ", "th")
    (False, True)
    """
    target = Target.of(code)
    if not holds_script(text, target.scripts) or count_words(text, target).share <= 0.5:
        return False
    shared = sum(scripts == target.scripts for scripts in LANGUAGE_SCRIPTS.values())
    if shared == 1:
        return True
    if find_spec("py3langid") is None:
        return None
    return identified(text) == code


def identified(text: str) -> str:
    """The code of the language that py3langid reads in a text.

    Raises:
        MissingExtraError: py3langid is not installed.
    """
    require_package("py3langid", needed_by="telling languages of one script apart")
    import py3langid  # a second to load, and an extra

    return str(py3langid.classify(text)[0])


def _fits(weights: Counter[str], target: Target, own: int) -> bool:
    """Whether a sentence's Han characters are the target's: Chinese and Japanese share them."""
    if target.code not in _SHARING_HAN:
        return True
    kana, han = weights["Kana"], weights["Han"]
    japanese = kana >= _KANA_IN_JAPANESE * han and kana > 0
    if target.code == "zh":
        return not japanese
    return japanese or own <= _HEADING_WORDS
