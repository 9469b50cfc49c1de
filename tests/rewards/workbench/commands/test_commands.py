"""`rlvr explain`, `doctor`, `demo`, `--version`, and the help of all."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from rewards.workbench.cli import app
from rewards.workbench.diagnosis import checkup, packages


def run(*arguments, **options):
    return CliRunner().invoke(app, list(arguments), **options)


@pytest.mark.parametrize(
    "command", ["score", "select", "compare", "bench", "report", "explain", "doctor", "demo"]
)
def test_help_has_an_example_and_exit_codes(command):
    shown = run(command, "--help").stdout
    assert f"rlvr {command}" in shown
    assert "Exit codes: 0" in shown


def test_an_option_has_the_same_short_name_in_every_command():
    short = {"--output": "-o", "--reward": "-r", "--quiet": "-q", "--help": "-h"}
    found = {
        (name, option.opts[0], short[option.opts[0]] in option.opts)
        for name, command in get_command(app).commands.items()
        for option in command.params
        if option.opts[0] in short
    }
    assert not [one for one in found if not one[2]]
    quiet = {name for name, option, _ in found if option == "--quiet"}
    assert quiet == {"score", "select", "audit", "report"}  # those that print a summary beside


def test_version():
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("rlvr ")


def test_help_does_not_import_what_only_a_run_needs(place):
    source = (
        "import sys, rewards.workbench.cli\n"
        "heavy = {'sympy', 'torch', 'trl', 'math_verify'} | {'rewards.workbench.' + name"
        " for name in ('scoring', 'diagnosis', 'selection', 'disagreement')}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], env=place.environment, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_explain_shows_the_stages():
    result = run("explain", r"<think>hm</think> It is \boxed{42}.", "--reference", "42")
    assert result.exit_code == 0, result.output
    for words in ("completion", "extracted", "expected", "reason", "verdict", "correct, score 1"):
        assert words in result.stdout
    assert "\x1b" not in result.stdout


def test_tests_are_a_reference_to_explain():
    tests = json.dumps(["assert f(1) == 2"])
    program = "```python\ndef f(x):\n    return x + 1\n```"
    result = run("explain", program, "--reward", "code", "--tests", tests)
    assert "correct, score 1" in result.stdout


def explain_stages(completion):
    shown = json.loads(run("explain", completion, "--reference", "42", "--json").stdout)
    return {stage["name"]: stage["text"] for stage in shown["stages"]}


def test_explain_shows_where_the_answer_was_looked_for():
    shown = explain_stages(r"<think>\boxed{41}</think>So \boxed{42}.")
    assert shown["answer part"] == r"So \boxed{42}."
    assert shown["answer"] == "the last box: 42"
    assert shown["extracted"] == "42"
    assert shown["expected"] == "42"
    assert shown["reason"]
    assert explain_stages("<think>So 42.</think>That I could not work out.")["answer"].startswith(
        "no box"
    )
    assert "never ends" in explain_stages("<think>So 42.")["answer part"]


def test_explain_as_json():
    result = run("explain", r"\boxed{41}", "--reference", "42", "--json")
    shown = json.loads(result.stdout)
    assert shown["reward"] == "accuracy"
    assert shown["verdict"]["status"] == "wrong"
    assert shown["stages"][0] == {"name": "completion", "text": r"\boxed{41}"}


def test_explain_reads_a_file_or_standard_input(tmp_path):
    path = tmp_path / "said.txt"
    path.write_text(r"\boxed{7}", encoding="utf-8")
    for argument, options in ((f"@{path}", {}), ("-", {"input": r"\boxed{7}"})):
        result = run("explain", argument, "--reference", "7", **options)
        assert "correct" in result.stdout, result.output
        result = run("explain", r"\boxed{7}", "--reference", argument, **options)
        assert "correct" in result.stdout, result.output


def test_explain_a_text_that_starts_with_a_dash():
    assert "correct" in run("explain", "--reference", "-5", "--", "-5").stdout


def test_explain_another_reward_and_a_prompt():
    text = "a</think> b"
    assert "bad_format" in run("explain", text, "--reward", "format").stdout
    shown = run("explain", text, "--reward", "format", "--prompt", "Go. <think>").stdout
    assert "correct" in shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["x"], "--reference"),
        (["@/nowhere", "--reference", "1"], "rlvr explain -"),
        (["x", "--reward", "nothing"], "no such reward"),
    ],
)
def test_explain_bad_input(arguments, expected):
    result = run("explain", *arguments)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1


def test_explain_not_utf8(tmp_path):
    (tmp_path / "x").write_bytes(b"abc\xff")
    result = run("explain", f"@{tmp_path / 'x'}", "--reference", "1")
    assert result.exit_code == 2
    assert "not UTF-8 at byte 4" in result.stderr


def test_doctor_tries_the_workers():
    result = run("doctor", "--json")
    found = json.loads(result.stdout)
    assert found["ok"] is True, found
    assert result.exit_code == 0
    checks = {check["name"]: check for check in found["checks"]}
    assert checks["sympy"]["found"]
    assert checks["rewards"]["found"].endswith("__init__.py")
    assert checks["start and answer"]["found"] == "works"
    if sys.platform == "linux":
        for limit in ("CPU limit", "wall limit", "memory limit"):
            assert checks[limit]["found"] == "enforced", checks[limit]


@pytest.fixture
def without_workers(monkeypatch):
    """Leaves out the trials that take a second."""
    monkeypatch.setattr(checkup, "check_workers", list)
    monkeypatch.setattr(checkup, "check_sandbox", list)


def test_doctor_names_what_would_hide_us_here(tmp_path, monkeypatch, without_workers):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rewards.py").write_text("")
    shown = json.loads(run("doctor", "--json").stdout)
    (found,) = [c for c in shown["checks"] if "would hide" in c["found"]]
    assert "rename" in found["mend"]


def test_doctor_exits_1_when_something_needed_is_missing(monkeypatch, without_workers):
    declared = packages.Declared(("no-such-distribution>=1",), ())
    monkeypatch.setattr(packages, "_declared", lambda: declared)
    result = run("doctor")
    assert result.exit_code == 1
    assert "!! no-such-distribution" in result.stdout
    assert "pip install" in result.stdout


def test_demo_without_the_train_extra_says_what_to_install(monkeypatch):
    class Missing:
        """Makes `import grpo_plugin.demo` fail as it does without torch."""

        def find_spec(self, name, *_):
            if name == "grpo_plugin.demo":
                raise ModuleNotFoundError("No module named 'torch'", name="torch")

    for name in [name for name in sys.modules if name.startswith("grpo_plugin.demo")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    result = run("demo")
    assert result.exit_code == 2
    assert 'pip install "rlvr[train,plots]"' in result.stderr
    assert result.stderr.count("\n") == 1


def test_rewards_are_listed_with_their_options(place):
    done = place.run_here("rewards", "--json")
    assert done.returncode == 0
    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert {"accuracy", "format", "code"} <= found.keys()
    assert found["accuracy"]["reads"] == "reference"
    assert "tolerance" in found["accuracy"]["options"]
    assert all(one["says"] for one in found.values())
    table = place.run_here("rewards")
    assert all(name in table.stdout for name in found)
    assert "tolerance=" in place.run_here("rewards", "accuracy").stdout
    assert place.run_here("rewards", "acuracy").returncode == 2


def test_options_stand_in_groups():
    shown = run("score", "--help").stdout
    for group in ("Output", "Columns", "Processes and limits"):
        assert f"─ {group} ─" in shown
    assert "RLVR_WORKERS" in shown


def test_the_environment_gives_options(monkeypatch, tmp_path):
    monkeypatch.setenv("RLVR_WORKERS", "many")
    result = run("score", "in.jsonl", "-r", "accuracy", "-o", str(tmp_path / "out.jsonl"))
    assert result.exit_code == 2
    assert "RLVR_WORKERS" in result.output
