"""Random micro-batches with everything that goes wrong in them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for training_runs

torch = pytest.importorskip("torch")

from grpo_plugin.batch import Batch  # noqa: E402


@pytest.fixture(scope="session")
def draw():
    """`draw(seed, …) -> (logp, batch)`: six completions in groups of 3, 2 and 1.

    One row is masked whole, one has a single token, one has a hole (tool output); what stands
    outside the mask is NaN.
    """

    def make(
        seed,
        *,
        dtype=torch.float64,
        shift=0.3,
        on_policy=False,
        per_token_advantages=False,
        **fields,
    ):
        gen = torch.Generator().manual_seed(seed)

        def normal(*shape):
            return torch.randn(*shape, generator=gen, dtype=torch.float64).to(dtype)

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
        logp = -0.05 - 2 * normal(6, 5).abs()
        advantages = normal(6, 5) if per_token_advantages else normal(6, 1).expand(6, 5).clone()
        holes = mask == 0

        def per_token(values):
            return values.masked_fill(holes, torch.nan)

        values = {
            "advantages": per_token(advantages),
            "mask": mask,
            "old_logp": None if on_policy else per_token(logp + shift * normal(6, 5)),
            "ref_logp": per_token(logp + 0.5 * normal(6, 5)),
            "entropy": per_token(normal(6, 5).abs()),
            "rewards": torch.tensor([1.0, 0.0, 0.5, 1.0, torch.nan, 1.0], dtype=dtype),
            "group": torch.tensor([7, 3, 7, 3, 7, -1]),
            "max_length": 9,
            "seed": seed,
        }
        return per_token(logp), Batch(**(values | fields))

    return make
