"""NeMo-RL: its environment interface in a Ray actor."""

import os

import ray
from fixed_rows import ROWS, main
from nemo_rl.environments.interfaces import EnvironmentInterface, EnvironmentReturn


def judge(spec):
    from rewards.adapters.nemo_rl import reward

    cls = reward()
    assert issubclass(cls, EnvironmentInterface)
    actor = ray.remote(cls).remote({"reward": spec})
    logs = [
        [{"role": "user", "content": "q"}, {"role": "assistant", "content": completion}]
        for completion, _ in ROWS
    ]
    out = ray.get(actor.step.remote(logs, [{"ground_truth": one} for _, one in ROWS], True))
    assert isinstance(out, EnvironmentReturn)
    missing = [one["rlvr"]["unscored"] for one in out.metadata]
    batch = {"rewards": out.rewards, "extra_env_info": out.metadata}
    _, metrics = ray.get(actor.global_post_process_and_metrics.remote(batch))
    assert metrics["unscored"] == sum(missing) / len(ROWS)
    ray.kill(actor)
    return [None if gone else one for gone, one in zip(missing, out.rewards.tolist(), strict=True)]


if __name__ == "__main__":
    os.environ["RLVR_REWARD"] = "accuracy"
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        main("NeMo-RL", os.environ["SOURCE_VERSION"], judge, "EnvironmentInterface in a Ray actor")
    finally:
        ray.shutdown()
