"""ms-swift: score_completions with our ORM class, and with the bare reward."""

import torch
from fixed_rows import ROWS, main
from swift.rewards import orms
from swift.rl_core.data import GRPOSample
from swift.rl_core.grpo_algorithm import score_completions


def sample(completion, reference):
    messages = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": completion},
    ]
    row = {"messages": messages, "solution": reference}
    return GRPOSample.from_row(row) if hasattr(GRPOSample, "from_row") else GRPOSample(**row)


def judge(spec):
    from rewards.adapters.swift import reward
    from rewards.named import reward_named

    orms["rlvr"] = reward(spec)
    samples = [sample(*row) for row in ROWS]

    def scores(function):
        tensor = score_completions(samples, [function], None, False, torch.device("cpu"))
        return [None if one != one else one for one in tensor[:, 0].tolist()]  # noqa: PLR0124

    found = scores(orms["rlvr"](args=None))
    assert scores(reward_named(spec)) == found
    return found


if __name__ == "__main__":
    main("ms-swift", "ms-swift", judge, "score_completions: ORM class, bare reward")
