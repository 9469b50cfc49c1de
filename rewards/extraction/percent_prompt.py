"""Whether a question is about per cent, so that a % sign behind its answer adds nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rewards.completion import completion_text
from rewards.errors import InputError

# One entry a language family: the words for per cent and percentage.
_PERCENT = re.compile(
    r"[%\u066a\ufe6a\uff05\u2030]"
    r"|\bper\s?cent|\bpct\b|\bpercentages?\b"  # English; "percents", "percentile" is none
    r"|百分|パーセント|퍼센트|백분율"  # Chinese, Japanese, Korean
    r"|\bprozent|\bprocent|\bprosent|\bprósent"  # Germanic, Slavic, Nordic, Finnish
    r"|\bpour\s?cent|\bpourcentage|\bpor\s?cien|\bporcentaje|\bporcentagem|\bpor\s?cento"
    r"|\bper\s?cento|\bpercentual|\bprocentaj|\bla\s+sută"  # Romance
    r"|процент|відсот|проценат|\u03c0\u03bf\u03c3\u03bf\u03c3\u03c4"  # Cyrillic, Greek
    r"|\byüzde|\bpersen(?:tase)?\b|\bperatus|\bphần\s+trăm|\bszázalék"
    r"|प्रतिशत|শতাংশ|శాతం|சதவீத|ร้อยละ|เปอร์เซ็นต์"  # Hindi, Bengali, Telugu, Tamil, Thai
    r"|في\s+المئة|في\s+المائة|بالمئة|بالمائة|نسبة\s+مئوية|النسبة\s+المئوية|درصد|אחוז",
    re.IGNORECASE,
)
_PERCENTILE = re.compile(r"\bper\s?centiles?\b", re.IGNORECASE)
# A prompt longer than this holds documents; the question stands at one of its ends.
_END_CHARS = 20_000


def speaks_of_percent(prompt: object) -> bool:
    """Whether a prompt, as a dataset holds it, speaks of per cent in one of many languages.

    Of chat messages those of the user count: a system prompt may well ask for 100 % honesty.

    >>> speaks_of_percent("What percentage of 80 is 20?"), speaks_of_percent("80の何パーセント？")
    (True, True)
    >>> speaks_of_percent("How many apples are left?")
    False
    """
    text = _PERCENTILE.sub("", question_text(prompt))
    return _PERCENT.search(text) is not None


def question_text(prompt: object) -> str:
    """What a prompt asks, as text: of chat messages those of the user; of long ones the ends."""
    if isinstance(prompt, str):
        text = prompt
    elif isinstance(prompt, Sequence) and not isinstance(prompt, bytes):
        asked = [
            message
            for message in prompt
            if isinstance(message, Mapping) and message.get("role", "user") == "user"
        ]
        text = "\n".join(map(_text, asked))
    else:
        text = ""
    if len(text) > 2 * _END_CHARS:
        text = f"{text[:_END_CHARS]}\n{text[-_END_CHARS:]}"
    return text


def _text(message: Mapping[str, object]) -> str:
    try:
        return completion_text({"role": "assistant", "content": message.get("content")}).text
    except InputError:
        return ""
