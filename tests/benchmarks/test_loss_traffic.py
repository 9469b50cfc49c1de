"""Bytes are as many as the sizes foretell, and what is estimated of a GPU follows from them."""

import pytest

torch = pytest.importorskip("torch")

from benchmarks.loss_traffic import H100, counted, foreseen, share_of_roofline  # noqa: E402
from grpo_plugin.batch import Batch  # noqa: E402
from grpo_plugin.loss import call, fused_policy_loss, tiling  # noqa: E402
from grpo_plugin.loss.head import Head, Precision  # noqa: E402
from grpo_plugin.loss.tiling import Sizes, choose_sizes  # noqa: E402

ROWS, WIDTH, VOCABULARY = 40, 16, 5000


def half(hidden, weight, *, half_products):
    """As on an accelerator: half operands and tiles, float32 logits."""
    return Precision(operand=torch.bfloat16, logits=torch.float32, tile=torch.bfloat16)


@pytest.mark.parametrize("sizes", [(40, 4096, 40), (16, 2048, 16), (16, 2048, 5), (7, 6144, 2)])
@pytest.mark.parametrize("cache", [2 * 4 * 2048 * 16, 2 * 4 * 2048 * 5])
def test_bytes_are_as_foreseen(monkeypatch, sizes, cache):
    sizes = Sizes(rows=sizes[0], columns=sizes[1], slice_rows=sizes[2])
    monkeypatch.setattr(call, "choose_sizes", lambda *_, **__: sizes)
    monkeypatch.setattr(Precision, "choose", staticmethod(half))
    hidden = torch.randn(ROWS, WIDTH).bfloat16().requires_grad_()
    weight = torch.randn(VOCABULARY, WIDTH).bfloat16().requires_grad_()
    batch = Batch(advantages=torch.ones(1, ROWS), mask=torch.ones(1, ROWS, dtype=torch.bool))
    with counted(cache) as found:
        loss = fused_policy_loss(hidden, weight, torch.arange(ROWS), "grpo", batch).loss
    loss.backward()
    head = Head(weight=weight.detach())
    wanted = foreseen(head, half(0, 0, half_products=True), sizes, ROWS, cache_bytes=cache)
    ragged = (
        VOCABULARY % sizes.columns
    )  # the last slice is smaller, and may fit where others do not
    if not ragged or (sizes.slice_rows * sizes.columns * 4 <= cache // 2):
        assert found == wanted
    else:
        assert found.logits <= wanted.logits
    assert (found.tile, found.weight, found.sums) == (wanted.tile, wanted.weight, wanted.sums)


def test_an_h100_has_more_of_its_roofline_from_cached_slices_and_larger_tiles():
    head = Head(weight=torch.empty(1, 1, dtype=torch.bfloat16).expand(152064, 3584))
    precision = half(0, 0, half_products=True)

    def share(memory_mb, slice_rows=None):
        sizes = choose_sizes(
            head, precision, 2048, 16384,
            keep=True, shared=True, memory_mb=memory_mb, cache_bytes=H100.cache,
        )  # fmt: skip
        if slice_rows:
            sizes = Sizes(rows=sizes.rows, columns=sizes.columns, slice_rows=slice_rows)
        return share_of_roofline(head, precision, sizes, 16384, H100)

    assert share(1024, slice_rows=8192) < share(1024) < share(4096)
    assert share(4096) > 0.8
    assert tiling.cache_of(torch.device("cpu")) == 0
