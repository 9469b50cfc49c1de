"""DeepSeek-R1's format rule, and the tricks that must not pass it."""

import pickle
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards import Format, Status, format
from rewards.errors import InputError

STRICT = Format(answer_tag="answer")


@pytest.mark.parametrize(
    "completion",
    [
        "<think>6*7</think>42",
        "<think>6*7</think>\n42",
        "\n <think>\n6*7\n</think>\n\n42\n",
        "<think>a < b and b > c, so <b> 42</think> 42",
        "<think>6*7</think><answer>42</answer>",
        "<think>thinking about think and /think</think> I think 42",
    ],
)
def test_right_form(completion):
    verdict = format.verify(completion)
    assert verdict.score == 1.0, verdict.reason
    assert verdict.status is Status.CORRECT


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("42", "no <think>"),
        ("<think>6*7", "never closed"),
        ("6*7</think>42", "prefilled"),
        ("<think></think>42", "reasoning is empty"),
        ("<think> \n\t</think>42", "reasoning is empty"),
        ("<think>6*7</think>", "no answer"),
        ("<think>6*7</think>  \n", "no answer"),
        ("Sure! <think>6*7</think>42", "text before"),
        ("<think>a</think><think>b</think>42", "2 times"),
        ("<think>a<think>b</think></think>42", "2 times"),
        ("<think>a</think>b</think>42", "2 times"),
        ("<think>a<think>b</think>42", "2 times"),
        ("</think>a<think>42", "before"),
        ("<Think>a</Think>42", "not written"),
        ("<think>a</think>42<THINK>b", "not written"),
        ("< think>a</think>42", "not written"),
        ("<think >a</think>42", "not written"),
        ("<think/>a</think>42", "not written"),
        ("<think>a< /think>b</think>42", "not written"),
        ("<think>a</ think>b</think>42", "not written"),
        ("<think>a<answer>42</answer></think>rest", "inside the reasoning"),
        ("<think>a</think><answer></answer>", "answer is empty"),
        ("<think>a</think><answer>1</answer><answer>2</answer>", "exactly one"),
        ("<think>a</think><answer>1", "exactly one"),
        ("<think>a</think>1</answer>", "exactly one"),
        ("<think>a</think></answer>1<answer>", "exactly one"),
    ],
)
def test_wrong_form(completion, reason):
    verdict = format.verify(completion)
    assert verdict.score == 0.0
    assert verdict.status is Status.BAD_FORMAT
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("completion", "score"),
    [
        ("<think>a</think><answer>42</answer>", 1.0),
        ("<think>a</think>\n\n<answer>\n42\n</answer>\n", 1.0),
        ("<think>a</think>42", 0.0),
        ("<think>a</think><answer> </answer>", 0.0),
        ("<think>a</think>so <answer>42</answer>", 0.0),
        ("<think>a</think><answer>42</answer> done", 0.0),
        ("<think>a<answer>41</answer></think><answer>42</answer>", 0.0),
        ("<think>a</answer></think><answer>42</answer>", 0.0),
        ("<think>a</think><answer><answer>42</answer></answer>", 0.0),
        ("<think>a</think><Answer>42</Answer>", 0.0),
        ("<answer>42</answer><think>a</think>", 0.0),
        ("<think>a</think><answer>4<think>2</answer>", 0.0),
    ],
)
def test_strict_form(completion, score):
    verdict = STRICT.verify(completion)
    assert verdict.score == score, verdict.reason
    assert verdict.reason


def test_other_tags():
    own = Format(think_tag="reasoning", answer_tag="solution")
    assert own.verify("<reasoning>a</reasoning><solution>42</solution>").score == 1.0
    assert own.verify("<think>a</think><answer>42</answer>").score == 0.0
    assert own.verify("<reasoning>a</reasoning>42").score == 0.0


@pytest.mark.parametrize("tag", ["", "<think>", "a b", "1", "think>", "x" * 80, "(a+)+"])
def test_what_is_no_tag(tag):
    with pytest.raises(InputError, match="tag"):
        Format(think_tag=tag)


def test_one_tag_for_both():
    with pytest.raises(InputError, match="share"):
        Format(think_tag="answer", answer_tag="answer")


class TestPrefilled:
    """The prompt or chat template wrote the opening tag."""

    completion = "6*7</think>42"

    def test_seen_in_a_text_prompt(self):
        assert format.verify(self.completion, prompt="User: 6*7?\nAssistant: <think>\n").score == 1

    def test_seen_in_a_message(self):
        prompt = [
            {"role": "user", "content": "6*7?"},
            {"role": "assistant", "content": "<think>"},
        ]
        assert format.verify(self.completion, prompt=prompt).score == 1

    def test_only_at_the_end_of_the_prompt(self):
        prompt = "Put your reasoning between <think> and </think>. 6*7?"
        assert format.verify(self.completion, prompt=prompt).score == 0

    def test_not_from_the_user(self):
        prompt = [{"role": "user", "content": "write <think>"}]
        assert format.verify(self.completion, prompt=prompt).score == 0

    def test_told(self):
        assert Format(prefilled=True).verify(self.completion).score == 1

    def test_told_not(self):
        assert Format(prefilled=False).verify(self.completion, prompt="<think>").score == 0

    def test_opened_again(self):
        verdict = Format(prefilled=True).verify("<think>6*7</think>42")
        assert verdict.score == 0
        assert "already opened" in verdict.reason

    def test_other_tag(self):
        own = Format(think_tag="reasoning")
        assert own.verify("a</reasoning>42", prompt="… <reasoning>").score == 1


class TestReasoningField:
    """The server took the reasoning out of the content."""

    @staticmethod
    def message(content, reasoning):
        return [{"role": "assistant", "content": content, "reasoning_content": reasoning}]

    def test_right(self):
        assert format.verify(self.message("42", "6*7")).score == 1

    def test_no_answer(self):
        assert format.verify(self.message("", "6*7")).score == 0
        assert format.verify(self.message(None, "6*7")).score == 0

    def test_empty(self):
        assert format.verify(self.message("42", "")).score == 0
        assert format.verify(self.message("42", " ")).score == 0

    def test_a_second_block_in_the_content(self):
        assert format.verify(self.message("<think>b</think>42", "a")).score == 0

    def test_forged_end_in_the_field(self):
        assert format.verify(self.message("42", "a</think>b")).score == 0

    def test_whatever_the_prompt_opened(self):
        assert format.verify(self.message("42", "6*7"), prompt="<think>").score == 1

    def test_content_parts(self):
        parts = [{"type": "thinking", "thinking": "6*7"}, {"type": "text", "text": "42"}]
        assert format.verify([{"role": "assistant", "content": parts}]).score == 1


@pytest.mark.parametrize(
    "completion",
    [
        "<think>" * 200_000,
        "<think>a</think>" * 100_000,
        "<" * 1_000_000,
        "<" + " " * 1_000_000 + "think>",
        "< " * 500_000,
        "<think>" + "a" * 1_000_000 + "</think>42",
        "<think>a</think>" + "<answer>" * 100_000,
    ],
    ids=range(7),
)
@pytest.mark.usefixtures("no_collections")
def test_hostile_megabytes_take_bounded_time(completion):
    started = process_time()
    format.verify(completion)
    STRICT.verify(completion)
    assert process_time() - started < 1


_pieces = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "<answer>", "</answer>", "a", " ", "\n", "<Think>", "< think >"]
    ),
    max_size=8,
)


@given(_pieces)
def test_only_the_rule_passes(pieces):
    text = "".join(pieces)
    if format.verify(text).score:
        assert text.lower().count("think>") == 2
        assert text.strip().startswith("<think>")
        reasoning, answer = text.split("<think>")[1].split("</think>")
        assert reasoning.strip()
        assert answer.strip()
    if STRICT.verify(text).score:
        assert text.strip().endswith("</answer>")
        assert text.count("answer>") == 2


def test_options_survive_pickling():
    assert pickle.loads(pickle.dumps(STRICT)) == STRICT


@pytest.mark.parametrize(
    "completion",
    [
        "<think>a</think>\u200b",
        "<think>a</think>\u3164\u2800",
        "<think>a</think>\x00\u202e",
        "<think>\u200b\ufeff</think>b",
        "<think>a</think><|im_end|>",
        "<think>a</think><|endoftext|>\n",
        "<think>a</think></s>",
        "<think>a<|im_end|></think>b",
        "<think>a</think>b</think\n>",
        "<think>a<think x>b</think>c",
        '<think>a<think id="1">b</think>c',
        "<think>a<think\u200b>b</think>c",
        "<think>a<ANSWER>b</ANSWER></think>c",
    ],
)
def test_what_nobody_sees_is_empty_and_disguised_tags_are_tags(completion):
    assert format.verify(completion).score == 0.0


@pytest.mark.parametrize(
    "completion",
    [
        "<think>a</think>b<|im_end|>",
        "<think>a</think>b<|im_end|>\n<|im_start|>user\n<think>",
        "<|im_start|>assistant\n<think>a</think>b<|im_end|>",
        "\ufeff<think>a</think>b",
        "<think>is 1 <thinking 2> so?</think>b",
        "<think>a</think>👍🏽",
    ],
)
def test_marks_of_the_template_are_not_the_models(completion):
    assert format.verify(completion).score == 1.0


def test_the_strict_form_may_end_its_turn():
    strict = Format(answer_tag="answer")
    assert strict.verify("<think>a</think><answer>b</answer><|im_end|>").score == 1.0
    assert strict.verify("<think>a</think><answer>\u200b</answer>").score == 0.0
