"""Counted nouns: what may stand behind a number without changing what it says.

A word is one because it is listed here, or because the reference has it; never by its look alone,
for `42 hardly` and `3 quarters` look the same. Words that change a number or take it back are
listed as such, so that a reason can name them.
"""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# What is counted in word problems and in mathematics, in the singular.
_SINGULAR = frozenset(
    """
    way arrangement possibility combination permutation option choice outcome case value solution
    root number integer digit factor divisor multiple prime term element subset set
    triple tuple point line segment side edge vertex face angle corner diagonal triangle square
    rectangle polygon circle cube block box cell tile row column layer level step move path route
    unit item thing object piece part section group team member class set person people man woman
    boy girl child kid baby adult student pupil teacher friend sister brother cousin classmate
    player worker employee customer guest visitor passenger driver farmer doctor nurse soldier
    neighbor neighbour family voter candidate runner swimmer singer dancer artist
    participant resident citizen villager tourist patient actor knight elf dragon robot monster
    game match race round goal turn trip lap tournament contest problem question
    test quiz exam exercise page book notebook magazine newspaper chapter word letter
    sentence story poem song card stamp sticker ticket coin dime nickel penny bill
    photo picture painting drawing poster postcard map card letter envelope package packet parcel
    bag box basket bucket bottle jar jug can carton crate barrel tank container bowl plate dish
    glass mug fork knife spoon pot pan tray table chair desk bench bed couch lamp candle light
    bulb window door wall room floor house home apartment building office school store shop
    library park garden farm field road street bridge tower city town village country
    state island mountain lake river ocean planet star moon apple orange banana pear peach plum
    cherry grape lemon lime melon watermelon mango strawberry blueberry raspberry berry fruit
    vegetable potato tomato carrot onion pepper cucumber bean pea nut peanut almond walnut egg
    sandwich burger hamburger pizza taco cookie cake cupcake pie muffin donut doughnut brownie
    croissant pancake waffle candy lollipop chocolate marshmallow gumball snack meal lunch dinner
    breakfast slice serving scoop bite loaf bread roll bagel bun cracker chip biscuit drink soda
    juice coffee water milk tea beer cheese butter sugar flour rice cereal soup salad sauce meat
    steak chicken duck goose turkey cow bull calf pig sheep lamb goat horse pony donkey dog puppy
    cat kitten rabbit bunny hamster mouse rat squirrel bird parrot pigeon hen rooster chick fish
    shark whale dolphin turtle frog tadpole snake lizard spider ant bee butterfly bug insect worm
    fly lion tiger bear monkey elephant giraffe zebra wolf fox deer camel flamingo penguin animal
    pet egg nest flower rose tulip petunia lily daisy petal plant tree bush leaf branch seed vine
    thorn root log stick stone rock pebble shell bead button ribbon rope string thread needle
    shirt shoe sock skirt dress jacket coat hat cap glove scarf sweater belt tie pant
    ring necklace bracelet earring watch clock toy doll ball balloon marble block puzzle kite
    bike bicycle car truck bus van taxi train plane airplane boat ship canoe motorcycle wheel
    tire tyre engine computer laptop phone camera television radio battery machine tool hammer
    nail screw bolt board plank brick beam pole fence post pipe wire cable chain ladder shelf
    pencil pen crayon marker eraser ruler paper sheet folder binder clip brush paint helmet bat
    racket football basketball baseball gift prize award medal trophy vote ticket dose
    pill tablet vaccine patient session lesson shift job task chore order sale purchase
    event party ceremony concert movie film episode video vlog message email letter tweet
    click tap view follower subscriber point bonus mark grade vote seat
    table place position spot slot stop station floor stair flight gate parking ship token chip
    domino die dice calorie atom molecule electron proton neutron ion bacterium cell gene
    graph node function equation inequality variable coefficient polynomial matrix vector
    intersection region interval sequence palindrome anagram string subsequence partition
    triangle hexagon pentagon quadrilateral parallelogram trapezoid octagon sphere cone cylinder
    pyramid prism bead symbol sign color colour flag pattern design
    handshake pigeonhole drawer cup jelly cannoli toothpick streetlight
    piece pack sack bale stack pile heap bunch bouquet can string peso
    zero maximum minimum bit byte character bookcase backpack pillow blanket towel curtain carpet
    rug bedroom bathroom kitchen pool fountain statue bench swing slide petition
    time
    """.split()
)
_IRREGULAR = {
    "people": "person", "men": "man", "women": "woman", "children": "child", "feet": "foot",
    "teeth": "tooth", "mice": "mouse", "geese": "goose", "leaves": "leaf", "knives": "knife",
    "loaves": "loaf", "wolves": "wolf", "elves": "elf", "shelves": "shelf", "calves": "calf",
    "vertices": "vertex", "matrices": "matrix", "dice": "die", "oxen": "ox", "maxima": "maximum",
    "bacteria": "bacterium", "minima": "minimum", "lives": "life", "thieves": "thief",
    "buses": "bus", "fish": "fish", "sheep": "sheep", "deer": "deer",
}  # fmt: skip
# Counters and nouns of languages without a plural, longest first where one begins another.
_COUNTERS = frozenset(
    """
    个 個 只 隻 人 名 条 條 种 種 次 本 支 枝 张 張 块 塊 件 棵 辆 輛 页 頁 岁 歲 枚 颗 顆 头 頭
    匹 位 家 道 题 題 把 台 套 朵 根 袋 瓶 盒 箱 杯 层 組 组 步 班 盏 篇 首 座 栋 所 项 項 份 粒 桶
    片 群 场 倍
    学生 學生 同学 苹果 人次 通り 回 개 명 번 가지 마리 살 권 円 원
    """.split()
)
# Words around a unit or a noun that say what the question has said.
_FILLERS = frozenset(
    """
    of the in per each every a an total altogether left remaining away long tall wide deep high
    old older now today ago later early late away apart far fast slow
    different distinct possible such valid ordered unordered real positive negative whole complex
    rational natural even odd new full single big small large little tall whole
    consecutive available required needed correct good gold round equal
    worth standard regular math english science spanish art music history inclusive
    his her their its my your
    """.split()
)
# The fillers that may stand behind a number alone (`42 in total`, but not `42 negative`).
_LONELY = frozenset(
    "of the in a per each every an total altogether left remaining away apart old tall long wide "
    "deep high now".split()
)
_SUMMING = frozenset("total altogether left remaining away apart each now".split())
_COLOURS = frozenset(
    "red blue green yellow white black brown orange purple pink grey gray silver golden".split()
)
# Behind a number these change it or take it back.
_CHANGING = frozenset(
    """
    squared cubed factorial half halves third thirds quarter quarters fourth fourths fifth fifths
    sixth sixths seventh sevenths eighth eighths ninth ninths tenth tenths hundredth hundredths
    thousandth thousandths tens hundred hundreds thousand thousands million millions billion
    billions trillion dozen dozens gross score scores lakh crore k pair pairs couple twice thrice
    zero can like minimum maximum
    double triple plus minus over point least most almost nearly about around roughly hardly barely
    scarcely wrong false incorrect impossible invalid not no never none neither nor if when unless
    except without more less fewer is are was were isn aren too maybe perhaps possibly probably
    definitely certainly mod modulo percent percents base
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
    """.split()
)
_OPPOSITES = tuple(
    frozenset(pair)
    for pair in (
        ("increase", "decrease"), ("increased", "decreased"), ("profit", "loss"), ("gain", "loss"),
        ("north", "south"), ("east", "west"), ("older", "younger"), ("above", "below"),
        ("more", "less"), ("more", "fewer"), ("before", "after"), ("faster", "slower"),
        ("up", "down"), ("clockwise", "counterclockwise"), ("taller", "shorter"),
        ("heavier", "lighter"), ("longer", "shorter"), ("even", "odd"), ("left", "right"),
        ("positive", "negative"), ("boys", "girls"), ("men", "women"),
    )
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z]+")
GENERIC = frozenset({"unit", "item", "thing", "object", "element"})


def contradicts(reference: str, answer: str) -> str | None:
    """Why a phrase behind the answer cannot stand for the one behind the reference, or `None`.

    >>> contradicts("years older", "years younger")
    'older is not younger'
    >>> contradicts("", "apples") is None
    True
    """
    wanted, given = (_lower_words(phrase) for phrase in (reference, answer))
    for pair in _OPPOSITES:
        for word in pair.intersection(wanted):
            if word not in given and (other := pair.intersection(given)):
                return f"{word} is not {next(iter(other))}"
    colours = _COLOURS.intersection(wanted), _COLOURS.intersection(given)
    if colours[0] and colours[1] and colours[0] != colours[1]:
        return f"{min(colours[1])} is not {min(colours[0])}"
    for at, word in enumerate(given):
        follows_unit = word in {"squared", "cubed"} and at > 0
        if word in _CHANGING and word not in wanted and not follows_unit:
            return f"“{word}” changes the answer"
    return None


def _lower_words(phrase: str) -> list[str]:
    # a single capital is a unit: K is no thousand
    return [word.lower() if len(word) > 1 else word for word in _WORD.findall(phrase)]


def noun(word: str) -> str | None:
    """The singular of a listed noun, or a listed counter; else `None`.

    >>> noun("cherries"), noun("hardly"), noun("quarters")
    ('cherry', None, None)
    """
    if word in _COUNTERS:
        return word
    if word in _CHANGING:
        return None
    return next((stem for stem in _stems(word) if stem in _SINGULAR), None)


def _stems(word: str) -> list[str]:
    found = [_IRREGULAR.get(word, word)]
    if word.endswith("ies"):
        found.append(word[:-3] + "y")
    if word.endswith("es"):
        found.append(word[:-2])
    if word.endswith("s") and not word.endswith("ss"):
        found.append(word[:-1])
    return found


def changes(word: str) -> bool:
    """Whether a word beside a number changes it or takes it back (`quarters`, `wrong`)."""
    return word in _CHANGING


def is_filler(word: str) -> bool:
    """Whether a word beside a unit or a noun adds nothing (`of`, `each`, `old`, a colour)."""
    return word in _FILLERS or word in _COLOURS


def are_lonely_fillers(words: Sequence[str]) -> bool:
    """Whether fillers may stand behind a number without a unit or a noun (`in total`)."""
    return all(word in _LONELY for word in words) and any(word in _SUMMING for word in words)


def may_be_noun(word: str) -> bool:
    """Whether a word of the reference may be a noun that an answer leaves out.

    What has a capital, a digit, a slash, a power or up to three letters is rather a unit.
    """
    return (
        word.isalpha()
        and word.islower()
        and (word not in _CHANGING or word in {"pair", "pairs"})
        and (len(word) > 3 or noun(word) is not None)
    ) or (not word.isascii() and word.isalpha() and word == word.lower())


def cut(run: str, known: frozenset[str]) -> list[str]:
    """A run of Chinese, Japanese or Korean letters as known words, longest first; else itself.

    >>> cut("名学生", frozenset())
    ['名', '学生']
    """
    words: list[str] = []
    at = 0
    while at < len(run):
        for size in range(min(4, len(run) - at), 0, -1):
            word = run[at : at + size]
            if word in known or word in _COUNTERS:
                words.append(word)
                at += size
                break
        else:
            return [run]
    return words
