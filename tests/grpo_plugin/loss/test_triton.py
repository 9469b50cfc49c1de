"""The Triton kernels, interpreted on the CPU, against float64."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

from grpo_plugin.loss import fused_logps, kernels, tiling  # noqa: E402
from grpo_plugin.objectives import ObjectiveConfig  # noqa: E402

pytestmark = pytest.mark.skipif(
    torch.cuda.is_available(), reason="the kernels run compiled here: see benchmarks.loss"
)
TERMS = ObjectiveConfig(beta=0.1, entropy_coef=0.1)
TOLERANCE = {torch.float32: 2e-6, torch.bfloat16: 6e-3, torch.float16: 1e-3}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Several blocks a row, and several slices."""
    monkeypatch.setattr(kernels, "_INTERPRETED", (32, 1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("full_head", [False, True])
@pytest.mark.parametrize(
    ("name", "config", "memory_mb"),
    [("grpo", None, None), ("dapo", TERMS, 0.004), ("sequence_grpo", TERMS, 0.004)],
)
def test_against_float64(pose, assert_same, dtype, full_head, name, config, memory_mb):
    problem = pose(1, dtype=dtype, full_head=full_head, vocabulary=131, dead=(0,), width=8)
    plain, fused = problem.solve_both(
        name, config, memory_mb=memory_mb, entropy=True, backend="triton"
    )
    assert_same(plain, fused, TOLERANCE[dtype])
    assert torch.allclose(fused.logp.double(), plain.logp, rtol=0, atol=2e-6)
    assert torch.allclose(fused.entropy.double(), plain.entropy, rtol=0, atol=1e-5)


@pytest.mark.parametrize("vocabulary", [1, 31, 32, 33, 97])
def test_ragged_vocabularies(pose, assert_same, vocabulary):
    problem = pose(2, dtype=torch.float32, vocabulary=vocabulary, full_head=True)
    plain, fused = problem.solve_both("dapo", TERMS, backend="triton")
    assert_same(plain, fused, 5e-6)


def test_both_twins_agree_on_compaction(pose):
    problem = pose(3, dtype=torch.float32, vocabulary=97, dead=(0, 4))
    config = ObjectiveConfig(clip_low=0.01)
    theirs = problem.fused("grpo", config, backend="torch")
    ours = problem.fused("grpo", config, backend="triton")
    assert ours.output.with_gradient == theirs.output.with_gradient < 16
    for left, right in zip(ours.gradients, theirs.gradients, strict=True):
        assert torch.allclose(left, right, rtol=1e-4, atol=1e-8)


def test_impossible_tokens_and_whole_blocks_of_them(pose):
    problem = pose(4, dtype=torch.float32, vocabulary=97, full_head=False)
    problem.bias = torch.zeros(97)
    problem.bias[:70] = -torch.inf
    problem.targets = problem.targets.clamp(min=70)
    ours = problem.fused("dapo", TERMS, backend="triton")
    theirs = problem.fused("dapo", TERMS, backend="torch")
    assert torch.allclose(ours.entropy, theirs.entropy, atol=1e-6)
    for left, right in zip(ours.gradients, theirs.gradients, strict=True):
        assert torch.isfinite(left).all()
        assert torch.allclose(left, right, rtol=1e-4, atol=1e-7)


def test_a_likely_target_keeps_its_small_gradient(pose, assert_same):
    """1 − p of a token of probability 0.9999 is lost in a bfloat16 p, but not here."""
    problem = pose(5, dtype=torch.bfloat16, vocabulary=40, on_policy=True, full_head=False)
    problem.bias = torch.zeros(40, dtype=torch.bfloat16)
    problem.bias[7], problem.targets[:] = 16.0, 7
    plain, fused = problem.solve_both("gpg", backend="triton")
    assert plain.logp.max() > -1e-4
    assert_same(plain, fused, 2e-2)


def test_triton_is_refused_where_it_cannot_serve(pose):
    with pytest.raises(ValueError, match="inputs are float64"):
        pose(6).fused("grpo", backend="triton")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_square_sums_and_slices_that_a_cache_holds(pose, monkeypatch, dtype):
    monkeypatch.setattr(tiling, "cache_of", lambda device: 2 * 3 * 4 * 32)
    problem = pose(6, dtype=dtype, vocabulary=131, width=8)
    plain = problem.plain("grpo")
    found = fused_logps(
        problem.hidden, problem.weight, problem.targets, square_sum=True, backend="triton",
        bias=problem.bias, **problem.head,
    )  # fmt: skip
    assert torch.allclose(found.logp.double(), plain.logp, rtol=0, atol=2e-6)
    assert torch.allclose(found.square_sum.double(), plain.square_sum, rtol=1e-5, atol=0)
