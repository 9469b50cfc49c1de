"""The answer behind a closing claim: "The answer is 42.", "所以答案是5", "Final answer: 42".

Strict, so that a number met on the way is no answer: the claim must start a sentence (apart from
words like "so" and "therefore"), it must be the last thing said, and what stands behind it is
taken whole. "The answer could be 42", "I doubt that the answer is 42" and "Is the answer 42?"
claim nothing.
"""

from __future__ import annotations

import re

# A closing claim is short. Only this much of the end of a completion is looked at.
_TAIL_CHARS = 1_500

_BREAK = r"(?:^|[\n.!?。！？;；:：,，])"
# Marks of emphasis in front of a claim: Markdown, and the pictures that chat models put there.
_EMOJI = (  # but no cross or ban, which say that what follows is wrong
    "\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u2715\u2719-\u274b\u274d-\u27bf\u2b00-\u2bff\ufe0f"
    "\U0001f300-\U0001f6aa\U0001f6ac-\U0001faff"
)
_MARKUP = rf"[\s*_#>\"'“(\-{_EMOJI}]{{0,12}}"
_LINK = (
    r"(?:(?:so|therefore|thus|hence|then|and|but|finally|now|consequently|accordingly|"
    r"in conclusion|in summary|we conclude that|this means|this means that|which means that|"
    r"donc|also|por lo tanto|entonces|portanto|quindi|итак|следовательно|vậy|"
    r"所以|因此|因而|故|综上所述|综上|于是|那么|则|最后|よって|したがって|따라서|그러므로)"
    r"[\s,，、:：]{0,3}){0,3}"
)
_SAYS = r"\s{0,3}[*_]{0,2}\s{0,3}"
# One entry a language: the words that claim an answer, the copula or colon included.
_CLAIMS = (
    # English
    r"(?:(?:the|my|our)\s{1,3})?(?:(?:final|correct|right)\s{1,3}){0,2}answer"
    r"(?:\s{1,3}(?:to|for)\s{1,3}(?:the|this)\s{1,3}(?:question|problem|task|exercise))?"
    + _SAYS
    + r"(?:is|are|equals|[:：=]|\n)",
    # Chinese
    r"(?:本题|此题|这道题|该题)?(?:的)?(?:最终|正确|最后)?(?:的)?(?:答案|结果)"
    + _SAYS
    + r"(?:应该是|应为|就是|等于|是|为|選|选|[:：=])",
    r"(?:应)?(?:选择|选|選)(?=\s{0,3}[A-Z（(])|答\s{0,2}[:：]",
    # Japanese, Korean
    r"(?:最終的な)?(?:答え|答|解答|正解)" + _SAYS + r"(?:は|[:：=])",
    r"(?:최종\s?)?(?:정답|답)" + _SAYS + r"(?:은|는|[:：=])",
    # Romance and Germanic languages
    r"(?:la|nuestra)?\s{0,3}respuesta(?:\s(?:final|correcta))?" + _SAYS + r"(?:es|[:：=])",
    r"(?:la)?\s{0,3}r[ée]ponse(?:\s(?:finale|correcte))?" + _SAYS + r"(?:est|[:：=])",
    r"(?:a)?\s{0,3}resposta(?:\s(?:final|correta))?" + _SAYS + r"(?:é|[:：=])",
    r"(?:la)?\s{0,3}risposta(?:\s(?:finale|corretta))?" + _SAYS + r"(?:è|[:：=])",
    r"(?:die|meine)?\s{0,3}(?:endgültige\s|richtige\s)?antwort" + _SAYS + r"(?:lautet|ist|[:：=])",
    # Russian, Vietnamese, Hindi, Arabic
    r"(?:окончательный\s|правильный\s)?ответ" + _SAYS + r"(?:равен|[:：=—–-])",
    r"(?:đáp\sán|câu\strả\slời)(?:\scuối\scùng|\sđúng)?" + _SAYS + r"(?:là|[:：=])",
    r"(?:अंतिम\s)?(?:उत्तर)" + _SAYS + r"(?:है|[:：=])",
    r"(?:الجواب|الإجابة)(?:\sالنهائية|\sالنهائي)?" + _SAYS + r"(?:هو|هي|[:：=])",
)

# One of these stands in every claim that is written in ASCII.
_STEMS = ("answer", "respuesta", "reponse", "resposta", "risposta", "antwort")

# What may follow a claim without taking it back.
_AFTERWORD = re.compile(
    r"(?:I hope (?:it|this) is correct\.?|<\|(?:im_end|endoftext|eot_id|end)\|>|</s>"
    r"|<\|im_start\|>(?:user|assistant)?|\s)+\Z",
    re.IGNORECASE,
)
_COPULA_LAST = re.compile(r"(?:です|である|だ|となります|になります|입니다|이다|है)\s{0,3}[.。।]?\Z")
_TAKEN_BACK = re.compile(
    r"(?:not|never|neither|unlikely|unknown|不|非|ではない)(?![a-z])", re.IGNORECASE
)
# A claim may be a sentence itself, as in: Final answer: the number of points is 19
_SENTENCE = re.compile(
    r"(?:the|our|there)\s(?P<subject>[^\n.?!]{0,200})\s(?:is|are|equals)\s(?P<answer>[^\n]{1,200})",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:not|never|unlikely|maybe|perhaps|probably|possibly|doubt|if|whether|"
    r"unless|unknown|wrong|incorrect|guess)\b|n't\b",
    re.IGNORECASE,
)
# Behind these words and a comma or colon somebody else claims, or nobody does yet.
_NOT_CLAIMED = re.compile(
    r"\b(?:suppose|supposing|assume|assuming|imagine|pretend|say|says|said|claims?|claimed|thinks?|"
    r"thought|believes?|guess(?:es|ed)?|wr(?:ote|ites)|false|untrue|not true|wrong|incorrect|"
    r"mistaken|mistakes?|errors?|misconceptions?|fallacy|traps?|pitfalls?|myth|not|never|impossible)"
    r"(?:\s{1,3}that)?\s{0,3}[,:：，]\Z",
    re.IGNORECASE,
)
# What explains an answer behind a comma, and what sets it off against another one.
_ASIDE = re.compile(
    r"(?:,\s{1,3}(?:which|because|since|as|obtained|found)|\s(?:because|since))\s"
    r"(?P<rest>[^\n]{1,200})\Z",
    re.IGNORECASE,
)
_TAKEN_BACK_BY = re.compile(
    r"\b(?:false|untrue|mistaken|mistake|error|impossible|invalid|nonsense)\b", re.IGNORECASE
)
_SECOND_ANSWER = re.compile(r"\b(?:or|rather|instead|but|should|could|may|might|also)\b")
_CONTRAST = re.compile(r",\s{1,3}not\s[^\s,;]{1,40}(?:\s[a-z]{1,20}){0,2}\Z", re.IGNORECASE)
_MAX_LEADER_CHARS = 40
# A sentence that opens so claims nothing on its own, unless a conclusion is drawn in between.
_CONDITION = re.compile(
    r"\b(?:if|unless|provided|providing|assuming|suppose|supposing|granted|imagine|pretend|lest)\b"
    r"|\A\s*(?:(?:had|were|should|wenn|falls|si|se|если)\b|如果|假如|若)",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"\b(?:so|therefore|thus|hence|consequently|accordingly|conclude|finally|summary|conclusion)\b"
    r"|所以|因此|因而|故|综上|于是",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?。！？\n](?=\s|\Z)|[。！？]")
_MAX_CONDITION_CHARS = 300
_CLAIM = re.compile(_BREAK + _MARKUP + _LINK + "(?:" + "|".join(_CLAIMS) + ")", re.IGNORECASE)
_DISPLAYED = ("$$", "\\[", "\\begin")


def after_answer_phrase(text: str) -> str | None:
    r"""What the last sentence claims as the answer, or `None` when it claims nothing.

    >>> after_answer_phrase("2+3=5.\nSo the answer is $5$.")
    '$5$'
    >>> after_answer_phrase("所以答案是5")
    '5'
    >>> after_answer_phrase("Final answer: The number of points is 19.")
    '19'
    >>> after_answer_phrase("The answer could be 42. I am not sure.") is None
    True
    >>> after_answer_phrase("The answer is 42. No, wait.")
    '42. No, wait'
    """
    claimed = last_claim(text)
    if claimed is None:
        return None
    answer = claimed.strip(" \t\r\n:：*_")
    if answer.endswith(("?", "？")) or _TAKEN_BACK.match(answer):
        return None
    if "\n" in answer and not answer.startswith(_DISPLAYED):
        return None  # more was said after it
    answer = _COPULA_LAST.sub("", answer).strip(" \t.。।!！*_")
    sentence = _SENTENCE.fullmatch(answer)
    if sentence and not _HEDGE.search(sentence["subject"]):
        answer = sentence["answer"]
    aside = _ASIDE.search(answer)
    if aside and not any(
        words.search(aside["rest"]) for words in (_HEDGE, _TAKEN_BACK_BY, _SECOND_ANSWER)
    ):
        answer = answer[: aside.start()].strip()
    elif contrast := _CONTRAST.search(answer):
        answer = answer[: contrast.start()].strip()
    return answer or None


def last_claim(text: str) -> str | None:
    """All that follows the last words which claim an answer, or `None` where nothing does.

    >>> last_claim("So the answer is 42. I checked it.")
    ' 42. I checked it.'
    """
    tail = text[-_TAIL_CHARS:]
    if tail.isascii() and not any(stem in tail.lower() for stem in _STEMS):
        return None  # the usual case, without the pattern
    if ending := _AFTERWORD.search(tail):
        tail = tail[: ending.start()]
    claim = None
    position = 0
    while match := _CLAIM.search(tail, position):
        begin = match.start() + 1  # behind the comma or colon, if it is one
        claimed = not (
            _NOT_CLAIMED.search(tail[max(0, begin - _MAX_LEADER_CHARS) : begin])
            or _is_conditional(tail[max(0, begin - _MAX_CONDITION_CHARS) : begin], match.group())
        )
        claim = match if claimed else None
        position = max(match.end() - 1, position + 1)  # a colon may open the next claim
    return None if claim is None else tail[claim.end() :]


def _is_conditional(before: str, claim: str) -> bool:
    """Whether the claim is the main clause of a condition: "If pigs fly, the answer is 42"."""
    if not before.rstrip().endswith((",", "，", ":", "：")) or _CONCLUSION.search(claim):
        return False
    sentence = _SENTENCE_END.split(before)[-1]
    return _CONDITION.search(sentence) is not None
