"""The stand-in for generation writes completions of the lengths it promises."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from benchmarks.trainer_step import LONGEST, Lengths  # noqa: E402
from grpo_plugin.demo.tiny_model import build_model, build_tokenizer  # noqa: E402


def test_lengths_are_log_normal_and_the_longest_is_eight_times_the_mean():
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, hidden_size=16, layers=1)
    prompts = torch.full((64, 3), 7)
    made = Lengths(model, 32, seed=1)(input_ids=prompts)
    assert torch.equal(made[:, :3], prompts)
    completions = made[:, 3:]
    ends = completions == model.config.eos_token_id
    assert (ends.sum(dim=1) == 1).all()
    lengths = ends.long().argmax(dim=1) + 1
    assert int(lengths.max()) == LONGEST * 32
    assert 26 < float(lengths.float().mean()) < 38
    assert float(lengths.float().log().std()) == pytest.approx(1, abs=0.15)
    after = torch.arange(completions.shape[1]) >= lengths[:, None]
    assert (completions[after] == model.config.pad_token_id).all()
    assert torch.equal(made, Lengths(model, 32, seed=1)(input_ids=prompts))
