"""How often a reward is right, and how sure that is."""

import math

from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.benchmarking.counts import Counts, quantile
from rewards.workbench.benchmarking.intervals import wilson_interval

rows = st.lists(
    st.tuples(st.booleans(), st.none() | st.floats(-2, 2, allow_nan=False)), max_size=60
)


def test_four_outcomes_and_none():
    found = Counts.of([True, True, False, False, True], [1.0, 0.5, 0.6, 0.0, None], 0.5)
    assert found == Counts(1, 1, 2, 1, 1)
    shown = found.to_dict()
    assert shown["accuracy"] == 2 / 5
    assert shown["precision"] == 1 / 2
    assert shown["recall"] == 1 / 3
    assert math.isclose(shown["f1"], 2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3))


def test_nothing_rewarded_has_no_precision():
    shown = Counts.of([True, False], [0.0, None], 0.5).to_dict()
    assert shown["precision"] is None
    assert shown["recall"] == 0
    assert Counts().to_dict()["accuracy"] is None


@given(rows)
def test_shares_lie_in_their_intervals(pairs):
    found = Counts.of([truth for truth, _ in pairs], [score for _, score in pairs], 0.5)
    assert found.rows == len(pairs)
    shown = found.to_dict()
    for what in ("accuracy", "precision", "recall", "f1"):
        low, high = shown[f"{what}_interval"]
        assert 0 <= low <= high <= 1
        assert shown[what] is None or low - 1e-12 <= shown[what] <= high + 1e-12


@given(st.integers(1, 400), st.data())
def test_wilson_narrows_with_rows_and_mirrors(count, data):
    hits = data.draw(st.integers(0, count))
    low, high = wilson_interval(hits, count)
    assert low <= hits / count <= high
    other = wilson_interval(count - hits, count)
    assert math.isclose(other[0], 1 - high, abs_tol=1e-12)
    wider, narrower = high - low, wilson_interval(4 * hits, 4 * count)
    assert narrower[1] - narrower[0] < wider


def test_wilson_of_a_published_example():
    low, high = wilson_interval(81, 263)  # Newcombe 1998, table I, method 3
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson_interval(0, 0) == (0, 1)


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0.01, 1))
def test_quantile_is_a_value_that_so_many_do_not_exceed(values, share):
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_completions_of_one_prompt_are_less_sure_than_rows_that_are_apart():
    truths = [True, False] * 40
    scores = [1.0 if at // 8 % 2 else 0.0 for at in range(80)]  # right or wrong by the prompt
    together = Counts.of(truths, scores, 0.5, prompts=[str(at // 8) for at in range(80)])
    apart = Counts.of(truths, scores, 0.5)
    assert together.accuracy == apart.accuracy
    assert together.to_dict()["accuracy"] == 0.5
    for what, wider in (("recall", 1.5), ("f1", 1.2)):
        (low, high), (near, far) = (one.to_dict()[f"{what}_interval"] for one in (together, apart))
        assert high - low > wider * (far - near)


@given(rows)
def test_shares_lie_in_the_intervals_of_prompts(pairs):
    truths, scores = [truth for truth, _ in pairs], [score for _, score in pairs]
    prompts = [str(at // 3) for at in range(len(pairs))]
    found = Counts.of(truths, scores, 0.5, prompts=prompts)
    plain = Counts.of(truths, scores, 0.5).to_dict()
    for name, value in found.to_dict().items():
        if not name.endswith("_interval"):
            assert value == plain[name]
        else:
            share = plain[name.removesuffix("_interval")]
            low, high = value
            assert 0 <= low <= high <= 1
            assert share is None or low - 1e-12 <= share <= high + 1e-12
