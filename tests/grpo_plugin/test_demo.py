"""The demo: small and quick here; whole, with its promise, in the slow tests."""

from __future__ import annotations

import io
import json
import random

import pytest

pytest.importorskip("trl")
pytest.importorskip("matplotlib")
from rich.console import Console

from grpo_plugin.demo import DemoSettings, run_demo
from grpo_plugin.demo import run as demo_run
from grpo_plugin.demo.arithmetic import Problem, Teacher, split_problems
from grpo_plugin.demo.files import FILES
from grpo_plugin.errors import MissingExtraError, PluginError
from rewards import accuracy, format

SMALL = DemoSettings(
    hidden_size=16,
    layers=1,
    imitation_steps=4,
    imitation_batch=8,
    grpo_steps=2,
    prompts_per_step=2,
    num_generations=4,
    held_out=6,
    samples_per_problem=2,
)


def quiet():
    return Console(file=io.StringIO(), width=100)


def test_the_demo_writes_its_files(tmp_path):
    console = quiet()
    (tmp_path / "curve.png").write_text("of an earlier run")
    (tmp_path / "mine.txt").write_text("kept")
    result = run_demo(tmp_path, 0, settings=SMALL, console=console)
    assert {path.name for path in tmp_path.iterdir()} == {*FILES, "mine.txt"}
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["state"] == "finished"
    assert summary["before"]["accuracy"] == round(result.before.accuracy, 4)
    assert [point["step"] for point in summary["curve"]] == [1, 2]
    assert "before GRPO" in console.file.getvalue()

    rows = [json.loads(line) for line in (tmp_path / "scored.jsonl").read_text().splitlines()]
    held_out = len(result.before.greedy)
    assert len(rows) == 2 * held_out * SMALL.samples_per_problem
    for row in rows:
        for reward in (accuracy, format):
            verdict = reward.verify(row["completion"], row["solution"], prompt=row["prompt"])
            found = row[reward.name]
            assert found.keys() == verdict.to_dict(seconds=False).keys()
            assert (found["score"], found["status"]) == (verdict.score, verdict.status.value)
    samples = (tmp_path / "samples.md").read_text()
    assert samples.count("| before |") == samples.count("| after |") == held_out


def test_same_seed_same_run(tmp_path):
    first, again = (
        run_demo(tmp_path / name, 3, settings=SMALL, console=quiet()) for name in ("a", "b")
    )
    assert first.curve == again.curve
    for phase in ("before", "after"):
        texts = [[a.completion for a in getattr(run, phase).sampled] for run in (first, again)]
        assert texts[0] == texts[1]
    assert (tmp_path / "a/scored.jsonl").read_bytes() == (tmp_path / "b/scored.jsonl").read_bytes()


def test_an_interruption_leaves_word_of_itself(tmp_path, monkeypatch):
    def interrupted(*args, progress, **kwargs):
        progress(7, 80)
        raise KeyboardInterrupt

    monkeypatch.setattr("grpo_plugin.demo.reinforcement.reinforce", interrupted)
    console = quiet()
    with pytest.raises(KeyboardInterrupt):
        run_demo(tmp_path, 0, settings=SMALL, console=console)
    assert {path.name for path in tmp_path.iterdir()} == {"summary.json"}
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["state"], summary["stage"], summary["step"]) == ("interrupted", "grpo", 7)
    assert "Interrupted in stage 'grpo', step 7" in console.file.getvalue()


def test_what_is_missing_is_said_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(
        demo_run, "find_spec", lambda name: None if name == "matplotlib" else object()
    )
    with pytest.raises(
        MissingExtraError, match=r"needs matplotlib: pip install 'rlvr\[train,plots"
    ):
        run_demo(tmp_path / "out", 0)
    assert not (tmp_path / "out").exists()


def test_a_foreign_rewards_package_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_run, "shadowing_problem", lambda: "another package hides rlvr's own")
    with pytest.raises(PluginError, match="another package hides"):
        run_demo(tmp_path / "out", 0)


def test_held_out_sums_are_never_trained_on_not_even_turned_round():
    train, held_out = split_problems(200, random.Random(0))
    assert 200 <= len(held_out) <= 201
    unordered = {frozenset((p.left, p.right)) for p in train}
    assert not any(frozenset((p.left, p.right)) in unordered for p in held_out)
    assert len(set(train) | set(held_out)) == 90 * 90


def test_a_faultless_teacher_earns_both_rewards():
    rng = random.Random(0)
    teacher = Teacher(forgotten_carry=0, reversed_answer=0, slip=0, broken_format=0)
    for _ in range(200):
        problem = Problem(rng.randint(10, 99), rng.randint(10, 99))
        written = teacher.demonstrate(problem, rng)
        assert accuracy.verify(written, problem.solution).score == 1
        assert format.verify(written).score == 1


def test_the_teacher_is_sloppy():
    rng = random.Random(0)
    problems = [Problem(rng.randint(10, 99), rng.randint(10, 99)) for _ in range(2000)]
    written = [Teacher().demonstrate(problem, rng) for problem in problems]
    right = accuracy(completions=written, solution=[p.solution for p in problems])
    assert 0.2 < sum(right) / len(right) < 0.4
    assert 0.7 < sum(format(completions=written)) / len(written) < 0.95


def test_every_demonstration_fits_and_has_only_known_characters():
    from grpo_plugin.demo.tiny_model import build_tokenizer

    tokenizer, rng = build_tokenizer(), random.Random(0)
    for _ in range(500):
        problem = Problem(rng.randint(10, 99), rng.randint(10, 99))
        written = Teacher().demonstrate(problem, rng)
        ids = tokenizer(written)["input_ids"]
        assert tokenizer.unk_token_id not in ids
        assert len(ids) < DemoSettings().max_completion_tokens
        assert tokenizer.decode(ids) == written


@pytest.mark.slow
def test_the_whole_demo_improves_on_held_out_problems(tmp_path):
    result = run_demo(tmp_path, 0, console=quiet())
    before, after = result.before, result.after
    assert 0.1 < before.accuracy < 0.45
    assert after.accuracy > before.accuracy + 0.25
    assert after.accuracy - after.margin > before.accuracy + before.margin
    assert after.format > before.format
    assert after.greedy_accuracy > before.greedy_accuracy + 0.25
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
