"""What the README shows is what happens."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import rewards

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = ROOT / "benchmarks" / "results"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def in_words(text):
    """The words of a table, whatever drew its lines and spaces."""
    return re.sub(r"[\s─━]+", " ", text).strip()


@pytest.fixture
def folder(tmp_path):
    (samples,) = blocks("json")
    (tmp_path / "samples.jsonl").write_text(samples, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("block", blocks("console"))
def test_commands_print_what_is_shown(block, folder):
    command, _, shown = block.partition("\n")
    program, *arguments = shlex.split(command.removeprefix("$ "))
    assert program == "rlvr"
    ran = subprocess.run(
        [sys.executable, "-m", "rlvr", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    printed = in_words(ran.stdout + ran.stderr)
    for line in shown.splitlines():
        assert in_words(line) in printed


def test_what_follows_scoring_runs(folder):
    (score,) = [block for block in blocks("console") if "rlvr score" in block]
    (after,) = [block for block in blocks("bash") if "rlvr select" in block]
    for command in (score.partition("\n")[0].removeprefix("$ "), *after.splitlines()):
        _, *arguments = shlex.split(command, comments=True)
        done = subprocess.run([sys.executable, "-m", "rlvr", *arguments], cwd=folder, check=False)
        assert done.returncode == 0, command
    assert {"sft.jsonl", "report.html"} <= {path.name for path in folder.iterdir()}


def test_examples_of_verdicts_hold(capsys):
    (example,) = [block for block in blocks("python") if "accuracy.verify" in block]
    exec(compile(example, "README.md", "exec"), {})
    assert "1/3" in capsys.readouterr().out


def test_own_reward_works():
    (example,) = [block for block in blocks("python") if "class Mentions" in block]
    exec(compile(example, "README.md", "exec"), {"__name__": "__main__"})


def test_samples_are_json_lines(folder):
    for line in (folder / "samples.jsonl").read_text(encoding="utf-8").splitlines():
        assert set(json.loads(line)) == {"problem", "answer", "response"}


def test_everything_exported_is_named():
    for name in rewards.__all__:
        assert re.search(rf"\b{name}\b", README), name


@pytest.mark.slow
def test_training_example_trains(tmp_path, monkeypatch):
    """As shown, but with a tiny model and a dataset of our own instead of downloads."""
    pytest.importorskip("trl")
    import datasets

    from grpo_plugin.demo.tiny_model import build_model, build_tokenizer

    tokenizer = build_tokenizer()
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}="
    build_model(tokenizer, hidden_size=16, layers=1).save_pretrained(tmp_path / "tiny")
    tokenizer.save_pretrained(tmp_path / "tiny")
    rows = {"question": ["2+2"] * 8, "answer": ["#### 4"] * 8}
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: datasets.Dataset.from_dict(rows))
    monkeypatch.chdir(tmp_path)
    (example,) = [block for block in blocks("python") if "GRPOTrainer(" in block]
    example = example.replace("Qwen/Qwen2.5-1.5B-Instruct", str(tmp_path / "tiny"))
    example = example.replace(
        "log_completions=True",
        "use_cpu=True, bf16=False, max_steps=1, max_completion_length=8, report_to='none'",
    )
    scope = {}
    exec(compile(example, "README.md", "exec"), scope)
    state = scope["trainer"].state
    assert state.global_step == 1
    logged = set(state.log_history[-1])
    assert {"rewards/accuracy/mean", "rewards/format/mean", "accuracy/correct"} <= logged


def table_row(start):
    (row,) = re.findall(rf"^\| {re.escape(start)}.*$", README, re.MULTILINE)
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


def results(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", results("math_accuracy")["sets"])
def test_accuracy_is_as_measured(name):
    measured = results("math_accuracy")["sets"][name]
    verifiers = ("rlvr", "math-verify, boxed", "TRL accuracy_reward")
    assert table_row(f"{name}, {measured['rows']} ") == [
        "{false_negatives} / {false_positives}".format(**measured["verifiers"][verifier])
        for verifier in verifiers
    ]


@pytest.mark.parametrize("name", results("math_speed")["sets"])
def test_speed_is_as_measured(name):
    measured = results("math_speed")["sets"][name]
    verifiers = ("rlvr", "math-verify, boxed", "TRL accuracy_reward")
    shown = [float(cell.replace(",", "")) for cell in table_row(f"speed on {name} ")[:3]]
    rates = [measured[verifier]["cold_rows_per_cpu_s"] for verifier in verifiers]
    assert shown == pytest.approx(rates, rel=0.03)
