"""rllm: its evaluator on an episode."""

import os

from fixed_rows import ROWS, main
from rllm.types import Episode, Step, Trajectory


def judge(spec):
    from rewards.adapters.rllm import reward

    evaluator = reward(spec)
    found = []
    for completion, reference in ROWS:
        messages = [
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": completion},
        ]
        step = Step(model_response=completion, chat_completions=messages)
        episode = Episode(trajectories=[Trajectory(steps=[step])])
        out = evaluator.evaluate({"ground_truth": reference}, episode)
        assert out.metadata["status"]
        found.append(None if out.signals[1].value else out.reward)
    return found


if __name__ == "__main__":
    main("rllm", os.environ["SOURCE_VERSION"], judge, "evaluator on an Episode")
