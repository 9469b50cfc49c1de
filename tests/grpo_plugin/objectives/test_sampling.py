import math

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.objectives import (  # noqa: E402
    SamplerCorrection,
    sampler_correction,
    usual_bounds,
)

OLD = torch.tensor([[-1.0, -2.0, -0.5], [-1.0, -1.0, -1.0]], dtype=torch.float64)
SAMPLER = torch.tensor([[-1.5, -1.0, 9.0], [-1.0, torch.nan, -3.0]], dtype=torch.float64)
MASK = torch.tensor([[1, 1, 0], [1, 1, 1]])


@pytest.mark.parametrize("lower", [None, 0.5])
@pytest.mark.parametrize("upper", [None, 2.0])
@pytest.mark.parametrize("mode", [mode for mode in SamplerCorrection if mode.value != "kpop"])
def test_each_mode(mode, upper, lower):
    if "truncate" in mode.value and upper is None and lower is None:
        with pytest.raises(ValueError, match="needs lower or upper"):
            sampler_correction(OLD, SAMPLER, MASK, mode=mode, lower=lower, upper=upper)
        return
    got = sampler_correction(OLD, SAMPLER, MASK, mode=mode, lower=lower, upper=upper)
    logs = [[0.5, -1.0, 0.0], [0.0, 0.0, 2.0]]  # a NaN of the sampler counts as no difference
    if "sequence" in mode.value:
        logs = [[sum(row)] for row in logs]
    if "geometric" in mode.value:
        logs = [[-0.5 / 2], [2.0 / 3]]
    for row, wanted in zip(got.tolist(), logs, strict=True):
        for value, log in zip(row, wanted, strict=True):
            ratio = math.exp(log)
            low = -math.inf if lower is None else lower
            high = math.inf if upper is None else upper
            if "truncate" in mode.value:
                assert value == pytest.approx(min(max(ratio, low), high))
            else:
                kept = 1.0 if "reject" in mode.value else ratio
                assert value == pytest.approx(kept if low <= ratio <= high else 0.0)


@pytest.mark.parametrize("upper", [None, 0.1, 0.3])
def test_kpop_looks_both_ways(upper):
    got = sampler_correction(OLD, SAMPLER, MASK, mode="kpop", upper=upper)

    def distance(one, other):
        p, q = math.exp(one), math.exp(other)
        return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))

    for i in range(2):
        for t in range(3):
            old, sampler = float(OLD[i, t]), float(SAMPLER[i, t])
            if upper is None or not MASK[i, t] or math.isnan(sampler):
                assert got[i, t] == 1
            else:
                apart = max(distance(old, sampler), distance(sampler, old))
                assert got[i, t] == float(apart <= upper)
    assert upper != 0.1 or got.tolist() == [[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]


def test_icepop_is_a_token_mask_by_its_papers_numbers():
    lower, upper = usual_bounds("icepop")
    assert (lower, upper) == (0.5, 5.0)
    assert torch.equal(
        sampler_correction(OLD, SAMPLER, MASK, mode="icepop", lower=lower, upper=upper),
        sampler_correction(OLD, SAMPLER, MASK, mode="token_mask", lower=0.5, upper=5.0),
    )
