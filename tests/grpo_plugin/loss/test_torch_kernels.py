"""The torch twin on half-precision tiles, which it keeps on CUDA devices without Triton."""

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.loss import torch_kernels  # noqa: E402
from grpo_plugin.loss.head import Head  # noqa: E402
from grpo_plugin.loss.row_statistics import BlockStatistics, Slopes, combine  # noqa: E402

ROWS, VOCABULARY, BLOCK = 6, 75, 16


def exact(raw, targets, slope, pull, softcap):
    raw = raw.double().requires_grad_()
    z = softcap * torch.tanh(raw / softcap) if softcap else raw
    log_p = z.log_softmax(1)
    entropy = -(log_p.exp() * log_p).sum(1)
    logp = log_p.gather(1, targets[:, None]).squeeze(1)
    loss = (slope * logp + pull * entropy).sum()
    return torch.autograd.grad(loss, raw)[0], logp.detach(), entropy.detach()


@pytest.mark.parametrize("softcap", [None, 5.0])
@pytest.mark.parametrize(
    ("dtype", "lift", "tolerance"),
    [(torch.float32, 1.0, 1e-6), (torch.bfloat16, 1.0, 1e-2), (torch.float16, 2.0**15, 2e-3)],
)
def test_against_float64(dtype, lift, tolerance, softcap):
    generator = torch.Generator().manual_seed(0)
    raw = 3 * torch.randn(ROWS, VOCABULARY, generator=generator)
    targets = torch.randint(0, VOCABULARY, (ROWS,), generator=generator)
    slope, pull = torch.randn(2, ROWS, generator=generator)
    wanted, logp, entropy = exact(raw, targets, slope, pull, softcap)
    head = Head(weight=torch.empty(VOCABULARY, 1), softcap=softcap)
    tile = torch.empty(ROWS, VOCABULARY, dtype=dtype)
    blocks = BlockStatistics.empty(ROWS, VOCABULARY, BLOCK, entropy=True, like=raw)
    for start in range(0, VOCABULARY, 2 * BLOCK):
        part = slice(start, start + 2 * BLOCK)
        kept = tile[:, part]
        torch_kernels.fold(raw[:, part].clone(), start, targets, head, blocks, kept, lift)
    rows = combine(blocks, lift)
    assert torch.allclose(rows.logp.double(), logp, atol=1e-6)
    assert torch.allclose(rows.entropy.double(), entropy, atol=1e-6)
    source = torch.tensor([0, 5, 2])  # row 1 is dead, and so are 3 and 4
    slopes = Slopes(logp=slope, entropy=pull, gain=4.0)
    torch_kernels.differentiate(tile, source, targets, head, rows, slopes)
    error = (tile[:3].double() / 4 - wanted[source]).abs().max() / wanted.abs().max()
    assert error < tolerance
