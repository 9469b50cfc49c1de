"""Text from anywhere made fit to be shown: nothing in it hides, reorders or commands a terminal."""

from __future__ import annotations

import re

# Characters that show nothing, reorder their neighbours or are no characters at all: controls but
# tab and line feed, zero-width and bidirectional marks, line separators, halves of surrogate pairs.
# The two joiners stay: words of some scripts and many emoji are made with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    r"""The text with every unseen character named, so that it can neither hide nor reorder.

    >>> visible("a\0b\u202ec")
    'a⟨U+0000⟩b⟨U+202E⟩c'
    """
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text.replace("\r\n", "\n"))
