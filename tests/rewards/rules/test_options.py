"""Options that the rewards of the shelf refuse, and extras that are not installed."""

import pytest

import rewards
from rewards import extras
from rewards.errors import InputError, MissingExtraError


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Overlong", {"max_length": 5, "buffer": 6}),
        ("Overlong", {"buffer": 0}),
        ("Repetition", {"n": 0}),
        ("Repetition", {"penalty": 2}),
        ("TagCount", {"tags": "think"}),
        ("TagCount", {"tags": ("a", "a")}),
        ("TagCount", {"tags": ("<a>",)}),
        ("Choice", {"answer_in": ("nowhere",)}),
        ("ExactMatch", {"normalise": "stem"}),
        ("TokenF1", {"answer_in": "box"}),
        ("PatternMatch", {"pattern": "(a"}),
        ("PatternMatch", {"how": "match"}),
        ("PatternMatch", {"cpu_s": 0}),
        ("Quantity", {"relative": 1.0}),
        ("Quantity", {"significant_figures": 0}),
        ("LanguageConsistency", {"language": "klingon"}),
        ("LanguageConsistency", {"identifier": "guess"}),
        ("InstructionFollowing", {"mode": "lax"}),
    ],
)
def test_refused(name, options):
    with pytest.raises(InputError):
        getattr(rewards, name)(**options)


def test_a_schema_that_is_none():
    pytest.importorskip("jsonschema")
    for schema in ("", "no", "[]", {"type": "nonsense"}, 5):
        with pytest.raises(InputError, match="schema"):
            rewards.JsonSchema(schema=schema)


def test_a_missing_extra_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'rlvr\[extra\]'"):
        rewards.JsonSchema(schema={})
    with pytest.raises(MissingExtraError, match="py3langid"):
        rewards.LanguageConsistency(identifier="py3langid")
    with pytest.raises(MissingExtraError, match="pint"):
        rewards.quantity(completions=["5 m"], answer=["5 m"])
    with pytest.raises(MissingExtraError, match="jsonschema"):
        rewards.json_schema(completions=["{}"], schema=[{}])


def test_an_option_stands_for_a_missing_column():
    assert rewards.PatternMatch(pattern="a+")(completions=["aa", "b"]) == [1.0, 0.0]
    assert rewards.PatternMatch(pattern="a+")(completions=["aa"], pattern=["b"]) == [0.0]


def test_languages_of_one_script_need_the_identifier():
    french = "Nous additionnons les deux nombres et nous obtenons le résultat suivant"
    assert rewards.LanguageConsistency(language="en").verify(french).score == 1.0
    pytest.importorskip("py3langid")
    strict = rewards.LanguageConsistency(language="en", identifier="py3langid")
    assert strict.verify(french).score == 0.0
    assert strict.verify("We add the two numbers and get the following result").score == 1.0
