"""What a policy early in training writes: no reward may raise, whatever it is."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("trl")

from rewards import accuracy, format

GARBAGE = [
    "",
    " \n\t",
    "\x00\x01\udcff",
    "�" * 50,
    "<think>" * 200,
    "</think>" * 200,
    "\\boxed{" * 200,
    "\\boxed{}" * 50,
    "\\boxed{\\boxed{\\boxed{1}",
    "}{" * 200,
    "\\frac" * 300,
    "\\boxed{" + "(" * 500 + "}",
    "\\boxed{9^{9^{9^9}}}",
    "\\boxed{1e999999999}",
    "\\boxed{0x1p9999}",
    "\\boxed{nan}",
    "\\boxed{∞}",
    "<think></think>",
    "<|im_end|><|endoftext|>",
    "🎈" * 30,
]


@pytest.mark.parametrize("reward", [accuracy, format], ids=lambda reward: reward.__name__)
@pytest.mark.parametrize("as_chat", [False, True], ids=["plain", "chat"])
def test_garbage_scores_zero_and_never_raises(reward, as_chat):
    completions = [
        [{"role": "assistant", "content": text}] if as_chat else text for text in GARBAGE
    ]
    scores = reward(
        prompts=["1+1="] * len(GARBAGE),
        completions=completions,
        completion_ids=[[1]] * len(GARBAGE),
        solution=["2"] * len(GARBAGE),
        trainer_state=object(),
        log_extra=lambda column, values: None,
        log_metric=lambda name, value: None,
    )
    assert scores == [0.0] * len(GARBAGE)


def test_random_tokens_of_the_policy(tokenizer):
    rng = random.Random(0)
    ids = [[rng.randrange(len(tokenizer)) for _ in range(24)] for _ in range(400)]
    completions = tokenizer.batch_decode(ids, skip_special_tokens=True)
    for reward in (accuracy, format):
        scores = reward(completions=completions, solution=["2"] * len(completions))
        assert set(scores) <= {0.0, 1.0}
