"""axolotl: its loader of reward functions and its reward subprocess, as they stand in the wheel."""

import ast
import importlib
import inspect
import logging
import multiprocessing
import os
import sys
import tempfile
from importlib.metadata import files
from pathlib import Path

from fixed_rows import ROWS, main


def taken(ending, name):
    """A function of the wheel by its source: the package itself does not import without a GPU."""
    (found,) = [one for one in files("axolotl") if str(one).endswith(ending)]
    tree = ast.parse(Path(found.locate()).read_text())
    (function,) = [node for node in ast.walk(tree) if getattr(node, "name", "") == name]
    function.decorator_list = []
    return function


def peer():
    base = "axolotl/core/trainers/grpo/"
    parts = [
        taken(f"{base}__init__.py", "get_reward_func"),
        taken(f"{base}fast_async_trainer.py", "_persistent_reward_worker"),
    ]
    space = {
        "importlib": importlib,
        "inspect": inspect,
        "os": os,
        "LOG": logging.getLogger(),
        "RewardFunc": object,
        "HTTPError": Exception,
    }
    exec(compile(ast.Module(parts, []), "axolotl", "exec"), space)
    return space


def judge(spec):
    folder = tempfile.mkdtemp()
    name = f"rewards_of_{abs(hash(spec))}"
    Path(folder, f"{name}.py").write_text(
        f"from rewards.named import reward_named\n\nchosen = reward_named({spec!r})\n"
    )
    sys.path.insert(0, folder)
    space = peer()
    reward = space["get_reward_func"](None, f"{name}.chosen")
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=space["_persistent_reward_worker"], args=(there,), daemon=True
    )
    process.start()
    inputs = [{"prompt": "q", "answer": reference} for _, reference in ROWS]
    texts = [completion for completion, _ in ROWS]
    here.send(([reward], ["q"] * len(ROWS), texts, [[0]] * len(ROWS), inputs, [reward.name]))
    answer = here.recv()
    here.send(None)
    process.join()
    return _scores(answer)


def _scores(answer):
    while len(answer) != len(ROWS):
        answer = answer[0]
    plain = [one[0] if isinstance(one, (list, tuple)) else one for one in answer]
    return [None if one != one else one for one in plain]  # noqa: PLR0124 - NaN: no score


if __name__ == "__main__":
    main("axolotl", "axolotl", judge, "get_reward_func, reward subprocess")
