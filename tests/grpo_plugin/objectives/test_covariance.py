from dataclasses import replace
from statistics import fmean

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.objectives import ObjectiveConfig, gradient_coefficient, resolve  # noqa: E402
from grpo_plugin.objectives.covariance import token_covariance  # noqa: E402

PLAIN = ObjectiveConfig(clip_low=0.2, clip_high=0.3)


def covariances(logp, batch):
    places = [(i, t) for i, row in enumerate(batch.live.tolist()) for t, on in enumerate(row) if on]
    p, a = [float(logp[at]) for at in places], [float(batch.advantages[at]) for at in places]
    return {at: (x - fmean(p)) * (y - fmean(a)) for at, x, y in zip(places, p, a, strict=True)}


def test_token_covariance(draw):
    logp, batch = draw(1, per_token_advantages=True)
    got = token_covariance(logp, batch)
    wanted = covariances(logp, batch)
    for at, value in wanted.items():
        assert float(got[at]) == pytest.approx(value, rel=1e-12)
    assert got.count_nonzero() == len(wanted)


@pytest.mark.parametrize("seed", range(6))
def test_clip_cov_drops_a_few_tokens_of_the_band_and_nothing_else(draw, seed):
    logp, batch = draw(seed, per_token_advantages=True)
    config = replace(PLAIN, cov_fraction=0.15, cov_low=0.1, cov_high=1.5)
    with_drop = gradient_coefficient(resolve("clip_cov"), logp, batch, config)
    without = gradient_coefficient(resolve("dapo"), logp, batch, PLAIN)
    dropped = (with_drop == 0) & (without != 0)
    assert torch.equal(with_drop[~dropped], without[~dropped])
    inside = {
        at
        for at, value in covariances(logp, batch).items()
        if 0.1 < value < 1.5 and without[at] != 0
    }
    assert {tuple(at) for at in dropped.nonzero().tolist()} <= inside
    assert int(dropped.sum()) == min(max(1, int(0.15 * int(batch.mask.sum()))), len(inside))


def test_clip_cov_is_decided_by_the_seed(draw):
    logp, batch = draw(0, per_token_advantages=True)
    config = replace(PLAIN, cov_fraction=0.2, cov_low=-9, cov_high=9)

    def choice(seed):
        return gradient_coefficient(resolve("clip_cov"), logp, replace(batch, seed=seed), config)

    assert torch.equal(choice(1), choice(1))
    assert len({tuple(choice(seed).flatten().tolist()) for seed in range(8)}) > 1


def test_clip_cov_draws_evenly(draw):
    logp, batch = draw(0, per_token_advantages=True)
    config = replace(PLAIN, clip_low=9.0, clip_high=9.0, cov_fraction=0.0625, cov_low=-9)
    config = replace(config, cov_high=9.0)
    times = torch.zeros(6, 5)
    for seed in range(400):
        got = gradient_coefficient(resolve("clip_cov"), logp, replace(batch, seed=seed), config)
        times += (got == 0) & batch.live
    drawn = times[batch.live] / 400
    assert drawn.sum() == pytest.approx(1.0)
    assert drawn.min() > 0.02
    assert drawn.max() < 0.12


def test_clip_cov_without_candidates_is_dapo(draw):
    logp, batch = draw(0)
    config = replace(PLAIN, cov_low=50, cov_high=99)
    torch.testing.assert_close(
        resolve("clip_cov")(logp, batch, config), resolve("dapo")(logp, batch, PLAIN)
    )


def test_kl_cov_penalises_the_highest(draw):
    logp, batch = draw(2, per_token_advantages=True)
    config = ObjectiveConfig(cov_fraction=0.2, cov_kl_coef=0.5)
    free = gradient_coefficient(resolve("dapo"), logp, batch, ObjectiveConfig(clip_low=99.0))
    got = gradient_coefficient(resolve("kl_cov"), logp, batch, config)
    cov = covariances(logp, batch)
    highest = sorted(cov, key=cov.get, reverse=True)[: int(0.2 * len(cov))]
    changed = {tuple(at) for at in (~torch.isclose(got, free)).nonzero().tolist()}
    assert changed == set(highest)
    for at in highest:
        side = torch.sign(logp[at] - batch.old_logp[at])
        assert float(got[at] - free[at]) == pytest.approx(0.5 * float(side) / len(cov))
