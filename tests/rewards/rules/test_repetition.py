"""Repeated runs are counted as the definition says, and only so far back as a loop may reach."""

from hypothesis import given
from hypothesis import strategies as st

from rewards import Repetition
from rewards.rules.repetition import _MOST_WORDS


@given(st.lists(st.integers(0, 3) | st.integers(60_000, 60_002), max_size=40), st.integers(1, 5))
def test_the_share_of_runs_that_were_there_before(tokens, n):
    runs = [tuple(tokens[at : at + n]) for at in range(len(tokens) - n + 1)]
    share = (len(runs) - len(set(runs))) / len(runs) if len(runs) > 1 else 0
    verdict = Repetition(n=n).verify("", completion_ids=tokens)
    assert verdict.score == -share


def test_what_stands_before_the_last_words_does_not_count_and_the_reason_says_so():
    reward = Repetition(n=2)
    looped, plain = [7] * 1_000, list(range(8, _MOST_WORDS + 8))
    verdict = reward.verify("", completion_ids=looped + plain)
    assert verdict.score == 0
    assert f"in the last {_MOST_WORDS} of {_MOST_WORDS + 1_000}" in verdict.reason
    assert reward.verify("", completion_ids=plain + looped).score < 0
