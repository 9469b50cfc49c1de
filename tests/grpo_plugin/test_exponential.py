import math

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.exponential import LOG_RATIO_CAP, bounded_exp, bounded_expm1  # noqa: E402


@pytest.mark.parametrize("function", [bounded_exp, bounded_expm1])
def test_is_the_exponential_up_to_the_cap_and_its_tangent_beyond(function):
    x = torch.tensor([-500.0, -1.0, 0.0, 1e-9, 3.0, 20.0, 21.0, 88.8, 500.0], dtype=torch.float64)
    x.requires_grad_()
    value = function(x)
    value.sum().backward()
    less = 1.0 if function is bounded_expm1 else 0.0
    for at, got, slope in zip(x.tolist(), value.tolist(), x.grad.tolist(), strict=True):
        if at <= LOG_RATIO_CAP:
            true = math.expm1(at) if less else math.exp(at)
            assert got == pytest.approx(true, rel=1e-14)
            assert slope == pytest.approx(math.exp(at), rel=1e-14)
        else:
            edge = math.exp(LOG_RATIO_CAP)
            assert got == pytest.approx(edge * (1 + at - LOG_RATIO_CAP) - less, rel=1e-14)
            assert slope == pytest.approx(edge, rel=1e-14)


@pytest.mark.parametrize("x", [88.8, 500.0, 1e6, 3e38, -3e38])
def test_float32_stays_finite_and_rising(x):
    at = torch.tensor(x, requires_grad=True)
    value = bounded_exp(at, cap=5.0 if abs(x) > 1e20 else LOG_RATIO_CAP)
    value.backward()
    if x < 3e36:  # beyond, the tangent's own product overflows; no log-probs sum to that
        assert torch.isfinite(value)
    assert torch.isfinite(at.grad)
    assert at.grad > 0 or x < 0


def test_gradcheck():
    x = torch.linspace(-3, 6, 10, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda at: bounded_exp(at, cap=2.1), x)
    assert torch.autograd.gradcheck(lambda at: bounded_expm1(at, cap=2.1), x)
