"""OpenRLHF: SingleTurnAgentExecutor with a reward file; the engine is a double."""

import asyncio
import importlib.util
import logging
import sys
import tempfile
import types
from importlib.metadata import files
from pathlib import Path
from types import SimpleNamespace

import torch
from fixed_rows import ROWS, main


def peer():
    """`openrlhf.utils.agent` without the package's own `__init__`, which imports DeepSpeed."""
    (found,) = [one for one in files("openrlhf") if str(one).endswith("openrlhf/utils/agent.py")]
    home = Path(found.locate()).resolve().parents[1]
    for name in ("openrlhf", "openrlhf.utils"):
        package = types.ModuleType(name)
        package.__path__ = [str(home.parent / name.replace(".", "/"))]
        sys.modules[name] = package
    log = types.ModuleType("openrlhf.utils.logging_utils")
    log.init_logger = logging.getLogger
    sys.modules[log.__name__] = log
    return importlib.import_module("openrlhf.utils.agent")


class Letters:
    """A tokenizer whose tokens are letters, and that keeps special tokens."""

    def __call__(self, text, **_):
        return {"input_ids": torch.tensor([[ord(letter) for letter in text]])}

    def decode(self, ids, skip_special_tokens=False):
        return "".join(map(chr, ids)) + "<|im_end|>"


class Engine:
    def __init__(self, text):
        self.text = text

    async def generate(self, *_, **__):
        ids = [ord(letter) for letter in self.text]
        return SimpleNamespace(
            outputs=[SimpleNamespace(token_ids=ids, finish_reason="stop", logprobs=None)]
        )


def judge(spec):
    file = Path(tempfile.mkdtemp()) / "reward.py"
    file.write_text(
        f"from rewards.adapters.openrlhf import reward\n\nreward_func = reward({spec!r})\n"
    )
    executor = peer().SingleTurnAgentExecutor(str(file))

    async def all_rows():
        params = SimpleNamespace(max_tokens=100, logprobs=None)
        return [
            await executor.execute(
                r"Answer in \boxed{}: 6*7?", reference, params, 4096, Letters(), Engine(completion)
            )
            for completion, reference in ROWS
        ]

    found = []
    for one in asyncio.run(all_rows()):
        number, unscored = float(one["reward"]), float(one["extra_logs"]["unscored"])
        assert not unscored or number == 0.0
        found.append(None if unscored else number)
    return found


if __name__ == "__main__":
    main("OpenRLHF", "openrlhf", judge, "SingleTurnAgentExecutor, reward file")
