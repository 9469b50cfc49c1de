"""slime: async_rm and batched_async_rm with --custom-rm-path."""

import asyncio
import os
from types import SimpleNamespace

from fixed_rows import ROWS, main
from slime.rollout.rm_hub import async_rm, batched_async_rm
from slime.utils.types import Sample


def samples():
    return [
        Sample(index=at, prompt="q", response=completion, label=reference)
        for at, (completion, reference) in enumerate(ROWS)
    ]


def judge(spec):
    os.environ["RLVR_REWARD"] = spec
    args = SimpleNamespace(custom_rm_path="rewards.adapters.slime.rlvr", reward_key="score")

    async def one_by_one():
        batch = samples()
        rewards = await asyncio.gather(*(async_rm(args, sample) for sample in batch))
        return batch, rewards

    async def together():
        batch = samples()
        return batch, await batched_async_rm(args, batch)

    def numbers(batch, rewards):
        for sample, reward in zip(batch, rewards, strict=True):
            sample.reward = reward
            assert sample.metadata["rlvr"]["status"]
        return [None if sample.remove_sample else sample.get_reward_value(args) for sample in batch]

    found = numbers(*asyncio.run(one_by_one()))
    assert numbers(*asyncio.run(together())) == found
    return found


if __name__ == "__main__":
    main("slime", os.environ["SOURCE_VERSION"], judge, "async_rm, batched_async_rm")
