"""Where the model's own turn ends in a raw completion, and which text nobody can see.

A file of raw generations holds what the model wrote after its turn was over: a chat template's
end mark, the user's next message made up by the model, and its answer to that. None of it
belongs to the completion.

Not covered: turns marked in plain words only ("User:", "Human:"), which prose holds as well.
"""

from __future__ import annotations

import re
import unicodedata

# The marks of ChatML, Llama, Gemma, DeepSeek, Mistral, Phi and Harmony.
_ENDS = (
    r"<\|(?:im_end|endoftext|eot_id|eom_id|end_of_text|endofturn|end|return)\|>"
    r"|<end_of_turn>|<eos>|<\uff5cend\u2581of\u2581sentence\uff5c>|</s>"
)
_STARTS = (
    r"<\|im_start\|>|<\|start_header_id\|>|<\|begin_of_text\|>|<start_of_turn>|<bos>|<s>"
    r"|<\uff5c(?:begin\u2581of\u2581sentence|User|Assistant)\uff5c>|\[INST\]"
)
# Without groups, so that all alternatives begin with one of two characters: ten times as fast.
_BOUNDARY = re.compile(f"{_ENDS}|{_STARTS}")
# A template's own opening, when a generation was saved with it.
_OPENING = re.compile(
    r"\s{0,16}(?:(?:<s>|<bos>|<\|begin_of_text\|>|<\uff5cbegin\u2581of\u2581sentence\uff5c>)\s{0,16})?"
    r"(?:<\|im_start\|>\s?assistant|<\|start_header_id\|>assistant<\|end_header_id\|>"
    r"|<start_of_turn>model|<\uff5cAssistant\uff5c>)?"
)
# Behind these the same turn goes on: a tool's result, or the next channel of one message.
_GOES_ON = re.compile(
    r"\s{0,16}(?:<\|im_start\|>(?:tool|user\s{0,4}<tool_response>)"
    r"|<\|start_header_id\|>(?:ipython|tool)|<\|start\|>assistant)"
)
# The tool's own marks, up to where the assistant writes again.
_BACK = re.compile(
    r"<\|im_start\|>assistant|<\|start_header_id\|>assistant<\|end_header_id\|>|<\|start\|>assistant"
)
# Where a prompt hands over to the assistant.
_HANDED_OVER = re.compile(
    r"<\|im_start\|>\s?assistant|<\|start_header_id\|>assistant<\|end_header_id\|>"
    r"|<start_of_turn>model|<\uff5cAssistant\uff5c>|<\|start\|>assistant|<\|assistant\|>|\[/INST\]"
)
# A mark behind which nobody says anything closes no braces that were opened before it.
_UNSAID = re.compile(r"\s{0,8}(?:user|assistant)?\s{0,8}((?:\}|\$){1,8})\s{0,8}\Z")
_MAX_TOOL_CALLS = 256
_STRUCK = "<s>"  # HTML's strike-through, which ends in </s> too

# Letters and symbols by category that no font draws: the Hangul fillers and the empty Braille cell.
_UNDRAWN = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Cn", "Mn"})


def first_turn(text: str) -> str:
    r"""A completion up to where its turn ends.

    >>> first_turn("It is 4.<|im_end|>\n<|im_start|>user\nNo.<|im_end|>")
    'It is 4.'
    >>> first_turn("a < b")
    'a < b'
    """
    # The usual case; backwards, since a text has more closing than opening brackets behind blanks.
    if "<" not in text and text.rfind("[INST]") < 0:
        return text
    if not _may_hold_marks(text):
        return text
    opening = _OPENING.match(text)
    begin = at = opening.end() if opening else 0
    for _ in range(_MAX_TOOL_CALLS):
        mark = _BOUNDARY.search(text, at)
        if mark is None:
            return text[begin:]
        at = mark.end()
        if mark.group() == _STRUCK:
            closed = text.find("</s>", at)
            at = closed + len("</s>") if closed >= 0 else at
        elif _GOES_ON.match(text, at):
            back = _BACK.search(text, at)
            if back is None:
                return text[begin : mark.start()]
            at = back.end()
        else:
            unsaid = _UNSAID.match(text, at)
            return text[begin : mark.start()] + (unsaid[1] if unsaid else "")
    return text[begin:at]


def begun_turn(prompt: str) -> str | None:
    r"""What a prompt already wrote of the assistant's turn; `None`: no template's mark shows it.

    >>> begun_turn("<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n<think>\n")
    '\n<think>\n'
    """
    last = None
    for last in _HANDED_OVER.finditer(prompt):  # noqa: B007 - the last one counts
        pass
    return None if last is None else prompt[last.end() :]


def _may_hold_marks(text: str) -> bool:
    """Whether something that is part of every mark is there; ten times as fast as the pattern."""
    return (
        "<|" in text or "s>" in text or "_of_turn>" in text or "<\uff5c" in text or "[INST]" in text
    )


def is_blank(text: str) -> bool:
    r"""Whether there is nothing to see in a text: white space, zero-width and control characters.

    >>> is_blank(" \u200b\n"), is_blank(" . ")
    (True, False)
    """
    return all(
        char in _UNDRAWN or char.isspace() or unicodedata.category(char) in _UNSEEN_CATEGORIES
        for char in text.strip()
    )
