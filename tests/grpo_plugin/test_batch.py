from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.batch import Batch  # noqa: E402


def a_batch(**fields):
    values = {"advantages": torch.zeros(2, 3), "mask": torch.ones(2, 3)} | fields
    return Batch(**values)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"mask": torch.ones(6)}, r"mask has shape \(6,\); it must be \(B, T\)"),
        ({"old_logp": torch.zeros(3, 2)}, r"old_logp has shape \(3, 2\).*must be \(2, 3\)"),
        ({"ref_logp": [[0.0]]}, "ref_logp is a list; it must be a tensor"),
        ({"advantages": torch.zeros(2)}, r"a\[:, None\]\.expand_as\(mask\)"),
        ({"rewards": torch.zeros(2, 1)}, r"rewards has shape .* must be \(2,\)"),
        ({"rewards": torch.zeros(2, dtype=torch.long)}, "rewards has dtype torch.int64"),
        ({"group": torch.zeros(2)}, "group has dtype torch.float32; give integer ids"),
        ({"sampling_ratio": torch.zeros(1, 3)}, r"\(2, 3\) or \(2, 1\)"),
        ({"old_logp": torch.zeros(2, 3, device="meta")}, "old_logp is on meta but mask is on cpu"),
        ({"accumulation": 0}, "accumulation is 0; it must be at least 1"),
        ({"max_length": -1}, "max_length is -1"),
    ],
)
def test_says_which_field_does_not_fit(fields, complaint):
    with pytest.raises(ValueError, match=complaint):
        a_batch(**fields)


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float32])
def test_reads_any_mask(dtype):
    batch = a_batch(mask=torch.tensor([[1, 1, 0], [0, 0, 0]]).to(dtype))
    assert batch.live.tolist() == [[True, True, False], [False, False, False]]
    assert batch.lengths.tolist() == [[2.0], [1.0]]


def test_counts_default_to_this_micro_batch_times_the_window():
    batch = a_batch(accumulation=4, world_size=2)
    assert float(batch.window_tokens) == 6 * 8
    assert float(batch.window_sequences) == 2 * 8


def test_counts_never_reach_zero():
    empty = a_batch(mask=torch.zeros(2, 3), token_count=0.0, sequence_count=torch.tensor(0.0))
    assert (float(empty.window_tokens), float(empty.window_sequences)) == (1.0, 1.0)
    assert float(empty.local_tokens) == 1.0


def test_masked_hides_what_is_outside(draw):
    _, batch = draw(0)
    masked = batch.masked()
    for name in ("advantages", "old_logp", "ref_logp", "entropy"):
        value = getattr(masked, name)
        assert torch.isfinite(value).all()
        assert torch.equal(value[batch.live], getattr(batch, name)[batch.live])


def test_rows_keep_the_counts(draw):
    _, batch = draw(0)
    part = batch.rows(2, 4)
    assert torch.equal(part.mask, batch.mask[2:4])
    assert torch.equal(part.group, batch.group[2:4])
    assert float(part.window_tokens) == float(batch.window_tokens) == batch.mask.sum()
    assert part.window_sequences == 6
    assert float(part.local_tokens) == batch.mask.sum()
    assert torch.equal(part.rows(0, 1).mask, batch.mask[2:3])
    with pytest.raises(ValueError, match="rows 5 to 9 of a batch of 6"):
        batch.rows(5, 9)


def test_is_a_value():
    batch = a_batch()
    with pytest.raises(AttributeError):
        batch.seed = 3
    assert replace(batch, seed=3).seed == 3
