"""Words that mean something in an answer, in the languages datasets are written in."""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

AND_WORDS = frozenset("and und et и e& 和 与 及 且 以及 並且 并且".split())
OR_WORDS = frozenset("or oder ou или 或 或者".split())

# Words in front of a number that say no more than ≈.
APPROXIMATELY = frozenset("approximately approx about roughly circa 约 大约 约为 约等于".split())

# Comparisons in words; `is` may stand in front of them.
_COMPARED = {
    ">=": "at least;greater than or equal to;no less than;no fewer than;not less than;不小于;"
    "大于等于;大于或等于;不少于;至少",
    "<=": "at most;less than or equal to;no more than;no greater than;not more than;"
    "not greater than;不大于;小于等于;小于或等于;不超过;至多",
    ">": "greater than;more than;larger than;大于",
    "<": "less than;fewer than;smaller than;小于",
}
COMPARISONS: dict[str, str] = {
    lead + phrase: sign
    for sign, phrases in _COMPARED.items()
    for phrase in phrases.split(";")
    for lead in ("", "is ")
}

# Words and short phrases with one meaning; keys are in the normal form of `Text`.
_MEANINGS = {
    "yes": "yes true correct ja oui sí si да 是 对 正确 是的 对的 vrai wahr верно はい 예 네",
    "no": "no false incorrect wrong nein non нет 否 不 错 错误 不是 不对 faux falsch неверно "
    "いいえ 아니요",
}
NAMED: dict[str, str] = {
    word: meaning for meaning, words in _MEANINGS.items() for word in words.split()
}
# `true` answers `yes` but it is not the same word: they are compared by meaning.
_PHRASES = {
    "empty": (
        "no solution",
        "no solutions",
        "no real solution",
        "no real solutions",
        "there is no solution",
        "there are no solutions",
        "has no solution",
        "none",
        "empty set",
        "the empty set",
        "does not exist",
        "dne",
        "no such number exists",
        "no such numbers",
        "null set",
        "emptyset",
        "无解",
        "无实数解",
        "空集",
        "不存在",
        "方程无解",
        "keine lösung",
        "keine lösungen",
        "pas de solution",
        "aucune solution",
        "ensemble vide",
        "sin solución",
        "no hay solución",
        "нет решений",
        "решений нет",
        "解なし",
    ),
    "reals": (
        "all real numbers",
        "all reals",
        "any real number",
        "every real number",
        "real numbers",
        "reals",
        "全体实数",
        "一切实数",
        "所有实数",
        "任意实数",
    ),
    "undefined": ("undefined", "not defined", "indeterminate", "无意义", "未定义"),
    "infinitely many": (
        "infinitely many",
        "infinitely many solutions",
        "infinite solutions",
        "infinite number of solutions",
        "无数",
        "无穷多",
        "无数个",
        "无穷多个",
    ),
    "integers": ("all integers", "any integer", "every integer", "integers"),
    "increasing": ("increasing", "递增"),
}
NAMED |= {phrase: meaning for meaning, phrases in _PHRASES.items() for phrase in phrases}

ARTICLES = frozenset({"the", "a", "an"})

# Words that open an answer and say nothing.
LEADS = (
    "the final answer is",
    "final answer is",
    "the correct answer is",
    "the answer is",
    "our answer is",
    "answer is",
    "the correct option is",
    "the correct choice is",
    "the solution set is",
    "the solutions are",
    "the solution is",
    "solution set is",
    "solutions are",
    "solution is",
    "final answer",
    "the answer",
    "answer",
    "ans",
    "solution",
    "solutions",
    "solution set",
    "therefore",
    "thus",
    "hence",
    "so",
    "所以答案是",
    "答案是",
    "答案为",
    "答案",
    "最终答案",
    "解",
    "答",
    "antwort",
    "réponse",
    "la respuesta es",
    "respuesta",
    "ответ",
)

# Words that make an answer a guess rather than an answer.
HEDGES = frozenset(
    "maybe perhaps possibly probably either approximately unsure guess roughly likely not "
    "if unless except might could may but".split()
)

PARAMETER_WORDS = frozenset(
    "for where with any all every each some integer integers natural whole real constant "
    "constants number numbers is an a in arbitrary positive nonnegative parameter k∈ 为 整数 "
    "为整数 其中 任意".split()
)

# Short words that are words even without \text around them (`at` and `as` may be products).
SHORT_WORDS = frozenset(
    "the for any all is are of to if no not on by an and or its has was one two six ten "
    "each some when then else than with from where such that odd even yes too out our can "
    "may you she him her his red day men who how why use off old new top box cup bag cat "
    "dog per".split()
)

# The word in front of a formula that a sentence leads up to.
LINKS = frozenset(
    "is are be equals equal gives get have that therefore thus hence so answer solution "
    "solutions yes".split()
)
