"""reasoning-gym: its scorers as a reward of ours, against the same scorers called directly.

The rows are its own: entries of data sets, answered right, wrong and not at all.
"""

import json
import time
from importlib.metadata import version

import reasoning_gym
from reasoning_gym.factory import DATASETS, get_score_answer_fn

from rewards.adapters.reasoning_gym import reward, why_refused

NAMES = ("basic_arithmetic", "leg_counting", "caesar_cipher", "chain_sum", "word_sorting", "gcd")


def run():
    refused = [name for name in DATASETS if name != "composite" and why_refused(name)]
    assert {"n_queens", "countdown", "spiral_matrix", "binary_matrix"} <= set(refused), refused
    assert not set(NAMES) & set(refused), refused
    judge = reward()
    entries = [one for name in NAMES for one in reasoning_gym.create_dataset(name, size=3, seed=1)]
    cases = [
        (entry, text)
        for entry in entries
        for text in (str(entry["answer"]), "no such thing", f"{entry['answer']} or 7")
    ]
    expected = [
        float(get_score_answer_fn(entry["metadata"]["source_dataset"])(text, entry))
        for entry, text in cases
    ]
    judge.verify("<answer>1</answer>", "1", metadata=entries[0]["metadata"])
    started = time.perf_counter()
    found = judge(
        [f"<think>hm</think><answer>{text}</answer>" for _, text in cases],
        answer=[entry["answer"] for entry, _ in cases],
        metadata=[json.dumps(entry["metadata"]) for entry, _ in cases],
        question=[entry["question"] for entry, _ in cases],
    )
    seconds = time.perf_counter() - started
    differences = [
        f"{entry['metadata']['source_dataset']} {text!r}: {one} instead of {wanted}"
        for (entry, text), one, wanted in zip(cases, found, expected, strict=True)
        if one != wanted
    ]
    line = {
        "peer": "reasoning-gym",
        "version": version("reasoning-gym"),
        "called_by": f"its scorers as a reward; {len(refused)} of {len(DATASETS)} refused",
        "rows": len(cases),
        "equal": len(cases) - len(differences),
        "seconds": round(seconds, 2),
        "differences": differences,
    }
    print("RESULT " + json.dumps(line), flush=True)


if __name__ == "__main__":
    run()
