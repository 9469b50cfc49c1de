"""Steps end at the tokens that wrote their last characters; only the policy's tokens count."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from grpo_plugin.errors import StepError  # noqa: E402
from grpo_plugin.steps.cutting import CutCompletion, cut_completions  # noqa: E402
from grpo_plugin.steps.splitting import SplitSteps  # noqa: E402


def cut(tokenizer, texts, *, live=None, splitter=None):
    rows = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    length = max(map(len, rows))
    ids = torch.tensor([[*row, *([tokenizer.eos_token_id] * (length - len(row)))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
    return cut_completions(
        ids,
        mask if live is None else torch.tensor(live),
        decode=lambda part: tokenizer.decode(list(part), skip_special_tokens=True),
        splitter=splitter or SplitSteps(),
    )


def test_ends_are_tokens_and_the_last_step_reaches_to_the_last_token(bytes_tokenizer):
    first, second = cut(bytes_tokenizer, ["1+1=2\n\n2é🙂<end>", "7\n<end>"])
    # bytes; "\n\n" is one token and so are the first two bytes of 🙂
    assert first == CutCompletion(("1+1=2", "2é🙂"), (4, 12))
    assert second == CutCompletion(("7",), (2,))


def test_a_step_ends_at_the_token_that_also_begins_the_next(bytes_tokenizer):
    # "x" and half of é are one token, the other half and "y" the next
    splitter = lambda text: [(0, 1), (1, 2), (2, 3)]  # noqa: E731
    (found,) = cut(bytes_tokenizer, ["xéy"], splitter=splitter)
    assert found == CutCompletion(("x", "é", "y"), (1, 1, 1))


def test_tool_output_is_no_step_and_no_step_reaches_over_it(bytes_tokenizer):
    #        a  \n b  [tool output]    c  <end>
    text = "1\n2" + "99\n9" + "3<end>"
    live = [[1, 1, 1, 0, 0, 0, 0, 1, 1]]
    (found,) = cut(bytes_tokenizer, [text], live=live)
    assert found == CutCompletion(("1", "2", "3"), (0, 2, 8))


def test_a_masked_completion_and_an_empty_one_have_no_steps(bytes_tokenizer):
    found = cut(bytes_tokenizer, ["1\n2", "<end>"], live=[[0, 0, 0], [1, 0, 0]])
    assert found == [CutCompletion((), ()), CutCompletion((), ())]


@pytest.mark.parametrize(
    "spans", [[(0, 9)], [(1, 1)], [(0, 2), (1, 3)], [(2, 3), (0, 1)], [(-1, 1)]]
)
def test_a_splitter_that_breaks_its_contract_is_named(bytes_tokenizer, spans):
    def mine(text):
        return spans

    with pytest.raises(StepError, match=r"splitter mine returned the span .* \(sample 0\)"):
        cut(bytes_tokenizer, ["1\n2"], splitter=mine)
