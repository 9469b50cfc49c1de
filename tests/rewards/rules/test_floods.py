"""Long completions made to be slow: the CPU time of every reward grows with their length only."""

from time import process_time

import pytest
from exported_rewards import usable

import rewards
from benchmarks.flood_kinds import KINDS, PLACES

pytestmark = pytest.mark.slow
REPEATS = 800
PIECES = [
    " ", "\n", "\t\n", "a", "a ", "字", "の", "<", "<think>", "</think>", "<answer>", "\\boxed{",
    "\\boxed{a}", "$", "$ a", "\\[", "\\(a", "\\(", "`", "```\n", "```python\n", "[", "[a", "{",
    '{"a":', "*", "**a", "<<", "<<a", "******", "***\n", "-\n", ". ", "Mr. ", "!", ",", '"',
    "P.S.", "p.", "https://", "The answer is ", "A, ", "(", "\u200b", "\u0301", "\u0430",
    "a\u0301", "1", "1,000", "ﷺ", "'", "a'",
]  # fmt: skip
# Every exported reward with its defaults, and options that look at a text in another way.
REWARDS = [
    *usable().values(),
    rewards.LanguageConsistency(language="zh", name="language_consistency_zh"),
    rewards.LanguageConsistency(language="ja", part="all", name="language_consistency_ja"),
    rewards.InstructionFollowing(score="share", mode="loose", name="instructions_loose"),
    rewards.PatternMatch(pattern="[a-z]+", name="pattern_given"),
]
INSTRUCTIONS = {
    "keywords:existence": {"keywords": ["a"]},
    "keywords:forbidden_words": {"forbidden_words": ["a"]},
    "length_constraints:number_sentences": {"num_sentences": 2},
    "length_constraints:number_paragraphs": {"num_paragraphs": 2},
    "length_constraints:number_words": {"num_words": 2},
    "length_constraints:nth_paragraph_first_word": {
        "num_paragraphs": 2,
        "nth_paragraph": 1,
        "first_word": "b",
    },
    "detectable_content:number_placeholders": {"num_placeholders": 2},
    "detectable_content:postscript": {"postscript_marker": "P.P.S"},
    "detectable_format:number_bullet_lists": {"num_bullets": 2},
    "detectable_format:number_highlighted_sections": {"num_highlights": 2},
    "detectable_format:multiple_sections": {"section_spliter": "a", "num_sections": 2},
    "detectable_format:json_format": {},
    "detectable_format:title": {},
    "combination:two_responses": {},
    "startend:end_checker": {"end_phrase": "b"},
    "change_case:capital_word_frequency": {"capital_frequency": 2},
    "change_case:english_capital": {},
    "language:response_language": {"language": "th"},
}
_REFERENCES = {
    "schema": {"type": "object"},
    "reference": "B",
    "instructions": list(INSTRUCTIONS),
    "tests": ["assert f(1) == 2"],
    "pattern": "[a-z]+",
}


def _judge(reward, completion):
    role = getattr(reward.role, "value", None)
    row = {"kwargs": list(INSTRUCTIONS.values())} if role == "instructions" else {}
    reference = "5 m" if reward.name == "quantity" else _REFERENCES.get(role)
    return reward.verify(completion, reference, **row)


def _least_seconds(reward, completion):
    """The least CPU time in seconds, of up to three times: the first may be cold."""
    seconds = []
    low, high = reward.bounds
    while len(seconds) < 3 and min(seconds, default=1) > 0.01:
        started = process_time()
        verdict = _judge(reward, completion)
        seconds.append(process_time() - started)
        assert verdict.score is None or low <= verdict.score <= high
        assert verdict.status.value != "error", verdict.reason
    return min(seconds)


def _assert_linear(reward, short, long, what):
    """Work on `long`, four times as much as `short`, is four times as much; not sixteen times."""
    seconds, fourfold = _least_seconds(reward, short), _least_seconds(reward, long)
    assert fourfold < 0.3 or fourfold < 10 * seconds, what  # short times are noise


@pytest.mark.parametrize("reward", REWARDS, ids=lambda reward: reward.name)
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("no_collections")
def test_floods(reward):
    for piece in PIECES:
        short, long = ("<think>x</think>" + piece * repeats for repeats in (REPEATS, 4 * REPEATS))
        _assert_linear(reward, short, long, piece)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("reward", REWARDS, ids=lambda reward: reward.name)
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("no_collections")
def test_kinds_of_flood_in_every_place(reward, place):
    before, behind = PLACES[place]
    for kind, flood in KINDS.items():
        short, long = (before + flood(size) + behind for size in (32_000, 128_000))
        _assert_linear(reward, short, long, kind)
