"""Text from a model made fit to be shown: nothing hidden, nothing that breaks the page."""

from __future__ import annotations

import json
import re

_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
_DANGEROUS = re.compile("[<>&\u2028\u2029]")


def script_json(value: object) -> str:
    r"""A value as JSON that may stand inside a `<script>` element, whatever its strings hold.

    No `<`, `>` or `&` is left, so neither `</script>` nor `<!--` can come about (HTML standard,
    section 4.12.1.3, "Restrictions for contents of script elements").

    >>> script_json({"text": "</script>"})
    '{"text":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _DANGEROUS.sub(lambda found: _ESCAPES[found[0]], text)
