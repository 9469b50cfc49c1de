"""The pipeline of R1: each stage is done once, and the held-out figures rise."""

from __future__ import annotations

import importlib
import json
import re

import pytest
from example_runs import EXAMPLES, run

pytest.importorskip("trl")

STAGES = ["1_cold_start", "2_reasoning", "3_rejection", "4_fine_tuning", "5_all_sources"]


@pytest.fixture
def part(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return lambda name: importlib.import_module(f"r1.{name}")


def table_of(printed):
    """The figures by stage and column."""
    lines = printed[printed.index("\nstage ") :].strip().splitlines()
    heads = lines[0].split()[1:]
    rows = [re.findall(r"\S+", line.replace("%", "")) for line in lines[1:]]
    return {name: dict(zip(heads, map(float, found), strict=True)) for name, *found in rows}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tiny_pipeline_learns_and_does_nothing_twice(tmp_path):
    first = run(EXAMPLES / "r1_pipeline.py", folder=tmp_path)
    figures = table_of(first)
    before, after = figures["1_cold_start"], figures["5_all_sources"]
    assert after["math"] > before["math"] + 20
    assert after["instructions"] > before["instructions"]
    assert (tmp_path / "5_all_sources" / "model.safetensors").exists()
    again = run(EXAMPLES / "r1_pipeline.py", folder=tmp_path)
    assert re.findall(r"^(\S+): finished before, skipped$", again, re.MULTILINE) == STAGES
    assert table_of(again) == figures


def test_a_finished_stage_is_skipped_and_an_unfinished_one_done_again(part, tmp_path):
    run_stage = part("stages").run_stage
    calls = []

    def work(folder):
        calls.append(folder)
        if len(calls) == 1:
            raise RuntimeError("interrupted")
        return {"math": 0.5}

    folder = tmp_path / "1_cold_start"
    with pytest.raises(RuntimeError, match="interrupted"):
        run_stage(folder, {"model": "a"}, work)
    for _ in range(2):
        assert run_stage(folder, {"model": "a"}, work) == {"math": 0.5}
    assert calls == [folder, folder]
    with pytest.raises(ValueError, match="choose another --output"):
        run_stage(folder, {"model": "b"}, work)


def test_each_source_is_judged_by_its_own_reward(part):
    sources = part("tiny_sources").tiny_sources()
    right = {source: good for source, (good, _) in part("tiny_sources").ANSWERS.items()}
    wrong = {source: bad for source, (_, bad) in part("tiny_sources").ANSWERS.items()}
    rows = sources.held_out[:3]
    assert [row["source"] for row in rows] == ["math", "code", "instructions"]
    judge = part("sources").rewards()[0][0]
    columns = {name: [row[name] for row in rows] for name in rows[0] if name != "prompt"}
    for answers, score in ((right, 1.0), (wrong, 0.0)):
        texts = [f"<think>I see</think>{answers[row['source']]}" for row in rows]
        scores = judge(completions=texts, prompts=[row["prompt"] for row in rows], **columns)
        assert scores[::2] == [score] * 2
        assert scores[1] in {score, None}  # None where no sandbox can be had


def test_rows_of_the_usual_data_sets_are_taken_as_they_are(part, tmp_path):
    from setting import read_setting

    files = {
        "math": {"question": "1+1", "answer": "2"},
        "code": {"text": "Write f.", "test_list": ["assert f(1) == 1"]},
        "instructions": {
            "prompt": "Hi",
            "instruction_id_list": ["punctuation:no_comma"],
            "kwargs": [{"num_words": None}],
        },
        "cold-start": {"messages": [{"role": "user", "content": "a"}] * 2},
    }
    for name, row in files.items():
        (tmp_path / f"{name}.jsonl").write_text((json.dumps(row) + "\n") * 5)
    paths = {name: str(tmp_path / f"{name}.jsonl") for name in files}
    setting = read_setting(
        "about",
        model="base",
        dataset=paths["math"],
        tiny_rows="sums.jsonl",
        more={name: (paths[name], "") for name in files if name != "math"},
        arguments=[],
    )
    sources = part("sources").load_sources(setting)
    assert [row["source"] for row in sources.held_out] == ["math", "code", "instructions"]
    assert len(sources.train) == 12
    math, code, instructions = sources.held_out
    assert math["solution"] == "2"
    assert code["tests"] == ["assert f(1) == 1"]
    judge = part("sources").CHECKS["instructions"]
    columns = {name: [instructions[name]] for name in ("instruction_id_list", "kwargs")}
    assert judge(completions=["<think>I see</think>hello"], **columns) == [1.0]
    assert len(sources.demonstrations[0]["completion"]) == 1
    assert len(sources.of(("math", "code"))) == 8


def test_nobody_who_is_held_out_is_trained_on(part):
    sources = part("tiny_sources").tiny_sources()
    asked = {row["prompt"][-1]["content"] for row in sources.held_out}
    taught = [*sources.train, *sources.demonstrations]
    assert asked.isdisjoint(row["prompt"][-1]["content"] for row in taught)
