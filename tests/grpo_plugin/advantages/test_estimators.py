import math

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin import advantages  # noqa: E402
from grpo_plugin.advantages.estimators import OF_EVERY_REWARD  # noqa: E402

REWARDS = torch.tensor([1.0, 0.0, math.nan, 0.5, 1.0, 0.0], dtype=torch.float64)
GROUP = torch.tensor([2, 2, 2, 5, 5, 8])
LENGTHS = torch.tensor([3, 1, 2, 5, 4, 2])


def test_names():
    assert advantages.available() == (
        "batch_normalized",
        "dr_grpo",
        "gdpo",
        "gpg",
        "grpo",
        "maxrl",
        "opo",
        "pass_at_k",
        "reinforce_plus_plus",
        "reinforce_plus_plus_baseline",
        "rloo",
    )


@pytest.mark.parametrize("name", advantages.available())
def test_one_signature(name):
    options = {"k": 2} if name == "pass_at_k" else {}
    rewards = REWARDS[:, None] if name in OF_EVERY_REWARD else REWARDS
    got = advantages.resolve(name, **options)(rewards, GROUP, LENGTHS)
    assert got.shape == (6,)
    assert got[2] == 0
    assert torch.isfinite(got).all()


def test_the_functions_themselves():
    assert torch.equal(
        advantages.resolve("opo")(REWARDS, GROUP, LENGTHS),
        advantages.opo(REWARDS, GROUP, LENGTHS),
    )
    assert torch.equal(
        advantages.resolve("grpo", floor=1.0)(REWARDS, GROUP, LENGTHS),
        advantages.grpo(REWARDS, GROUP, floor=1.0),
    )


def test_reinforce_plus_plus_is_its_token_version_where_rows_are_constant():
    mask = torch.arange(5)[None, :] < LENGTHS[:, None]
    per_token = advantages.reinforce_plus_plus(REWARDS, mask)
    got = advantages.resolve("reinforce_plus_plus")(REWARDS, GROUP, LENGTHS)
    torch.testing.assert_close(advantages.spread_outcomes(got, mask), per_token)


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        ("grop", {}, "advantage 'grop' is unknown; choose one of batch_normalized, dr_grpo"),
        ("rloo", {"k": 3}, "advantage 'rloo' has no option 'k'; it has none"),
        ("grpo", {"k": 3}, "it has floor"),
        ("pass_at_k", {}, "advantage 'pass_at_k' needs the option 'k'"),
    ],
)
def test_says_what_is_wrong(name, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        advantages.resolve(name, **options)
