import math

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.objectives import SamplerCorrection, sampler_correction  # noqa: E402

OLD = torch.tensor([[-1.0, -2.0, -0.5], [-1.0, -1.0, -1.0]], dtype=torch.float64)
SAMPLER = torch.tensor([[-1.5, -1.0, 9.0], [-1.0, torch.nan, -3.0]], dtype=torch.float64)
MASK = torch.tensor([[1, 1, 0], [1, 1, 1]])


@pytest.mark.parametrize("lower", [None, 0.5])
@pytest.mark.parametrize("upper", [None, 2.0])
@pytest.mark.parametrize("mode", list(SamplerCorrection))
def test_each_mode(mode, upper, lower):
    if "truncate" in mode.value and upper is None and lower is None:
        with pytest.raises(ValueError, match="needs lower or upper"):
            sampler_correction(OLD, SAMPLER, MASK, mode=mode, lower=lower, upper=upper)
        return
    got = sampler_correction(OLD, SAMPLER, MASK, mode=mode, lower=lower, upper=upper)
    logs = [[0.5, -1.0, 0.0], [0.0, 0.0, 2.0]]  # a NaN of the sampler counts as no difference
    if "sequence" in mode.value:
        logs = [[sum(row)] for row in logs]
    for row, wanted in zip(got.tolist(), logs, strict=True):
        for value, log in zip(row, wanted, strict=True):
            ratio = math.exp(log)
            low = -math.inf if lower is None else lower
            high = math.inf if upper is None else upper
            if "truncate" in mode.value:
                assert value == pytest.approx(min(max(ratio, low), high))
            else:
                assert value == pytest.approx(ratio if low <= ratio <= high else 0.0)
