"""Which part of a completion every exported reward looks at: the answer, in the model's own turn.

The rewards and their golden cases are found by themselves; a reward that by its nature looks at
more is named here with its reason.
"""

import sys

import pytest
from exported_rewards import ALL, cases, every_case, judge, usable

# What stands behind the turn was generated, and paid for, as well: it is long, or it repeats.
MEASURES_ALL_THAT_WAS_GENERATED = {"cosine_length", "overlong", "repetition"}
JUDGES_THE_REASONING_ITSELF = {
    "language_consistency": "its language is right or wrong before it ends",
    "tag_count": "it gives a share for each tag that is there",
}
ENDS = {
    "ChatML": "<|im_end|>\n<|im_start|>user\nReally?<|im_end|>\n<|im_start|>assistant\n",
    "Llama": "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nReally?<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "Gemma": "<end_of_turn>\n<start_of_turn>user\nReally?<end_of_turn>\n<start_of_turn>model\n",
    "Mistral": "</s>[INST] Really? [/INST]",
    "DeepSeek": "<\uff5cend\u2581of\u2581sentence\uff5c>"
    "<\uff5cUser\uff5c>Really?<\uff5cAssistant\uff5c>",
    "Phi": "<|end|><|user|>Really?<|end|><|assistant|>",
    "GPT-2": "<|endoftext|>Human: Really?\nAssistant: ",
}
PROMPTS = {
    "plain": "How much?\n<think>\n",
    "in capitals": "How much? <THINK>",
    "ChatML": "<|im_start|>user\nHow much?<|im_end|>\n<|im_start|>assistant\n<think>\n",
    "ChatML, begun": "<|im_start|>user\n?<|im_end|>\n<|im_start|>assistant\n<think>\nOkay, so",
    "DeepSeek": "<\uff5cUser\uff5c>How much?<\uff5cAssistant\uff5c><think>\n",
    "Llama": "<|start_header_id|>user<|end_header_id|>\n\n?<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n<think>",
    "messages": [
        {"role": "user", "content": "How much?"},
        {"role": "assistant", "content": "<think>\n"},
    ],
    "parts": [
        {"role": "user", "content": "How much?"},
        {"role": "assistant", "content": [{"type": "text", "text": "<think>\nWell,"}]},
    ],
}
# What shows that the reasoning is over, or was never begun.
NOT_OPENED = {
    "asked for": "Put your reasoning between <think> and </think>. How much?",
    "empty block": "<|im_start|>user\n?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
    "an earlier turn's": "<|im_start|>assistant\n<think>\nhm<|im_end|>\n<|im_start|>assistant\n",
    "the user's words": [{"role": "user", "content": "What does <think>"}],
}


def needs_sandbox(name):
    return name == "code" and sys.platform != "linux"


def decided(verdict):
    return verdict.score, verdict.status, verdict.extracted


def earning(name):
    """Cases that earn something, without reasoning of their own."""
    for case in cases(name):
        bare = isinstance(case["completion"], str) and "think" not in case["completion"].lower()
        if (case["score"] or 0) > 0 and bare and "prompt" not in case:
            yield case


def others(name):
    """A completion that was right and one that was not, to stand in the turn made up."""
    texts = [(case["score"], case["completion"]) for case in cases(name)]
    scores = [score for score, _ in texts if score is not None]
    ends = (max(scores), min(scores))
    return [next(text for score, text in texts if score == end) for end in ends]


@pytest.mark.parametrize(("name", "case"), every_case())
def test_what_stands_behind_the_own_turn_changes_no_verdict(name, case):
    if name in MEASURES_ALL_THAT_WAS_GENERATED:
        pytest.skip("measures all that was generated")
    alone = decided(judge(name, case))
    for end in [*ENDS.values()][: 2 if name == "code" else None]:
        for other in others(name):
            longer = judge(name, case, completion=case["completion"] + end + other)
            assert decided(longer) == alone, (end, other, longer.reason)


@pytest.mark.parametrize("opened", PROMPTS)
@pytest.mark.parametrize("name", [name for name in ALL if name not in JUDGES_THE_REASONING_ITSELF])
def test_reasoning_that_the_prompt_opened_and_nobody_ended_earns_nothing(name, opened):
    if name not in usable():
        pytest.skip("an extra is not installed")
    for case in earning(name):
        verdict = judge(name, case, prompt=PROMPTS[opened])
        assert not verdict.status.is_scored or verdict.score <= 0, (case, verdict.reason)


@pytest.mark.parametrize("spoken", NOT_OPENED)
@pytest.mark.parametrize("name", [name for name in ALL if name not in JUDGES_THE_REASONING_ITSELF])
def test_reasoning_that_the_prompt_did_not_open_hides_nothing(name, spoken):
    if name not in usable():
        pytest.skip("an extra is not installed")
    for case in earning(name):
        verdict = judge(name, case, prompt=NOT_OPENED[spoken])
        assert verdict.score == pytest.approx(case["score"]), (case, verdict.reason)


@pytest.mark.parametrize("name", ALL)
def test_there_are_cases_that_earn_something(name):
    top = ALL[name].bounds[1]
    needs_reasoning = name in {"format", "tag_count", *JUDGES_THE_REASONING_ITSELF}
    assert needs_reasoning or top <= 0 or any(earning(name))


def test_the_rewards_named_here_exist():
    assert ALL.keys() >= MEASURES_ALL_THAT_WAS_GENERATED | JUDGES_THE_REASONING_ITSELF.keys()
