"""SkyRL: skyrl-gym's registry, environments stepped in a thread pool as its generator does."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import skyrl_gym
from fixed_rows import ROWS, main


def judge(spec):
    name = f"rlvr_{abs(hash(spec))}"
    skyrl_gym.register(id=name, entry_point="rewards.adapters.skyrl:rlvr", kwargs={"reward": spec})

    async def all_rows():
        loop, pool = asyncio.get_running_loop(), ThreadPoolExecutor(4)

        async def one(completion, reference):
            extras = {"reward_model": {"ground_truth": reference}}
            env = skyrl_gym.make(name, env_config={}, extras=extras)
            prompt = [{"role": "user", "content": "q"}]
            await loop.run_in_executor(pool, env.init, prompt)
            out = await loop.run_in_executor(pool, env.step, completion)
            assert out["done"]
            assert out["metadata"]["status"]
            assert reference == "" or "expected" not in out["metadata"]
            return None if env.get_metrics()["unscored"] else out["reward"]

        return await asyncio.gather(*(one(*row) for row in ROWS))

    return asyncio.run(all_rows())


if __name__ == "__main__":
    main("SkyRL", "skyrl-gym", judge, "skyrl_gym.make, thread pool")
