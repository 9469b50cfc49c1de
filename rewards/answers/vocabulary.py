"""Words that mean something in an answer, in the languages datasets are written in."""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

from typing import TYPE_CHECKING

from rewards.answers.nouns import changes, noun

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        "emptyset",
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
        "infinite",
        "an infinite number",
        "infinite number of solutions",
        "无数",
        "无穷多",
        "无数个",
        "无穷多个",
    ),
    "naturals": ("naturals", "natural numbers", "all natural numbers", "自然数"),
    "rationals": ("rationals", "rational numbers", "all rational numbers", "有理数"),
    "complexes": ("complexes", "complex numbers", "all complex numbers", "复数"),
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
# Words that take back what they stand beside, or say it of something that is not so.
NEGATIONS = frozenset(
    "not no never none nothing neither nor cannot cant can't isn't isnt don't doesn't doesnt won't "
    "wasn't aren't wrong false untrue incorrect incorrectly impossible invalid unlikely doubt "
    "doubtful without hardly barely scarcely instead rather suppose supposing assume assuming "
    "imagine pretend whether otherwise contradiction absurd mistaken mistake error refuted "
    "disproved denied rejected excluded non nope nah nicht kein keine ne pas sin ningún нет не "
    "不 不是 非 错 错误 没有 否".split()
)
# What a value may be called, besides listed nouns: `Maximum: 5`, `Total cost = 12`.
_NAMES = frozenset(
    "maximum minimum max min greatest least largest smallest highest lowest value area perimeter "
    "volume length width height depth radius diameter circumference distance speed velocity "
    "acceleration time rate age cost price profit loss total sum difference product quotient ratio "
    "remainder mean median mode average range variance deviation probability percentage percent "
    "slope intercept gradient vertex focus directrix center centre foci axis axes domain image "
    "codomain kernel rank determinant dimension degree order period amplitude frequency phase "
    "limit derivative integral equation line point points coordinates answer solution result "
    "values final number count amount quantity mass weight force energy power work pressure "
    "temperature density charge current voltage resistance capacity concentration molarity "
    "sequence series term terms case part step first second third fourth fifth last next "
    "left right top bottom base exponent index modulus argument real imaginary local global "
    "absolute relative interval solutions roots zeros factors surface shaded region "
    "expected original new initial starting ending old remaining minimal maximal optimal unit "
    "exact simplified form option choice statement type expression function formula "
    "lower upper bound inner outer angle measure side hypotenuse leg altitude diagonal "
    "arc sector chord tangent secant ways ans sol soln combined common positive negative "
    "start end mod hence therefore so thus then also and of the a an for to in on at by from each "
    "per its their his her our my this that these is are when with monthly weekly daily annual "
    "hourly fraction fractions decimal identity inverse transpose eigenvalue eigenvalues "
    "multiplying adding subtracting dividing simplifying solving using evaluating substituting "
    "rounding "
    "speed boat train car water school class year month week day hour minute second "
    "problem question method approach proof example exercise task check note".split()
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


# A word of another script that ends so denies what follows.
_DENYING_ENDS = tuple("不 不是 不为 不等于 并非 ない ません 아니다 아닌 않다 नहीं".split())


def may_name(words: Sequence[str]) -> bool:
    """Whether words in front of a value are a name for it, and neither negate nor hedge it.

    Names are listed words and nouns; a capitalised word may be anybody's name. What ends in "of"
    is none: "the square of: 42" speaks of 42.

    >>> may_name(["Total", "cost"]), may_name(["Not"]), may_name(["Alice"]), may_name(["hardly"])
    (True, False, True, False)
    """
    for word in words:
        lower = word.lower()
        if lower in _NAMES:
            continue
        if lower in NEGATIONS or lower in HEDGES or changes(lower):
            return False
        if lower.endswith(_DENYING_ENDS) or (noun(lower) is None and not _is_proper(word)):
            return False
    return bool(words) and words[-1].lower() != "of"


def _is_proper(word: str) -> bool:
    """A capitalised word that is no adverb, a symbol of one letter, or another script's word."""
    if not word.isascii() or len(word) == 1:
        return True
    return word[:1].isupper() and not word.endswith("ly")
