"""What the README shows is what happens, and its figures and the numbers page's were measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from printed import assert_prints, run_as_shown

import rewards

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBERS = (ROOT / "docs" / "numbers.md").read_text(encoding="utf-8")
RESULTS = ROOT / "benchmarks" / "results"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path):
    (samples,) = blocks("json")
    (tmp_path / "samples.jsonl").write_text(samples, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("block", blocks("console"))
def test_commands_print_what_is_shown(block, folder):
    assert_prints(block, folder)


def test_what_follows_scoring_runs(folder):
    (score,) = [block for block in blocks("console") if "rlvr score" in block]
    (after,) = [block for block in blocks("bash") if "rlvr select" in block]
    for command in (score.partition("\n")[0], *after.splitlines()):
        status, printed = run_as_shown(command, folder)
        assert status == 0, printed
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


def table_row(page, start):
    (row,) = re.findall(rf"^\| {re.escape(start)}.*$", page, re.MULTILINE)
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


def results(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


VERIFIERS = ("rlvr", "math-verify, boxed", "TRL accuracy_reward")
SETS = results("math_accuracy")["sets"]


@pytest.mark.parametrize("name", SETS)
def test_accuracy_is_as_measured(name):
    measured = SETS[name]
    expected = [
        "{false_negatives} / {false_positives}".format(**measured["verifiers"][verifier])
        for verifier in VERIFIERS
    ]
    start = f"{name}, {measured['rows']} "
    assert table_row(NUMBERS, start) == expected
    if f"| {start}" in README:
        assert table_row(README, start) == expected


def test_all_sets_together_are_their_sum():
    rows = sum(measured["rows"] for measured in SETS.values())

    def errors(verifier, kind):
        return sum(measured["verifiers"][verifier][kind] for measured in SETS.values())

    assert table_row(README, f"all {len(SETS)} sets, {rows:,} ") == [
        f"{errors(verifier, 'false_negatives'):,} / {errors(verifier, 'false_positives'):,}"
        for verifier in VERIFIERS
    ]


@pytest.mark.parametrize("name", results("math_speed")["sets"])
def test_speed_is_as_measured(name):
    measured = results("math_speed")["sets"][name]
    shown = [float(cell.replace(",", "")) for cell in table_row(NUMBERS, f"speed on {name} ")[:3]]
    rates = [measured[verifier]["cold_rows_per_cpu_s"] for verifier in VERIFIERS]
    assert shown == pytest.approx(rates, rel=0.03)


@pytest.mark.parametrize("method", results("ppo_against_grpo")["summary"])
def test_ppo_beside_grpo_is_as_measured(method):
    found = results("ppo_against_grpo")["summary"][method]
    sampled, sd, greedy = (
        100 * found[key] for key in ("accuracy", "accuracy_sd", "greedy_accuracy")
    )
    shown = [float(n) for cell in table_row(NUMBERS, method) for n in re.findall(r"[\d.]+", cell)]
    assert shown == pytest.approx(
        [sampled, sd, greedy, found["cpu_s"], found["held_mb"]], abs=0.051, rel=0.01
    )


@pytest.mark.parametrize("page", results("report_page")["pages"], ids=lambda page: page["rows"])
def test_the_report_is_as_measured(page):
    shown = table_row(NUMBERS, f"report of {page['rows']:,} rows")
    units = {"MB": 1e6, "s": 1e3, "ms": 1.0}
    values = [float(number) * units[unit] for number, unit in (cell.split() for cell in shown)]
    kinds = ("page_bytes", "make_cpu_s", "first_paint_ms", "rows_ms", "search_ms")
    measured = [page[kind] * (1e3 if kind == "make_cpu_s" else 1) for kind in kinds]
    assert values == pytest.approx(measured, rel=0.12)
