"""Iterative GRPO with a reward model that learns: what it is taught, and the example as a whole."""

from __future__ import annotations

import importlib
import re
from types import SimpleNamespace

import pytest
from example_runs import EXAMPLES, run

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from grpo_plugin.callbacks.history import RewardHistory, ScoredCompletion  # noqa: E402


@pytest.fixture
def taught(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    iterative, setting = (importlib.import_module(name) for name in ("iterative", "setting"))
    torch.manual_seed(0)
    return iterative.RewardModel(setting.make_tiny_model(), tmp_path / "reward_model", rate=1e-3)


def lesson(*, resumed=False):
    rows = [
        ScoredCompletion(f"{n}?", "yes" if n % 2 else "no", 0.0, {"accuracy": float(n % 2)}, 1)
        for n in range(200)
    ]
    unknown = ScoredCompletion("what?", "yes", None, {"accuracy": None}, 1)
    return RewardHistory(step=3, recent=(*rows, unknown), replayed=(), resumed=resumed)


@pytest.mark.slow
def test_it_learns_from_what_the_rule_labelled_and_is_kept_for_a_resumed_run(taught):
    accelerator = SimpleNamespace(device="cpu", is_main_process=True)
    trainer = SimpleNamespace(accelerator=accelerator, reward_func_names=["model", "accuracy"])
    for _ in range(3):
        (name, frozen), *others = taught.refresh(trainer, lesson()).items()
    assert name == "model"
    assert not others
    texts = ["1?yes", "2?no", "33?yes", "44?no"]
    inputs = taught.tokenizer(texts, padding=True, padding_side="right", return_tensors="pt")
    said = frozen(**inputs).logits[:, 0]
    assert (said > 0).tolist() == [True, False, True, False]
    assert not any(weight.requires_grad for weight in frozen.parameters())
    kept = {name: value.clone() for name, value in taught.model.state_dict().items()}
    taught.refresh(trainer, lesson(resumed=True))  # it was loaded as it was after that lesson
    assert all(torch.equal(kept[name], value) for name, value in taught.model.state_dict().items())
    assert (taught.saved / "model.safetensors").exists()


@pytest.mark.slow
def test_the_example_runs(tmp_path):
    options = ("--first", 64, "--max-steps", 3)
    printed = run(EXAMPLES / "iterative.py", *options, folder=tmp_path)
    assert re.search(r"step 3: \d+ completions, \d+ of them right", printed)
    assert re.search(r"right of 201 held-out questions: [\d.]+% before, [\d.]+% after", printed)
    assert (tmp_path / "reward_model" / "model.safetensors").exists()
