"""Decisions and their counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.verdict import Status, Verdict
from rewards.workbench.disagreement import decisions
from rewards.workbench.disagreement.decisions import Decision, PairCounts, decide, is_right
from rewards.workbench.disagreement.examples import Disagreement, ShownDisagreements

RIGHT, WRONG = Verdict(1.0, Status.CORRECT), Verdict(0.0, Status.WRONG)
UNJUDGED = Verdict(None, Status.ERROR)
VERDICTS = st.sampled_from(
    [RIGHT, WRONG, UNJUDGED, Verdict(0.5, Status.WRONG), Verdict(0.0, Status.TIMEOUT)]
)
ROWS = st.lists(
    st.tuples(
        VERDICTS, VERDICTS, st.sampled_from([None, "k", "l"]), st.sampled_from([None, True, False])
    )
)


def count(rows, **options):
    counts = PairCounts(first="a", second="b")
    differ = [
        counts.add(one, other, kind=kind, truth=truth, **options)
        for one, other, kind, truth in rows
    ]
    return counts, differ


@pytest.mark.parametrize(
    ("verdict", "min_score", "expected"),
    [
        (RIGHT, None, Decision.PASS),
        (Verdict(0.0, Status.CORRECT), None, Decision.PASS),
        (Verdict(0.0, Status.SCORED), None, Decision.FAIL),  # a degree passes by its score alone
        (Verdict(0.0, Status.SCORED), 0.0, Decision.PASS),
        (Verdict(0.5, Status.WRONG), None, Decision.FAIL),
        (Verdict(0.5, Status.WRONG), 0.5, Decision.PASS),
        (UNJUDGED, None, Decision.NONE),
        (UNJUDGED, -1.0, Decision.NONE),
    ],
)
def test_decide(verdict, min_score, expected):
    assert decide(verdict, min_score) is expected


@given(ROWS, st.sampled_from([None, 0.5]))
def test_counts_add_up(rows, min_score):
    counts, differ = count(rows, min_score=min_score)
    assert counts.rows == len(rows) == sum(counts.statuses.values())
    assert counts.disagreements == sum(differ)
    assert sum(kind.rows for kind in counts.kinds.values()) == sum(r[2] is not None for r in rows)
    labelled = [
        row for row, differs in zip(rows, differ, strict=True) if differs and row[3] in (0, 1)
    ]
    assert counts.labelled_disagreements == len(labelled)
    assert counts.first_right == sum(is_right(decide(r[0], min_score), r[3]) for r in labelled)
    # Of two that both decided and differ, exactly one is right.
    decided = [r for r in labelled if UNJUDGED not in r]
    undecided = len(labelled) - len(decided)
    assert len(decided) <= counts.first_right + counts.second_right <= len(decided) + undecided


@given(ROWS)
def test_the_other_way_round_is_the_transpose(rows):
    counts, _ = count(rows)
    turned, _ = count([(other, one, *rest) for one, other, *rest in rows])
    assert turned.decisions == {(b, a): n for (a, b), n in counts.decisions.items()}
    assert turned.kappa == counts.kappa
    assert turned.agreement == counts.agreement
    assert turned.worst_kinds() == counts.worst_kinds()
    assert (turned.first_right, turned.second_right) == (counts.second_right, counts.first_right)


def disagreement(line, kind):
    return Disagreement(line, kind, None, None, "", {"a": RIGHT, "b": WRONG})


def test_worst_kinds_are_shown_first():
    counts, shown = PairCounts(first="a", second="b"), ShownDisagreements(3)
    for line, kind in enumerate(["few", None, "many", "many", "few", "many", "many", None]):
        counts.add(RIGHT, WRONG, kind=kind)
        shown.add(disagreement(line, kind), counts)
    assert counts.worst_kinds() == ["many", "few"]
    assert [one.line for one in shown.choose(counts)] == [2, 3, 5]
    assert ShownDisagreements(0).choose(counts) == []


def test_endless_kinds_are_counted_together(monkeypatch):
    monkeypatch.setattr(decisions, "MAX_KINDS", 2)
    counts, shown = PairCounts(first="a", second="b"), ShownDisagreements(9)
    for line in range(5):
        counts.add(RIGHT, WRONG, kind=str(line))
        shown.add(disagreement(line, str(line)), counts)
    assert {kind: one.rows for kind, one in counts.kinds.items()} == {
        "0": 1,
        "1": 1,
        "(other kinds)": 3,
    }
    assert sorted(one.line for one in shown.choose(counts)) == [0, 1, 2, 3, 4]
