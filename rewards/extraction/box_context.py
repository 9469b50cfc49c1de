r"""What stands around the last box: whether the box is all that is said, or part of a formula.

`-\boxed5` says -5 and `\boxed5.5` says 5.5, so 5 is not the answer there. What TeX does not show
(a comment, `\phantom`) and what a tool says in a turn of the model's own making is no answer, nor
is what the words beside a box deny or take back ("is not", "is incorrect").
"""

from __future__ import annotations

import re

# TeX comments fill lines here; inside a line a bare % is rather a per cent sign.
_COMMENT = re.compile(r"^[ \t]*%[^\n]*$", re.MULTILINE)
# Whole passages that are not shown: of HTML, of TeX, of the package comment.
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|\\iffalse(?![a-zA-Z]).*?(?:\\fi(?![a-zA-Z])|\Z)"
    r"|\\begin\{comment\}.*?(?:\\end\{comment\}|\Z)",
    re.DOTALL,
)
# Each alternative begins with a plain character, so that the search jumps from one to the next; the
# look behind is `^`.
_TOOL = re.compile(
    r"<tool_(?:response|result|call|output)>.*?(?:</tool_(?:response|result|call|output)>|\Z)"
    r"|<\|(?:tool|ipython|observation|python_tag)\|>.*?(?:<\||\Z)"
    r"|```(?<![^\n]```)(?:output|tool|result|stdout)[^\n]*\n.*?(?:^```|\Z)",
    re.DOTALL | re.MULTILINE,
)
# Directly before a box, without a space: a sign, a factor, a script or a fraction bar.
_PREFIX = re.compile(
    r"(?:(?<![-\w])[-+−±]|[\d^/]|(?<=\w)_|\\(?:pm|mp|times|cdot|div|sqrt|neg|lnot|ne|neq|not|ln|log|lg"
    r"|exp|sin|cos|tan|cot|pi)\s?|\\not\s?=\s?|≠\s?|(?<=[$=(+\-*/\d])[a-zA-Z])\Z"
)
# Said of a value, this denies it ("whether or not" does not), whatever opens formulas in between.
_DENIED = re.compile(
    r"(?:(?<!or )\b(?:not|never|cannot)|n['\u2019]t|不是|不等于|ではなく)"
    r"(?: be| have)?(?: equal(?: to)?)?"
    r"(?:[\s*_$(\[:]|\\[(\[]|\\(?:display|text)style(?![a-zA-Z]))*\Z",
    re.IGNORECASE,
)
_CALLED_WRONG = re.compile(
    r"(?<!not )(?<!n't )\b(?:wrong|incorrect)(?: (?:answer|value|result|solution|guess))?"
    r"(?:(?: would be| is| was)?[\s*_$(\[:]|\\[(\[])*\Z",
    re.IGNORECASE,
)
# Behind a box, this takes it back; "which is not prime" says something of the number.
_TAKEN_BACK = re.compile(
    r"(?:[\s*_$.,;!)\]—–-]|\\[)\]])*"
    r"(?:(?:no|wait|but|however|actually|hmm|oops)\b[,.!\s]*){0,3}"
    r"(?:(?:which|that|this|it|the (?:answer|result|value))\s)?(?:"
    r"\(?(?:wrong|incorrect|not (?:correct|right))\b"
    r"|(?:is|was|would be|seems|looks|must be|['\u2019]s)\s(?:\w{2,12}ly\s)?"
    r"(?:wrong|incorrect|mistaken|not\s(?:correct|right|the\s(?:\w{1,10}\s)?(?:answer|solution)))\b"
    r"|(?:(?:is|was|ca)n['\u2019]t|cannot)\s(?:be\s)?"
    r"(?:correct|right|the\s(?:\w{1,10}\s)?(?:answer|solution))\b"
    r"|这?(?:是错|是?不对|是?不正确|不是(?:正确)?答案))",
    re.IGNORECASE,
)
# Of several statements, the wrong one may be asked for: "\\boxed{B} is incorrect".
_CHOICE = re.compile(
    r"\\f?boxed\s?\{?\s?(?:\\text[a-z]*\s?\{)?[\s(]*(?:[A-Ja-j](?![A-Za-z])|[①-⑩])"
)
_PLAIN_END_CHARS = 5
_WITHDRAWAL_CHARS = 120
_OPENS_FORMULAS = " \t\n\r\f\v*_$([\\:"
_DENIALS = (
    *("not", "never", "n't", "n\u2019t", "be", "have", "equal", " to", "style"),
    *("不是", "于", "なく"),
)
_DENIAL_ENDS = frozenset(word[-1] for word in _DENIALS) | frozenset("TRELO")
_SIGNS = frozenset("-+−±^/_=")
_BEFORE_A_FACTOR = frozenset("$=(+-*/0123456789")
# What most boxes have around them, and no pattern here begins or ends with.
_PLAINLY_BEFORE = frozenset(("", "(", "[", "$", "\n", "*"))
_PLAINLY_BEHIND = frozenset(
    ("", "$", "$.", "$$", "$\n", "\\)", "\\]", ".", ".\n", "\n", "\n\n", "*", "**")
)
_MINUS_IN_MATH = re.compile(r"[=(,<>$]\s?[-−]\s?\Z")
# Directly behind it: decimals, a script, a letter that multiplies, another factor.
_SUFFIX = re.compile(
    r"[.,:]\d|\s?\^(?!\{?\s?\\circ)|_[{\w]|[a-zA-Z](?![a-zA-Z])|[-+*/]\d"
    r"|\s?!\s?(?:\$|\\[)\]])|(?:\s?\$|\s?\\\))?\s?\?\s*\Z|\s?(?:\\right\s?)?[)\]]\s?\^"
    r"|\s?\\(?:times|cdot|div|sqrt|frac|dfrac|tfrac|pi|pm)(?![a-zA-Z])"
)
_PLAIN_NUMBER = re.compile(r"\s{0,8}\d[\d.,]{0,64}\s{0,8}")
_PERCENT = re.compile(r"\\?%(?!\w)")
# Commands in whose argument a box is not what is said.
_AROUND = frozenset(
    "sqrt frac dfrac tfrac cfrac phantom hphantom vphantom cancel bcancel xcancel sout not "  # noqa: SIM905
    "overline footnote tag label ln log sin cos tan".split()
)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_NEXT_BRACE = re.compile(r"(?<!\\)([{}])")
_COMMAND = re.compile(r"(?:\\([a-zA-Z]+)(?:\s?\[[^\[\]]{0,20}\])?|([\^_]))\s?\Z")
_MAX_AROUND_CHARS = 2_000


def spoken(text: str) -> str:
    r"""The text without comments and turns of tools.

    >>> spoken("% \\boxed{1}\nso \\boxed{2}").strip()
    'so \\boxed{2}'
    """
    if "%" in text and _holds_comment(text):
        text = _COMMENT.sub("", text)
    # Single characters first: the usual text has none of them, and is looked through at once.
    tagged = "<" in text
    if "\\begin{comment}" in text or "\\iffalse" in text or (tagged and "<!--" in text):
        text = _HIDDEN.sub("", text)
    if (tagged and ("<tool_" in text or "<|" in text)) or ("`" in text and "```" in text):
        text = _TOOL.sub("", text)
    return text


def _holds_comment(text: str) -> bool:
    """Whether a line begins with a per cent sign; far quicker than the pattern that removes it."""
    at = text.find("%")
    while at >= 0:
        begin = text.rfind("\n", 0, at) + 1
        if not text[begin:at].strip(" \t"):
            return True
        end = text.find("\n", at)
        at = text.find("%", end) if end >= 0 else -1
    return False


def is_part_of_more(text: str, start: int, end: int) -> bool:
    r"""Whether the box from `start` to `end` is a part of a formula, or not shown.

    >>> is_part_of_more(r"-\boxed5", 1, 8), is_part_of_more(r"x = \boxed5.", 4, 11)
    (True, False)
    """
    before = text[start - 40 : start] if start > 40 else text[:start]
    last, near = before[-1:], before[-3:]
    is_plain = last in _PLAINLY_BEFORE and "-" not in near and "−" not in near
    if not is_plain and _continues(before):
        return True
    said = before.rstrip(_OPENS_FORMULAS)
    if (
        said[-1:] in _DENIAL_ENDS
        and said[-8:].lower().endswith(_DENIALS)
        and _DENIED.search(before)
    ):
        return True
    ends_plainly = text[end : end + 2] in _PLAINLY_BEHIND
    if not ends_plainly and _SUFFIX.match(text, end):
        return True
    is_called_wrong = (
        (len(text) - end > _PLAIN_END_CHARS or not ends_plainly)
        and _TAKEN_BACK.match(text, end, end + _WITHDRAWAL_CHARS)
    ) or (("rong" in before or "ncorrect" in before) and _CALLED_WRONG.search(before))
    if is_called_wrong and not _CHOICE.match(text, start):
        return True
    if last == "~" and near[-2:] == text[end : end + 2] == "~~":  # Markdown strikes it out
        return True
    if text.find("}", end) < 0:  # the usual case
        return False
    behind_it = _NEXT_BRACE.search(text, end)
    if behind_it is None or behind_it[1] == "{":  # nothing closes that was opened before the box
        return False
    return _command_around(text, start) in _AROUND


def _continues(before: str) -> bool:
    """Whether a formula that began before a box goes on in it."""
    # Patterns that look backwards are dear, so only where the last character may be part of one.
    last = before[-1:]
    command = (last == " " or last.isalpha()) and "\\" in before[-7:]
    unequal = "≠" in before[-2:]
    factor = last.isalpha() and before[-2:-1] in _BEFORE_A_FACTOR
    marked = last.isdigit() or last in _SIGNS
    if (factor or command or unequal or marked) and _PREFIX.search(before):
        return True
    return ("-" in before[-3:] or "−" in before[-3:]) and bool(_MINUS_IN_MATH.search(before))


def with_percent(content: str, text: str, end: int) -> str:
    r"""The content with the per cent sign that stands behind the box.

    >>> with_percent("28", r"\boxed{28}\%", 10)
    '28\\%'
    """
    if "%" not in text[end : end + 2]:
        return content
    behind = _PERCENT.match(text, end) and _PLAIN_NUMBER.fullmatch(content)
    return content + r"\%" if behind else content


def _command_around(text: str, start: int) -> str:
    """The command in whose argument a place lies; `sqrt` for a script, "" for none."""
    first = max(0, start - _MAX_AROUND_CHARS)
    depth = 0
    for match in reversed(list(_BRACE.finditer(text, first, start))):
        if match[0] == "}":
            depth += 1
        elif match[0] == "{":
            depth -= 1
            if depth < 0:
                here = match.start()
                if text[max(0, here - 2) : here].rstrip().endswith("}"):
                    depth = -1  # a second argument: go on to where the first one opens
                    continue
                found = _COMMAND.search(text, max(0, here - 40), here)
                return (found[1] or "sqrt") if found else ""
    return ""
