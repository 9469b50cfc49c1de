"""Rewards made of rewards: what they add up to, and what becomes of `None`."""

import itertools
import pickle
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rewards
from rewards import (
    Clip,
    Gate,
    GroupLength,
    Overlong,
    Route,
    Schedule,
    Status,
    WeightedSum,
    accuracy,
    exact_match,
    format,
    repetition,
)
from rewards.errors import InputError, MissingColumnError

GOOD = r"<think>1+1</think> \boxed{2}"
BARE = r"\boxed{2}"


class TestWeightedSum:
    both = WeightedSum((accuracy, format), (1.0, 0.2))

    def test_adds_and_keeps_every_reason(self):
        verdicts = self.both.verdicts(completions=[GOOD, BARE, ""], answer=["2", "2", "2"])
        assert [v.score for v in verdicts] == pytest.approx([1.2, 1.0, 0.0])
        assert [v.status for v in verdicts] == [
            Status.CORRECT,
            Status.BAD_FORMAT,
            Status.NO_ANSWER,
        ]
        assert "accuracy 1" in verdicts[1].reason
        assert "no <think>" in verdicts[1].reason
        assert verdicts[0].extracted == "2"

    def test_a_part_that_does_not_apply_adds_nothing(self):
        assert self.both(completions=[GOOD], answer=[None]) == [0.2]
        lone = WeightedSum((accuracy, exact_match))
        (verdict,) = lone.verdicts(completions=[GOOD], answer=[None])
        assert verdict.status is Status.NOT_APPLICABLE

    def test_a_penalty_that_is_not_due_is_no_correct_answer_and_spoils_none(self):
        both = WeightedSum((accuracy, repetition))
        assert both.verify(GOOD, "2").status is Status.CORRECT
        assert both.verify(GOOD, "3").status is Status.WRONG
        assert both.verify(GOOD + " no" * 200, "2").status is Status.WRONG
        penalties = WeightedSum((repetition, Overlong()))
        assert penalties.verify(GOOD).status is repetition.verify(GOOD).status is Status.SCORED
        assert penalties.verify("no " * 200).status is Status.WRONG

    def test_a_part_that_failed_spoils_the_whole(self):
        (verdict,) = self.both.verdicts(completions=[GOOD], answer=[""])
        assert verdict.status is Status.BAD_REFERENCE
        assert verdict.score is None

    @given(st.lists(st.floats(-10, 10), min_size=2, max_size=2))
    def test_score_is_within_bounds(self, weights):
        total = WeightedSum((accuracy, Overlong(max_length=4, buffer=2)), tuple(weights))
        low, high = total.bounds
        for completion in (GOOD, BARE, "", "a " * 9):
            assert low <= total.verify(completion, "2").score <= high

    @pytest.mark.parametrize(
        ("parts", "weights"),
        [
            ((), ()),
            ((accuracy, accuracy), ()),
            ((accuracy,), (1.0, 2.0)),
            ((accuracy,), (float("nan"),)),
            ((len,), ()),
        ],
    )
    def test_what_it_refuses(self, parts, weights):
        with pytest.raises(InputError, match="WeightedSum"):
            WeightedSum(parts, weights)


class TestGate:
    gated = Gate(format, accuracy)

    def test_opens_and_stays_shut(self):
        verdicts = self.gated.verdicts(completions=[GOOD, BARE], answer=["2", "2"])
        assert [v.score for v in verdicts] == [1.0, 0.0]
        assert verdicts[1].status is Status.BAD_FORMAT
        assert "not asked" in verdicts[1].reason

    def test_a_penalty_that_is_not_due_opens(self):
        gated = Gate(WeightedSum((repetition, Overlong())), accuracy)
        assert gated.verify(GOOD, "2").score == 1.0
        assert gated.verify(GOOD + " no" * 200, "2").status is Status.WRONG
        assert Gate(Clip(repetition, low=-0.1, high=0.0), accuracy).verify(GOOD, "2").score == 1.0

    def test_a_shut_gate_still_finds_a_missing_column(self):
        with pytest.raises(MissingColumnError, match="answer"):
            self.gated(completions=["no format"])

    def test_a_gate_that_does_not_apply_is_open(self):
        assert Gate(exact_match, format)(completions=[GOOD], answer=[None]) == [1.0]
        assert Gate(exact_match, format)(completions=[GOOD], answer=[""]) == [None]

    def test_threshold(self):
        half = Gate(rewards.tag_count, accuracy, at_least=0.5, shut=-1.0)
        assert half(completions=[GOOD, BARE], answer=["2", "2"]) == [1.0, -1.0]


def test_clip():
    mild = Clip(repetition, low=-0.1, high=0.0)
    assert mild.verify("no " * 200).score == -0.1
    assert "clipped" in mild.verify("no " * 200).reason
    assert Clip(accuracy).verify(BARE, "").score is None
    with pytest.raises(InputError, match="low <= high"):
        Clip(accuracy, low=1.0, high=0.0)


class TestSchedule:
    @pytest.mark.parametrize("shape", ["linear", "cosine", "step"])
    def test_goes_from_start_to_end(self, shape):
        fading = Schedule(format, start=2.0, end=1.0, begin=0.2, until=0.8, shape=shape)
        weights = [fading.weight_at(step / 20) for step in range(21)]
        assert weights[0] == 2.0
        assert weights[-1] == 1.0
        assert weights == sorted(weights, reverse=True)

    def test_reads_the_trainers_state(self):
        fading = Schedule(format)
        for step, score in ((0, 1.0), (25, 0.75), (100, 0.0), (200, 0.0)):
            state = SimpleNamespace(global_step=step, max_steps=100)
            assert fading(completions=[GOOD], trainer_state=state) == [score]

    def test_reaches_a_nested_part(self):
        nested = WeightedSum((Schedule(format), Gate(format, accuracy)))
        state = SimpleNamespace(global_step=50, max_steps=100)
        assert nested(completions=[GOOD], answer=["2"], trainer_state=state) == [1.5]

    @pytest.mark.parametrize("state", [None, object(), SimpleNamespace(global_step=3, max_steps=0)])
    def test_without_progress_it_is_the_end(self, state):
        verdict = Schedule(format, end=0.5).verdicts(completions=[GOOD], trainer_state=state)[0]
        assert verdict.score == 0.5
        assert "outside of training" in verdict.reason


class TestRoute:
    mixed = Route({"math": accuracy, "chat": format}, by="kind")

    def test_each_row_meets_its_own(self):
        verdicts = self.mixed.verdicts(
            completions=[BARE, BARE, GOOD, BARE, 5],
            kind=["math", "chat", "chat", "poem", "math"],
            answer=["2", None, None, None, "2"],
        )
        assert [v.score for v in verdicts] == [1.0, 0.0, 1.0, None, None]
        assert verdicts[3].status is Status.NOT_APPLICABLE
        assert "poem" in verdicts[3].reason
        assert verdicts[4].status is Status.ERROR

    def test_otherwise(self):
        mixed = Route({"math": accuracy}, by="kind", otherwise=format)
        assert mixed(completions=[GOOD], kind=[None], answer=[None]) == [1.0]

    def test_no_such_column(self):
        with pytest.raises(MissingColumnError, match="'kind'"):
            self.mixed(completions=[GOOD], answer=["2"])

    def test_is_a_value(self):
        assert pickle.loads(pickle.dumps(self.mixed)) == self.mixed
        assert hash(self.mixed) == hash(Route((("math", accuracy), ("chat", format)), by="kind"))


class TestGroupLength:
    short = GroupLength(accuracy)

    def score(self, lengths, completions=None, prompts=None, answers=None):
        count = len(lengths)
        return self.short(
            prompts=prompts or ["1+1"] * count,
            completions=completions or [BARE] * count,
            answer=answers or ["2"] * count,
            completion_ids=[[0] * length for length in lengths],
        )

    def test_shortest_to_longest(self):
        assert self.score([10, 20, 30]) == [0.5, 0.0, -0.5]

    def test_a_wrong_one_gains_nothing(self):
        assert self.score([1, 20, 30], [r"\boxed{3}", BARE, r"\boxed{3}"]) == pytest.approx(
            [0.0, 0.5 - 19 / 29, -0.5]
        )

    def test_equal_lengths(self):
        assert self.score([7, 7]) == [0.0, 0.0]

    def test_groups_are_prompts(self):
        chat = [[{"role": "user", "content": text}] for text in "abab"]
        assert self.score([1, 5, 3, 9], prompts=chat) == [0.5, 0.5, -0.5, -0.5]

    def test_alone_or_unscored(self):
        assert self.score([3, 4], prompts=["a", "b"]) == [None, None]
        assert self.score([1, 5, 9], answers=["2", "", "2"]) == [0.5, None, -0.5]
        assert self.short(completions=[BARE, BARE], answer=["2", "2"]) == [None, None]

    @given(st.lists(st.integers(0, 50), min_size=2, max_size=6))
    def test_within_bounds_and_monotone(self, lengths):
        scores = self.score(lengths)
        assert all(-0.5 <= score <= 0.5 for score in scores)
        by_length = [score for _, score in sorted(zip(lengths, scores, strict=True))]
        assert all(a >= b - 1e-12 for a, b in itertools.pairwise(by_length))


def test_token_ids_may_be_arrays():
    numpy = pytest.importorskip("numpy")
    shaped = rewards.CosineLength(accuracy, max_length=4)
    assert shaped.verify(BARE, "2", completion_ids=numpy.arange(2)).score == pytest.approx(0.75)


def test_a_column_told_to_the_whole_reaches_the_parts():
    gate = Gate(format, accuracy, column="final")
    assert gate(completions=[GOOD], final=["2"], answer=["3"]) == [1.0]


def test_the_command_line_finds_what_a_combination_reads():
    mixed = Route({"math": accuracy, "code": rewards.code}, by="kind")
    assert mixed.role is accuracy.role
    assert {"kind", "answer", "tests"} <= set(mixed.also_reads)


def test_warm_up_reaches_every_part(monkeypatch):
    asked = []
    monkeypatch.setattr(type(accuracy), "warm_up", lambda self: asked.append(self.name))
    WeightedSum((Gate(format, accuracy), Schedule(format))).warm_up()
    assert asked == ["accuracy"]


def test_logs_bear_the_combinations_name():
    metrics = {}
    Gate(format, accuracy)(completions=[GOOD], answer=["2"], log_metric=metrics.__setitem__)
    assert metrics["format_then_accuracy/correct"] == 1.0
