"""The examples in the docstrings run."""

import doctest
import importlib

import pytest

pytest.importorskip("torch")

MODULES = [
    "grpo_plugin.advantages.estimators",
    "grpo_plugin.advantages.outcome",
    "grpo_plugin.advantages.process",
    "grpo_plugin.exponential",
    "grpo_plugin.kl",
    "grpo_plugin.steps.alignment",
    "grpo_plugin.steps.blocks",
    "grpo_plugin.steps.splitting",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    import torch

    results = doctest.testmod(module, extraglobs={"torch": torch})
    assert results.attempted
    assert not results.failed
