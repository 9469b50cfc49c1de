"""open-instruct: its VerifierFunction, taken out of the source, since its module imports vLLM's."""

import abc
import ast
import asyncio
import dataclasses
import inspect
import os
import sys
import types
from pathlib import Path
from typing import Any

from fixed_rows import ROWS, as_numbers, main, ours

WANTED = ("VerifierConfig", "VerificationResult", "VerifierFunction")


def peer():
    file = Path(os.environ["SOURCE"]) / "open_instruct/ground_truth_utils.py"
    nodes = ast.parse(file.read_text()).body
    classes = [one for one in nodes if isinstance(one, ast.ClassDef) and one.name in WANTED]
    module = types.ModuleType("open_instruct.ground_truth_utils")
    vars(module).update(
        dataclasses=dataclasses,
        ABC=abc.ABC,
        abstractmethod=abc.abstractmethod,
        Any=Any,
        asyncio=asyncio,
        inspect=inspect,
    )
    sys.modules["open_instruct"] = types.ModuleType("open_instruct")
    sys.modules[module.__name__] = module
    exec(compile(ast.Module(classes, []), str(file), "exec"), vars(module))
    return module


def judge(spec):
    from rewards.adapters.open_instruct import reward

    module = peer()
    kept = reward(spec, name="near")
    (verifier,) = [cls() for cls in module.VerifierFunction.__subclasses__()]
    assert isinstance(verifier, kept)
    assert verifier.name == "near"

    async def all_rows():
        calls = [verifier.async_call([], completion, one) for completion, one in ROWS]
        return await asyncio.gather(*calls)

    found = [one.score for one in asyncio.run(all_rows())]
    assert found == as_numbers(ours(spec))
    return [None if score is None else one for score, one in zip(ours(spec), found, strict=True)]


if __name__ == "__main__":
    main("open-instruct", os.environ["SOURCE_VERSION"], judge, "VerifierFunction.async_call")
