"""Micro-batches of about as many tokens each, at the same gradient."""

from __future__ import annotations

import logging

import pytest

pytest.importorskip("trl")
from hypothesis import given
from hypothesis import strategies as st
from process_runs import FixedCompletions, fixed_completions, launch, run
from training_runs import distance, make

from grpo_plugin.training.balancing import share_out

ONCE = {"fixed": True, "max_steps": 1, "beta": 0.2, "reference": True}


def sums(costs, bins):
    return [sum(costs[index] for index in part) for part in bins]


@given(st.lists(st.integers(0, 99), min_size=1, max_size=6), st.integers(1, 6), st.data())
def test_each_bin_has_as_many_and_none_has_more_than_before(sizes, bins, data):
    costs = data.draw(st.permutations(sizes * bins))
    shared = share_out(costs, bins)
    assert sorted(index for part in shared for index in part) == list(range(len(costs)))
    assert {len(part) for part in shared} == {len(sizes)}
    each = len(sizes)
    as_they_lie = [costs[at : at + each] for at in range(0, len(costs), each)]
    assert max(sums(costs, shared)) <= max(map(sum, as_they_lie))
    # Doing it again moves nothing that has to move: a resumed run finds what it left.
    again = [costs[index] for part in shared for index in part]
    assert max(sums(again, share_out(again, bins))) <= max(sums(costs, shared))


def test_the_longest_do_not_meet():
    assert sums([9, 8, 1, 2], share_out([9, 8, 1, 2], 2)) == [10, 10]


@pytest.mark.parametrize("name", ["dapo", "sequence_grpo"])
def test_the_gradient_is_the_same(tmp_path, name):
    def job(rows, steps, **options):
        return (
            ONCE
            | {"objective": name, "per_device_train_batch_size": rows}
            | {"gradient_accumulation_steps": steps}
            | options
        )

    whole = run(tmp_path / "whole", job(8, 1))["gradients"][0]
    balanced = run(tmp_path / "balanced", job(2, 4, balance_micro_batches=True))
    assert whole.norm() > 1e-4
    assert distance(balanced["gradients"][0], whole) < 1e-5
    jobs = [job(2, 2, balance_micro_batches=True, packed_forward=True)]
    (two,) = launch(tmp_path / "two", jobs)
    assert distance(two["gradients"][0], whole) < 1e-5


def test_micro_batches_hold_as_many_tokens(tmp_path):
    def loads(**options):
        trainer = make(
            tmp_path,
            trainer_class=FixedCompletions,
            objective="grpo",
            beta=0.2,
            reference=True,
            max_steps=1,
            per_device_train_batch_size=2,
            gradient_accumulation_steps=4,
            **options,
        )
        trainer.train()
        return [int(part["completion_mask"].sum()) for part in trainer._buffered_inputs]

    assert sum(loads()) == sum(loads(balance_micro_batches=True)) == 35
    assert max(loads(balance_micro_batches=True)) <= 9


def test_steps_aside_where_the_gradient_would_change(tmp_path, caplog):
    for options, word in (
        ({"objective": "bnpo"}, "share a micro-batch"),
        ({"objective": "dapo", "steps_per_generation": 3}, "two generation batches"),
    ):
        with caplog.at_level(logging.WARNING):
            trainer = make(
                tmp_path, balance_micro_batches=True, per_device_train_batch_size=4, **options
            )
        assert not trainer.plan.balance_micro_batches
        assert word in caplog.text
    kept = make(tmp_path, objective="dapo", balance_micro_batches=True)
    assert kept.plan.balance_micro_batches


def test_completions_stay_where_they_are_once_their_step_has_begun(tmp_path):
    class Meddling(FixedCompletions):
        """Changes what it is given, so that it is read again in the middle of a step."""

        def _compute_loss(self, model, inputs):
            self.seen += inputs["completion_ids"].tolist()
            return super()._compute_loss(model, inputs | {"advantages": inputs["advantages"] * 2})

    trainer = make(
        tmp_path,
        trainer_class=Meddling,
        objective="grpo",
        beta=0.2,
        reference=True,
        max_steps=1,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=4,
        balance_micro_batches=True,
    )
    trainer.seen = []
    trainer.train()
    assert sorted(trainer.seen) == sorted(fixed_completions()["completion_ids"].tolist())
