"""Text from a model made fit to be shown: nothing hidden, nothing that breaks the page."""

from __future__ import annotations

import json
import re

# Characters that show nothing, reorder their neighbours or are no characters at all: controls but
# tab and line feed, zero-width and bidirectional marks, line separators, halves of surrogate pairs.
# The two joiners stay: words of some scripts and many emoji are made with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)

_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
_DANGEROUS = re.compile("[<>&\u2028\u2029]")


def visible(text: str) -> str:
    r"""The text with every unseen character named, so that it can neither hide nor reorder.

    >>> visible("a\0b\u202ec")
    'a⟨U+0000⟩b⟨U+202E⟩c'
    """
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text.replace("\r\n", "\n"))


def cut_middle(text: str, limit: int) -> tuple[str, int]:
    r"""The text in at most `limit` characters, and how many were left out of its middle.

    The end is where a model answers, so it gets two thirds.

    >>> cut_middle("abcdefghijkl", 6)
    ('ab\n[… 6 characters left out …]\nijkl', 6)
    """
    left_out = len(text) - limit
    if left_out <= 0:
        return text, 0
    head = limit // 3
    middle = f"\n[… {left_out:,} characters left out …]\n"
    return text[:head] + middle + text[head + left_out :], left_out


def script_json(value: object) -> str:
    r"""A value as JSON that may stand inside a `<script>` element, whatever its strings hold.

    No `<`, `>` or `&` is left, so neither `</script>` nor `<!--` can come about (HTML standard,
    section 4.12.1.3, "Restrictions for contents of script elements").

    >>> script_json({"text": "</script>"})
    '{"text":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _DANGEROUS.sub(lambda found: _ESCAPES[found[0]], text)
