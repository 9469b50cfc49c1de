"""Problems for the fused loss, and the plain way of solving them: all logits at once."""

from dataclasses import dataclass, field, replace

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.batch import Batch  # noqa: E402
from grpo_plugin.loss import fused_policy_loss  # noqa: E402
from grpo_plugin.objectives import resolve  # noqa: E402


@dataclass
class Solution:
    loss: torch.Tensor
    logp: torch.Tensor
    entropy: torch.Tensor
    gradients: list
    output: object = None
    square_sum: torch.Tensor | None = None


@dataclass
class Problem:
    hidden: torch.Tensor
    weight: torch.Tensor
    targets: torch.Tensor
    batch: Batch
    bias: torch.Tensor | None = None
    head: dict = field(default_factory=dict)

    def leaves(self, dtype=None):
        tensors = [t for t in (self.hidden, self.weight, self.bias) if t is not None]
        return [t.detach().to(dtype or t.dtype).requires_grad_() for t in tensors]

    def unflatten(self, values):
        live = self.batch.live
        return torch.zeros(live.shape, dtype=values.dtype).masked_scatter(live, values)

    def plain(self, objective, config=None, dtype=torch.float64):
        """The whole thing in float64 with a (N, V) tensor."""
        hidden, weight, *bias = leaves = self.leaves(dtype)
        objective = resolve(objective)
        z = (hidden @ weight.t() + (bias[0] if bias else 0)) * self.head.get("logit_scale", 1)
        if "softcap" in self.head:
            z = self.head["softcap"] * torch.tanh(z / self.head["softcap"])
        log_p = (z / self.head.get("temperature", 1)).log_softmax(1)
        logp = log_p.gather(1, self.targets[:, None]).squeeze(1)
        entropy = -(log_p.exp() * log_p).sum(1)
        batch = replace(self.batch, entropy=self.unflatten(entropy))
        loss = objective(self.unflatten(logp), batch, config)
        gradients = torch.autograd.grad(loss, leaves, allow_unused=True)
        gradients = [
            torch.zeros_like(t) if g is None else g for t, g in zip(leaves, gradients, strict=True)
        ]
        squares = log_p.detach().exp().square().sum(1)
        found = Solution(loss.detach(), logp.detach(), entropy.detach(), gradients)
        found.square_sum = squares
        return found

    def fused(self, objective, config=None, **options):
        hidden, weight, *bias = leaves = self.leaves()
        found = fused_policy_loss(
            hidden,
            weight,
            self.targets,
            objective,
            self.batch,
            config=config,
            bias=bias[0] if bias else None,
            **(self.head | options),
        )
        gradients = torch.autograd.grad(found.loss, leaves)
        return Solution(found.loss.detach(), found.logp, found.entropy, list(gradients), found)

    def solve_both(self, objective, config=None, **options):
        return self.plain(objective, config), self.fused(objective, config, **options)


FULL_HEAD = {"softcap": 3.0, "temperature": 0.7, "logit_scale": 1.3}


@pytest.fixture(scope="session")
def pose():
    """`pose(seed, …) -> Problem`: completions of 5, 1, 3, 0, 3 and 4 tokens, one with a hole."""

    def make(
        seed,
        *,
        dtype=torch.float64,
        vocabulary=301,
        width=16,
        dead=(),
        on_policy=False,
        full_head=False,
        spread=0.3,
        **fields,
    ):
        gen = torch.Generator().manual_seed(seed)

        def normal(*shape):
            return torch.randn(*shape, generator=gen, dtype=torch.float64)

        mask = torch.tensor(
            [
                [1, 1, 1, 1, 1],
                [1, 0, 0, 0, 0],
                [1, 1, 0, 1, 0],
                [0, 0, 0, 0, 0],
                [1, 1, 1, 0, 0],
                [1, 1, 1, 1, 0],
            ]
        )
        rows = int(mask.sum())
        wide = torch.float64 if dtype == torch.float64 else torch.float32
        problem = Problem(
            hidden=normal(rows, width).to(dtype),
            weight=(spread * normal(vocabulary, width)).to(dtype),
            targets=torch.randint(0, vocabulary, (rows,), generator=gen),
            batch=Batch(advantages=torch.zeros(mask.shape), mask=mask),
            bias=normal(vocabulary).to(dtype) if full_head else None,
            head=dict(FULL_HEAD) if full_head else {},
        )
        logp = problem.unflatten(problem.plain("reinforce").logp).to(wide)
        holes = mask == 0

        def per_token(values):
            return values.to(wide).masked_fill(holes, torch.nan)

        advantages = normal(6, 1).expand(6, 5).clone()
        advantages[list(dead)] = 0
        values = {
            "advantages": per_token(advantages),
            "mask": mask,
            "old_logp": None if on_policy else per_token(logp + 0.2 * normal(6, 5)),
            "ref_logp": per_token(logp + 0.3 * normal(6, 5)),
            "rewards": torch.tensor([1.0, 0.0, 0.5, 1.0, torch.nan, 1.0], dtype=wide),
            "group": torch.tensor([7, 3, 7, 3, 7, -1]),
            "max_length": 9,
            "seed": seed,
        }
        problem.batch = Batch(**(values | fields))
        return problem

    return make


@pytest.fixture(scope="session")
def assert_same():
    """Loss, log-probs of computed rows, entropies and gradients agree to a relative error."""

    def compare(plain, fused, tolerance):
        def close(found, wanted, name):
            error = float((found.double() - wanted.double()).abs().max()) if found.numel() else 0
            scale = float(wanted.abs().max()) if wanted.numel() else 1
            assert error <= tolerance * max(scale, 1e-3), f"{name}: {error} of {scale}"

        close(fused.loss, plain.loss, "loss")
        seen = fused.output.computed
        close(fused.logp[seen], plain.logp[seen], "logp")
        assert not fused.logp[~seen].any()
        if fused.entropy is not None:
            close(fused.entropy[seen], plain.entropy[seen], "entropy")
        for name, found, wanted in zip(
            ("hidden", "weight", "bias"), fused.gradients, plain.gradients, strict=False
        ):
            close(found, wanted, f"gradient of {name}")

    return compare
