"""Curves from logs, and a picture that never gets in the way of training."""

import logging
import math
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("trl")
pytest.importorskip("matplotlib")

from grpo_plugin.callbacks import RewardPlot, reward_plot
from grpo_plugin.callbacks.curves import read_panels
from grpo_plugin.errors import MissingExtraError
from rewards import format

LOG = [
    {
        "step": step,
        "reward": 0.1 * step,
        "reward_std": 0.2,
        "rewards/accuracy/mean": 0.1 * step,
        "rewards/accuracy/std": 0.2,
        "accuracy/wrong": 1 - 0.1 * step,
        "accuracy/correct": 0.1 * step,
        "accuracy/timeout": 0.0,
        "rewards/other/mean": None,
        "steps/equations/mean": 0.5,
        "steps/count": 3.0,
        "completions/mean_length": 20.0,
        "completions/min_length": 10.0,
        "completions/max_length": 30.0,
        "completions/clipped_ratio": 0.0,
        "frac_reward_zero_std": 0.25,
        "entropy": math.nan if step == 2 else 1.0,
        "kl": 0.01,
        "epoch": 0.1,
    }
    for step in range(1, 6)
]
EVALUATION = {"step": 5, "eval_reward": 0.7, "eval_rewards/accuracy/mean": 0.6}


def titles(panels):
    return {panel.title.partition(" (")[0]: panel for panel in panels}


def test_panels_hold_what_the_log_holds():
    panels = titles(read_panels([*LOG, EVALUATION, {"train_runtime": 3.0, "step": 5}]))
    assert list(panels) == [
        "Rewards",
        "Reward in total",
        "Rewards of steps",
        "Verdicts of accuracy",
        "Completion length",
        "Groups without a difference, completions cut off",
        "Entropy",
        "KL to the reference",
    ]
    labels = [(curve.label, curve.evaluation) for curve in panels["Rewards"].curves]
    assert labels == [("accuracy", False), ("accuracy", True)]
    assert [curve.label for curve in panels["Verdicts of accuracy"].curves] == ["correct", "wrong"]
    total = panels["Reward in total"]
    assert total.high.values[0] == pytest.approx(0.3)
    assert total.low.values[-1] == pytest.approx(0.3)
    assert panels["Entropy"].curves[0].steps == (1, 3, 4, 5)
    assert panels["Completion length"].high.values == (30.0,) * 5


def test_a_step_logged_twice_counts_as_it_was_logged_last():
    log = [{"step": 2, "reward": 1.0}, {"step": 3, "reward": 2.0}, {"step": 2, "reward": 5.0}]
    (panel,) = read_panels(log)
    assert (panel.curves[0].steps, panel.curves[0].values) == ((2, 3), (5.0, 2.0))


VALUES = st.one_of(st.none(), st.floats(), st.text(max_size=2), st.integers(), st.booleans())
NAMES = st.sampled_from(["step", *LOG[0], "eval_reward", "accuracy/", "kl/k1"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=6), max_size=6))
def test_any_log_can_be_read(log):
    for panel in read_panels(log):
        for curve in panel.curves:
            assert len(curve.steps) == len(curve.values) > 0
            assert all(map(math.isfinite, curve.values))


def test_moving_mean():
    assert reward_plot._smoothed([1.0, 2.0, 3.0]) == [1.0, 2.0, 3.0]
    smooth = reward_plot._smoothed([0.0, 1.0] * 40)
    assert smooth[0] == pytest.approx(1 / 3)
    assert smooth[40] == pytest.approx(0.4)
    assert len(smooth) == 80


@pytest.mark.parametrize(
    ("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")]
)
def test_formats(tmp_path, suffix, start):
    path = tmp_path / "new" / f"curves{suffix}"
    reward_plot.draw_log(path, [*LOG, EVALUATION])
    assert path.read_bytes().startswith(start)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_an_empty_log_draws_nothing(tmp_path):
    reward_plot.draw_log(tmp_path / "curves.png", [{"step": 1, "train_runtime": 1.0}])
    assert not list(tmp_path.iterdir())


def run(callback, logs, folder, *, first=True):
    args = SimpleNamespace(output_dir=str(folder))
    state = SimpleNamespace(is_world_process_zero=first, log_history=[])
    for entry in logs:
        state.log_history.append(entry)
        callback.on_log(args, state, None, logs=entry)
    return args, state


def test_it_draws_every_so_many_logs_and_at_the_end(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(reward_plot, "draw_log", lambda path, log: drawn.append(len(log)))
    callback = RewardPlot(every_logs=2)
    args, state = run(callback, LOG, tmp_path)
    assert drawn == [2, 4]
    callback.on_train_end(args, state, None)
    assert drawn == [2, 4, 5]


def test_one_process_draws(tmp_path):
    callback = RewardPlot(every_logs=1)
    args, state = run(callback, LOG, tmp_path, first=False)
    callback.on_train_end(args, state, None)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_is_reported_once_and_stops_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    callback = RewardPlot(tmp_path / "file" / "curves.png", every_logs=1)
    with caplog.at_level(logging.WARNING):
        args, state = run(callback, LOG, tmp_path)
        callback.on_train_end(args, state, None)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "could not be written to" in caplog.text


def test_what_cannot_work_is_refused_at_construction(monkeypatch):
    with pytest.raises(ValueError, match=r"must end in \.png, \.svg, \.pdf"):
        RewardPlot("curves.jpg")
    with pytest.raises(ValueError, match="every_logs is 0"):
        RewardPlot(every_logs=0)
    monkeypatch.setattr(reward_plot, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"rlvr\[plots\]"):
        RewardPlot()


def test_in_a_run_and_its_resumption(make_trainer, tmp_path, monkeypatch):
    drawn = []
    draw = reward_plot.draw_log
    monkeypatch.setattr(
        reward_plot, "draw_log", lambda path, log: (drawn.append(len(log)), draw(path, log))
    )
    options = {"save_strategy": "steps", "save_steps": 2, "reward_funcs": [format]}
    make_trainer([RewardPlot()], **options).train()
    assert (tmp_path / "out" / "rewards.png").read_bytes().startswith(b"\x89PNG")
    assert drawn == [5]  # four steps and the summary
    trainer = make_trainer([RewardPlot()], **options)
    trainer.train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-2"))
    assert drawn == [5, 5]  # the steps before the checkpoint are there again
    panels = titles(read_panels(trainer.state.log_history))
    assert panels["Rewards"].curves[0].steps == (1, 2, 3, 4)
