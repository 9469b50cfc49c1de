"""Words weighed by script: the short way for Latin text and the long one agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.text.languages import Target, count_words
from rewards.text.scripts import _weigh_any, _weigh_latin, holds_script, weigh_scripts


@given(
    st.text(alphabet="ab é'\u2019\u0301\u200d1_. x\n\u1e00ß", max_size=120),
    st.booleans(),
)
def test_both_ways_weigh_latin_text_alike(text, variables):
    long_way = +_weigh_any(text, variables=variables)
    assert +_weigh_latin(text, variables=variables) == long_way
    assert +weigh_scripts(text, variables=variables) == long_way


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("", {}),
        ("Let x be 3", {"Latin": 2}),
        ("don't go", {"Latin": 2}),
        ("e\u0301te\u0301", {"Latin": 1}),
        ("a" * 41, {"Other": 5}),
        ("Это so", {"Cyrillic": 1, "Latin": 1}),
        ("жизнd", {"Other": 2}),
        ("中文字a", {"Han": 2}),
        ("中文word", {"Han": 1, "Latin": 1}),
        ("漢字かな", {"Han": 1, "Kana": 1}),
        ("𐌰𐌱 word", {"Other": 1, "Latin": 1}),
    ],
)
def test_weights(text, weights):
    assert dict(+weigh_scripts(text)) == weights


def test_variables_count_where_they_are_asked_for():
    assert not +weigh_scripts("x π я")
    assert weigh_scripts("x π я", variables=True) == {"Latin": 1, "Greek": 1, "Cyrillic": 1}


@given(st.lists(st.sampled_from(["字の。", "字字。", "word. ", "の! "]), max_size=12))
def test_a_sentence_that_comes_again_counts_again(sentences):
    target = Target.of("ja")
    each = [count_words(sentence, target) for sentence in sentences]
    whole = count_words("".join(sentences), target)
    assert whole.target == sum(count.target for count in each)
    assert whole.other == sum(count.other for count in each)


def test_whether_a_script_occurs():
    assert holds_script("abc ж", ["Cyrillic"])
    assert not holds_script("abc", ["Cyrillic", "Greek"])
