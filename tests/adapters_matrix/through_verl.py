"""verl: the whole RewardLoopManager on a local Ray, sync and async, without a file."""

import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from fixed_rows import ROWS, SPECS, main
from omegaconf import OmegaConf


def byte_tokenizer(folder):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<pad>": 0, "<eos>": 1, **{one: at + 2 for at, one in enumerate(letters)}}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>")
    fast.save_pretrained(folder)
    return fast


def config(spec, name, folder):
    import verl

    file = Path(verl.__file__).parent / "trainer/config/reward/reward.yaml"
    reward = OmegaConf.load(file)
    reward.custom_reward_function = {
        "path": "pkg://rewards.adapters.verl",
        "name": name,
        "reward_kwargs": {"reward": spec},
    }
    reward.num_workers = 2
    model = {"path": folder, "tokenizer_path": folder}
    return OmegaConf.create(
        {
            "reward": reward,
            "trainer": {"experiment_name": "x"},
            "actor_rollout_ref": {"model": model},
        }
    )


def batch(tokenizer):
    from verl import DataProto

    ids = [tokenizer(completion)["input_ids"] for completion, _ in ROWS]
    width = max(map(len, ids))
    truths = [{"style": "rule", "ground_truth": reference} for _, reference in ROWS]
    return DataProto.from_dict(
        tensors={
            "prompts": torch.full((len(ROWS), 3), 5),
            "responses": torch.tensor([one + [0] * (width - len(one)) for one in ids]),
            "attention_mask": torch.tensor(
                [[1] * 3 + [1] * len(one) + [0] * (width - len(one)) for one in ids]
            ),
        },
        non_tensors={
            "data_source": np.array(["rlvr"] * len(ROWS), dtype=object),
            "reward_model": np.array(truths, dtype=object),
            "extra_info": np.array([{"index": at} for at in range(len(ROWS))], dtype=object),
        },
    )


def run():
    import ray
    from verl.experimental.reward_loop.reward_loop import RewardLoopManager
    from verl.trainer.ppo.reward import extract_reward

    folder = tempfile.mkdtemp()
    data = batch(byte_tokenizer(folder))
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)

    def scores(spec, name):
        manager = RewardLoopManager(config(spec, name, folder))
        tensor, extra = extract_reward(manager.compute_rm_score(data))
        for worker in manager.reward_loop_workers:
            ray.kill(worker)
        numbers = tensor.sum(1).tolist()
        assert set(extra) >= {"status", "reason", "prediction", "pred", "acc", "unscored"}
        missing = [bool(one) for one in extra["unscored"]]
        assert [numbers[at] for at, one in enumerate(missing) if one] == [0.0] * sum(missing)
        return [None if gone else one for gone, one in zip(missing, numbers, strict=True)]

    def judge(spec):
        found = scores(spec, "rlvr")
        if spec == SPECS[0]:
            assert scores(spec, "rlvr_async") == found
        return found

    try:
        main("verl", "verl", judge, "RewardLoopManager on Ray, sync and async")
    finally:
        ray.shutdown()


if __name__ == "__main__":
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    run()
