"""AReaL: AsyncRewardWrapper's process pool, taken from the wheel without torch's training stack."""

import asyncio
import importlib.util
import logging
import os
import sys
import types
from importlib.metadata import files

from fixed_rows import ROWS, as_numbers, main, ours


def peer():
    (found,) = [one for one in files("areal") if str(one).endswith("areal/api/reward_api.py")]
    for name in ("areal", "areal.utils"):
        sys.modules[name] = types.ModuleType(name)
    log = types.ModuleType("areal.utils.logging")
    log.getLogger = logging.getLogger
    sys.modules["areal.utils"].logging = sys.modules[log.__name__] = log
    spec = importlib.util.spec_from_file_location("reward_api", found.locate())
    module = sys.modules["reward_api"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judge(spec):
    from rewards.adapters.areal import reward, rlvr

    os.environ["RLVR_REWARD"] = spec
    wrapper = peer().AsyncRewardWrapper

    async def all_rows(function):
        wrapped = wrapper(function, max_workers=2, timeout_seconds=60)
        calls = [wrapped("q", text, [], [], answer=reference) for text, reference in ROWS]
        return await asyncio.gather(*calls)

    found = asyncio.run(all_rows(reward(spec)))
    assert found == as_numbers(ours(spec))  # it has no missing scores: they are 0
    assert asyncio.run(all_rows(rlvr)) == found
    for executor in wrapper._executors.values():
        executor.shutdown(cancel_futures=True)
    wrapper._executors.clear()
    return [None if score is None else one for score, one in zip(ours(spec), found, strict=True)]


if __name__ == "__main__":
    main("AReaL", "areal", judge, "AsyncRewardWrapper, process pool")
