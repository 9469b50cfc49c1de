"""The fused loss as a function that autograd, autocast and users can do anything with."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.loss import fused_logps, fused_policy_loss  # noqa: E402
from grpo_plugin.objectives import ObjectiveConfig  # noqa: E402


def loss_of(problem, name="grpo", **options):
    def function(hidden, weight, bias=None):
        return fused_policy_loss(
            hidden, weight, problem.targets, name, problem.batch, bias=bias, **options
        ).loss

    return function


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("sapo", ObjectiveConfig(entropy_coef=0.3)),
        ("sequence_grpo", ObjectiveConfig(clip_low=0.9, clip_high=90.0, beta=0.1)),
        ("dpo", None),
    ],
)
def test_gradcheck(pose, name, config):
    problem = pose(1, vocabulary=11, width=3, full_head=True)
    function = loss_of(problem, name, config=config, memory_mb=0.03, **problem.head)
    assert torch.autograd.gradcheck(function, problem.leaves(), atol=1e-6)


def test_gradients_are_scaled_by_what_follows(pose):
    problem = pose(2)
    leaves = problem.leaves()
    once = torch.autograd.grad(loss_of(problem)(*leaves), leaves)
    thrice = torch.autograd.grad(loss_of(problem)(*leaves) * 3, leaves)
    for single, triple in zip(once, thrice, strict=True):
        assert torch.allclose(triple, 3 * single, rtol=1e-14)


def test_a_graph_that_is_kept_can_be_used_again(pose):
    problem = pose(3)
    leaves = problem.leaves()
    loss = loss_of(problem)(*leaves)
    first = torch.autograd.grad(2 * loss, leaves, retain_graph=True)
    copies = [gradient.clone() for gradient in first]
    second = torch.autograd.grad(10 * loss, leaves)
    for kept, copy, later in zip(first, copies, second, strict=True):
        assert torch.equal(kept, copy)
        assert torch.allclose(later, 5 * copy, rtol=1e-14)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_used_twice_in_one_sum(pose):
    problem = pose(4)
    leaves = problem.leaves()
    (wanted,) = torch.autograd.grad(loss_of(problem)(*leaves), leaves[1:])
    loss = loss_of(problem)(*leaves)
    (loss + 2 * loss + loss_of(problem)(*leaves)).backward()
    assert torch.allclose(leaves[1].grad, 4 * wanted, rtol=1e-13)


@pytest.mark.parametrize("frozen", [0, 1])
def test_only_what_needs_gradients_gets_them(pose, frozen):
    problem = pose(5)
    leaves = problem.leaves()
    wanted = torch.autograd.grad(loss_of(problem)(*leaves), leaves)
    leaves = problem.leaves()
    leaves[frozen].requires_grad_(False)
    loss_of(problem)(*leaves).backward()
    assert leaves[frozen].grad is None
    assert torch.allclose(leaves[1 - frozen].grad, wanted[1 - frozen], rtol=1e-14)


def test_without_graph(pose):
    problem = pose(6)
    leaves = problem.leaves()
    with torch.no_grad():
        silent = loss_of(problem)(*leaves)
    constant = loss_of(problem)(problem.hidden, problem.weight)
    with torch.inference_mode():
        inferred = loss_of(problem)(problem.hidden, problem.weight)
    graph = loss_of(problem)(*leaves)
    assert not silent.requires_grad
    assert not constant.requires_grad
    assert graph.requires_grad
    assert torch.equal(silent, graph)
    assert torch.equal(constant, graph)
    assert torch.equal(inferred, graph)


def test_tied_to_the_embeddings(pose):
    problem = pose(7)
    table = problem.weight.detach().requires_grad_()
    ids = problem.targets.roll(1)

    def total(table, head):
        hidden = torch.tanh(table[ids])
        return head(hidden, table)

    (fused,) = torch.autograd.grad(total(table, loss_of(problem)), [table])
    pair = [problem.weight.detach().requires_grad_() for _ in range(2)]
    hidden = torch.tanh(pair[0][ids])
    apart = torch.autograd.grad(loss_of(problem)(hidden, pair[1]), pair)
    assert torch.allclose(fused, apart[0] + apart[1], rtol=1e-13)


def test_strided_inputs(pose):
    problem = pose(8, full_head=True)
    wanted = torch.autograd.grad(loss_of(problem)(*(leaves := problem.leaves())), leaves)
    hidden, weight, bias = problem.leaves()
    wide = torch.stack([hidden, hidden], dim=1)[:, 0]
    loss = loss_of(problem)(wide, weight.t().contiguous().t(), torch.stack([bias] * 2, 1)[:, 0])
    for found, value in zip(torch.autograd.grad(loss, [hidden, weight, bias]), wanted, strict=True):
        assert torch.allclose(found, value, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_inputs(pose, assert_same, dtype):
    problem = pose(9, dtype=dtype, full_head=True)
    plain, fused = problem.solve_both("grpo", ObjectiveConfig(beta=0.1), entropy=True)
    assert fused.logp.dtype == torch.float32
    assert torch.allclose(fused.logp.double(), plain.logp, rtol=0, atol=1e-5)
    assert [gradient.dtype for gradient in fused.gradients] == [dtype] * 3
    assert_same(plain, fused, 2 * torch.finfo(dtype).eps)


def test_mixed_dtypes_are_widened(pose, assert_same):
    problem = pose(10, dtype=torch.float32)
    problem.hidden = problem.hidden.bfloat16()
    plain, fused = problem.solve_both("grpo")
    assert [gradient.dtype for gradient in fused.gradients] == [torch.bfloat16, torch.float32]
    fused.gradients[0] = fused.gradients[0].to(torch.float32)
    assert_same(plain, replace(fused), 1e-2)
    assert torch.allclose(fused.gradients[1].double(), plain.gradients[1], rtol=1e-3, atol=1e-7)


def test_autocast_changes_nothing_on_a_cpu(pose):
    problem = pose(11, dtype=torch.float32)
    leaves = problem.leaves()
    outside = torch.autograd.grad(loss_of(problem)(*leaves), leaves)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = torch.autograd.grad(loss_of(problem)(*leaves), leaves)
        alone = fused_logps(problem.hidden, problem.weight, problem.targets)
    for wanted, found in zip(outside, inside, strict=True):
        assert torch.equal(wanted, found)
    assert alone.logp.dtype == torch.float32


def test_float16_gradients_survive_until_the_loss_scale(pose):
    problem = pose(12, dtype=torch.float16)
    batch = replace(problem.batch, advantages=problem.batch.advantages * 1e-6)
    problem.batch = batch
    plain = problem.plain("grpo")
    hidden, weight = problem.leaves()
    loss = fused_policy_loss(hidden, weight, problem.targets, "grpo", batch).loss
    found = torch.autograd.grad(loss * 2.0**16, [hidden, weight])
    for gradient, wanted in zip(found, plain.gradients, strict=True):
        error = (gradient.double() / 2**16 - wanted).abs().max() / wanted.abs().max()
        assert error < 2e-3


def test_checkpointing_recomputes_it(pose):
    problem = pose(13)
    leaves = problem.leaves()
    wanted = torch.autograd.grad(loss_of(problem)(*leaves), leaves)
    for reentrant in (False, True):
        leaves = problem.leaves()
        loss = torch.utils.checkpoint.checkpoint(loss_of(problem), *leaves, use_reentrant=reentrant)
        loss.backward()
        for leaf, gradient in zip(leaves, wanted, strict=True):
            assert torch.allclose(leaf.grad, gradient, rtol=1e-14)
