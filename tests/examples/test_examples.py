"""Every example runs on the tiny model, alone and in two processes; the launch files are valid."""

from __future__ import annotations

import importlib
import json
import math
import re

import pytest
from example_runs import EXAMPLES, run

pytest.importorskip("trl")

NAMES = ["code_rl", "custom_objective", "gsm8k", "process_supervision", "r1_zero"]
LAUNCH_FILES = sorted((EXAMPLES / "accelerate").glob("*.yaml"))


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module


def test_every_example_is_tested():
    scripts = {path.stem for path in EXAMPLES.glob("*.py")} - {
        "setting",
        "small_sums",
        "warm_model",
    }
    assert scripts == {*NAMES, "iterative", "r1_pipeline"}  # which have files of their own


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_runs_on_the_tiny_model(name, tmp_path):
    printed = run(EXAMPLES / f"{name}.py", folder=tmp_path)
    assert (tmp_path / "rewards.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "model.safetensors").exists()
    if name == "gsm8k":
        before, after = held_out("accuracy", printed)
        assert after > before + 20


def held_out(name, printed):
    """The percentages before and after that an example printed."""
    line = re.search(
        rf"^{name} on \d+ held-out questions: (.+)% before, (.+)% after$", printed, re.MULTILINE
    )
    return float(line[1]), float(line[2])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gsm8k", "process_supervision", "code_rl"])
def test_runs_in_two_processes(name, tmp_path):
    launch = ["-m", "accelerate.commands.launch", "--main_process_port", "0"]
    launch += ["--config_file", EXAMPLES / "accelerate" / "cpu.yaml"]
    printed = run(*launch, EXAMPLES / f"{name}.py", folder=tmp_path)
    assert (tmp_path / "rewards.png").exists()
    if name == "gsm8k":
        assert printed.count("accuracy on 20 held-out questions: ") == 1


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.stem)
def test_launch_files_hold_what_accelerate_knows(path):
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import launch_command_parser

    config = load_config_from_file(str(path))  # refuses keys it does not know
    known = {action.dest for action in launch_command_parser()._actions}
    inner = {**(config.fsdp_config or {}), **(config.deepspeed_config or {})}
    assert set(inner) <= known
    assert (config.distributed_type.value in ("FSDP", "DEEPSPEED")) == bool(inner)


def test_the_fsdp_file_means_version_two(monkeypatch):
    from accelerate import FullyShardedDataParallelPlugin
    from accelerate.commands.config.config_args import load_config_from_file

    config = load_config_from_file(str(EXAMPLES / "accelerate" / "fsdp2.yaml"))
    for key, value in config.fsdp_config.items():
        monkeypatch.setenv(key.upper(), str(value))
    plugin = FullyShardedDataParallelPlugin()
    assert plugin.fsdp_version == 2
    assert plugin.reshard_after_forward is True
    assert plugin.state_dict_type.name == "FULL_STATE_DICT"


@pytest.mark.parametrize(
    ("step", "reward"),
    [
        ("3 * 4 = 12 pens", 1.0),
        ("3 * 4 = 11 pens", 0.0),
        ("$1,200 / 3 = $400, 7 + 1 = 9", 0.5),
        ("0.1 + 0.2 = 0.3", 1.0),
        ("1 / 0 = 0", 0.0),
        ("5 ÷ 2 = 2.5", 1.0),
        ("so there are pens", None),
    ],
)
def test_the_step_reward_of_the_example(example, step, reward):
    module = example("process_supervision")
    assert module.judge(step) == reward
    assert module.right_sums([[step], []]) == [[reward], []]


def test_the_objective_of_the_example_weighs_what_went_well_a_tenth(example):
    import torch

    from grpo_plugin.batch import Batch
    from grpo_plugin.objectives import ObjectiveConfig

    module = example("custom_objective")
    logp = torch.full((2, 3), -1.0, requires_grad=True)
    advantages = torch.tensor([[1.0], [-1.0]]).expand(2, 3)
    batch = Batch(advantages=advantages, mask=torch.tensor([[1, 1, 0], [1, 1, 1]]))
    module.w_reinforce(logp, batch, ObjectiveConfig()).backward()
    wanted = torch.tensor([[-0.1, -0.1, 0.0], [1.0, 1.0, 1.0]]) / 5
    torch.testing.assert_close(logp.grad, wanted)
    assert module.plus_or_minus_one(torch.tensor([0.0, 1.0]), None, None).tolist() == [-1, 1]


def test_rows_come_from_files_folders_and_saved_datasets(example, tmp_path):
    from datasets import Dataset, DatasetDict

    load_rows = example("setting").load_rows
    rows = [{"question": "1+1", "answer": "2"}, {"question": "1+2", "answer": "3"}]
    dataset = Dataset.from_list(rows)
    (tmp_path / "files").mkdir()
    for path in (tmp_path / "rows.jsonl", tmp_path / "files" / "train.jsonl"):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    dataset.to_parquet(tmp_path / "rows.parquet")
    dataset.save_to_disk(tmp_path / "saved")
    DatasetDict(train=dataset, test=dataset).save_to_disk(tmp_path / "splits")
    for name in ("rows.jsonl", "files", "rows.parquet", "saved", "splits"):
        assert load_rows(str(tmp_path / name), "train").to_list() == rows, name


def test_the_command_line_wins_over_the_example(example, tmp_path):
    setting = example("setting").read_setting(
        "about",
        model="base",
        dataset="hub/data:main",
        tiny_rows="sums.jsonl",
        arguments=["--max-steps", "7", "--model", "mine", "--output", str(tmp_path), "--tiny"],
    )
    assert setting.model == "mine"
    assert len(setting.rows) == 8
    config = setting.config(max_steps=500, num_generations=12, temperature=0.7, bf16=True)
    assert (config.max_steps, config.num_generations, config.bf16) == (7, 4, False)
    assert math.isclose(config.temperature, 0.7)
