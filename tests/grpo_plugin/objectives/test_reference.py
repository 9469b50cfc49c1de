"""Every objective against plain Python loops in float64, written from the papers.

A reference computes the loss from lists of floats; `frozen` are the log-probs that a stop-gradient
sees. Gradients are central differences of the reference, with `frozen` held fixed.
"""

import math
import sys
from dataclasses import replace
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from grpo_plugin.objectives import (  # noqa: E402
    ObjectiveConfig,
    available,
    closed_form_coefficient,
    gradient_coefficient,
    resolve,
)

STEP = 1e-5


class Reader:
    """The batch as loops want it: per row, the positions that are live, and their numbers."""

    def __init__(self, logp, frozen, batch, config):
        self.logp, self.frozen, self.config, self.batch = logp, frozen, config, batch
        self.live = [[t for t, on in enumerate(row) if on] for row in batch.live.tolist()]
        self.adv = batch.advantages.tolist()
        self.old = frozen if batch.old_logp is None else batch.old_logp.tolist()
        self.ref = batch.ref_logp.tolist()
        self.low = config.clip_low
        self.high = config.clip_low if config.clip_high is None else config.clip_high

    def change(self, i, t):
        return self.logp[i][t] - self.old[i][t]

    def total(self, i):
        return sum(self.change(i, t) for t in self.live[i])

    def surrogate(self, ratio, advantage):
        clipped = min(max(ratio, 1 - self.low), 1 + self.high)
        free = ratio if self.config.delta is None else min(ratio, self.config.delta)
        return min(free * advantage, clipped * advantage)


def token_ratio(r, i, t):
    return math.exp(r.change(i, t))


def mean_ratio(r, i):
    return math.exp(r.total(i) / len(r.live[i]))


# What each paper maximises, for token t of completion i.


def clipped_token(r, i, t):
    return r.surrogate(token_ratio(r, i, t), r.adv[i][t])


def dual_clip(r, i, t):
    advantage = r.adv[i][t]
    value = clipped_token(r, i, t)
    return max(value, r.config.dual_clip * advantage) if advantage < 0 else value


def cispo(r, i, t):
    weight = math.exp(r.frozen[i][t] - r.old[i][t])
    return min(weight, r.config.cispo_cap) * r.adv[i][t] * r.logp[i][t]


def sapo(r, i, t):
    advantage = r.adv[i][t]
    tau = r.config.sapo_tau_pos if advantage > 0 else r.config.sapo_tau_neg
    return 4 / tau / (1 + math.exp(-tau * (token_ratio(r, i, t) - 1))) * advantage


def score(r, i, t):
    return r.adv[i][t] * r.logp[i][t]


def whole_output(r, i, t):
    return r.surrogate(math.exp(r.total(i)), r.adv[i][t])


def gspo(r, i, t):
    return r.surrogate(mean_ratio(r, i), r.adv[i][t])


def gspo_token(r, i, t):
    frozen = math.exp(fmean(r.frozen[i][s] - r.old[i][s] for s in r.live[i]))
    ratio = frozen * math.exp(r.logp[i][t]) / math.exp(r.frozen[i][t])
    return r.surrogate(ratio, r.adv[i][t])


def gmpo(r, i, t):
    advantage = fmean(r.adv[i][s] for s in r.live[i])
    sign = 1 if advantage > 0 else -1
    product = 1.0
    for s in r.live[i]:
        ratio = token_ratio(r, i, s)
        clipped = min(max(ratio, math.exp(-r.low)), math.exp(r.high))
        product *= min(ratio**sign, clipped**sign) ** sign
    return product ** (1 / len(r.live[i])) * advantage


def vespo(r, i, t):
    log_w = sum(r.frozen[i][s] - r.old[i][s] for s in r.live[i])
    c, advantage = r.config, r.adv[i][t]
    k, lam = (c.vespo_k_pos, c.vespo_lambda_pos)
    if advantage < 0:
        k, lam = c.vespo_k_neg, c.vespo_lambda_neg
    w = math.exp(min(max(log_w, math.log(1e-8)), 20))
    return math.exp(lam) * w**k * math.exp(-lam * w) * advantage * r.logp[i][t]


def sft(r, i, t):
    return r.logp[i][t]


def rft(r, i, t):
    return float(r.batch.rewards[i] > r.config.correct_above) * r.logp[i][t]


def dpo(r, i, t):
    """The mean over the pairs of i's group with i preferred, as i's part of the group's mean."""
    rewards, group = r.batch.rewards.tolist(), r.batch.group.tolist()

    def margin(j):
        return r.config.dpo_beta * fmean(r.logp[j][s] - r.ref[j][s] for s in r.live[j])

    peers = [j for j in range(len(group)) if group[j] == group[i]]
    usable = [j for j in peers if r.live[j]]
    pairs = [(a, b) for a in usable for b in usable if rewards[a] > rewards[b]]
    mine = [math.log(1 / (1 + math.exp(margin(b) - margin(a)))) for a, b in pairs if a == i]
    return len(peers) * sum(mine) / max(len(pairs), 1)


def kl_cov(r, i, t):
    tokens = [(a, s) for a, row in enumerate(r.live) for s in row]
    logps, gains = [r.frozen[a][s] for a, s in tokens], [r.adv[a][s] for a, s in tokens]
    cov = [(p - fmean(logps)) * (g - fmean(gains)) for p, g in zip(logps, gains, strict=True)]
    count = max(1, math.floor(r.config.cov_fraction * len(tokens)))
    chosen = sorted(range(len(tokens)), key=lambda n: -cov[n])[:count]
    penalty = (
        r.config.cov_kl_coef * abs(r.change(i, t)) if (i, t) in [tokens[n] for n in chosen] else 0.0
    )
    return token_ratio(r, i, t) * r.adv[i][t] - penalty


def dppo_weight(r, i, t):
    return min(math.exp(r.frozen[i][t] - r.old[i][t]), r.config.dppo_cap)


def dppo_tv(r, i, t):
    change = math.exp(r.frozen[i][t]) - math.exp(r.old[i][t])
    advantage, c = r.adv[i][t], r.config
    masked = change > c.dppo_high if advantage > 0 else change < -c.dppo_low
    return 0.0 if masked else dppo_weight(r, i, t) * advantage * r.logp[i][t]


def dppo_kl(r, i, t):
    p, q, advantage = math.exp(r.old[i][t]), math.exp(r.frozen[i][t]), r.adv[i][t]
    not_p, not_q = (max(1 - x, sys.float_info.min) for x in (p, q))  # noise draws p above 1
    distance = p * math.log(p / q) + not_p * math.log(not_p / not_q)
    outward = q > p if advantage > 0 else q < p
    masked = outward and distance > r.config.dppo_kl
    return 0.0 if masked else dppo_weight(r, i, t) * advantage * r.logp[i][t]


def dro(r, i, t):
    return r.adv[i][t] * r.logp[i][t] - r.config.dro_beta / 2 * r.change(i, t) ** 2


def m2po(r, i, t):
    """Drop one token after another, as the paper's algorithm does."""
    squares = {
        (a, s): (r.frozen[a][s] - r.old[a][s]) ** 2 for a, row in enumerate(r.live) for s in row
    }
    outward = [
        (a, s)
        for a, s in squares
        if (r.frozen[a][s] > r.old[a][s] and r.adv[a][s] > 0)
        or (r.frozen[a][s] < r.old[a][s] and r.adv[a][s] < 0)
    ]
    while outward and fmean(squares.values()) > r.config.m2po_bound:
        worst = max(outward, key=squares.__getitem__)
        outward.remove(worst)
        del squares[worst]
        if not squares:
            break
    return token_ratio(r, i, t) * r.adv[i][t] if (i, t) in squares else 0.0


def fipo(r, i, t):
    ahead = r.live[i][r.live[i].index(t) :]
    future = sum(
        r.config.fipo_decay**n * (r.frozen[i][s] - r.old[i][s]) for n, s in enumerate(ahead)
    )
    weight = min(max(math.exp(future), r.config.fipo_low), r.config.fipo_high)
    return weight * clipped_token(r, i, t)


PER_SEQUENCE, TOKENS, SUMMED, FIXED = "1/(N|o|)", "1/M", "1/N", "1/(N L)"
REFERENCES = {
    "grpo": (clipped_token, PER_SEQUENCE),
    "bnpo": (clipped_token, TOKENS),
    "dr_grpo": (clipped_token, FIXED),
    "dapo": (clipped_token, TOKENS),
    "ppo_clip": (clipped_token, TOKENS),
    "dual_clip": (dual_clip, TOKENS),
    "cispo": (cispo, TOKENS),
    "sapo": (sapo, PER_SEQUENCE),
    "gpg": (score, TOKENS),
    "reinforce": (score, SUMMED),
    "sequence_grpo": (whole_output, PER_SEQUENCE),
    "gspo": (gspo, PER_SEQUENCE),
    "gspo_token": (gspo_token, PER_SEQUENCE),
    "gmpo": (gmpo, PER_SEQUENCE),
    "luspo": (gspo, SUMMED),
    "vespo": (vespo, TOKENS),
    "sft": (sft, PER_SEQUENCE),
    "rft": (rft, PER_SEQUENCE),
    "online_rft": (rft, PER_SEQUENCE),
    "dpo": (dpo, PER_SEQUENCE),
    "kl_cov": (kl_cov, TOKENS),
    "dppo_tv": (dppo_tv, TOKENS),
    "dppo_kl": (dppo_kl, TOKENS),
    "dro": (dro, TOKENS),
    "m2po": (m2po, TOKENS),
    "fipo": (fipo, TOKENS),
}
CHOSEN_AT_RANDOM = {"clip_cov"}  # see test_covariance.py


def divergence(r, i, t, *, whole):
    places = r.live[i] if whole else [t]
    d = sum(r.logp[i][s] - r.ref[i][s] for s in places)
    frozen = sum(r.frozen[i][s] - r.ref[i][s] for s in places)
    k3, frozen_k3 = math.exp(-d) - 1 + d, math.exp(-frozen) - 1 + frozen
    return {
        "k1": d,
        "k2": d * d / 2,
        "k3": k3,
        "abs": abs(d),
        "k1_st": d * d / 2 + frozen - frozen * frozen / 2,
        "k3_st": d * d / 2 + frozen_k3 - frozen * frozen / 2,
    }[r.config.kl.value]


def constant_factor(r, i, t):
    """Off-policy dropping (DeepSeek-V3.2 eq. 9), token weights and sampler correction."""
    factor, batch = 1.0, r.batch
    if r.config.off_policy_threshold is not None:
        sampler = r.old if batch.sampling_logp is None else batch.sampling_logp.tolist()
        drift = fmean(sampler[i][s] - r.frozen[i][s] for s in r.live[i])
        if r.adv[i][t] < 0 and drift > r.config.off_policy_threshold:
            factor = 0.0
    if batch.policy_weight is not None:
        factor *= float(batch.policy_weight[i, t])
    if batch.sampling_ratio is not None:
        factor *= float(batch.sampling_ratio.expand_as(batch.mask)[i, t])
    return factor


def reference_loss(name, logp, frozen, batch, config):
    objective = resolve(name)
    settled = objective.settle(config)
    r = Reader(logp, frozen, batch, config)
    gain, how = REFERENCES[name]
    count = len(r.live)
    tokens = sum(map(len, r.live))
    loss = 0.0
    for i, live in enumerate(r.live):
        for t in live:
            weight = {
                PER_SEQUENCE: 1 / (count * len(live)),
                TOKENS: 1 / tokens,
                SUMMED: 1 / count,
                FIXED: 1 / (count * batch.max_length),
            }[how]
            term = gain(r, i, t) * constant_factor(r, i, t)
            if config.beta:
                kl = divergence(r, i, t, whole=settled.kl_level.value == "sequence")
                if config.kl_weighted:
                    level = settled.ratio_level.value
                    total = r.change(i, t) if level == "token" else r.total(i)
                    kl *= math.exp(total / (len(live) if level == "sequence_mean" else 1))
                term -= config.beta * kl
            loss -= weight * term
    return loss


def assert_matches(name, logp, batch, config):
    numbers = torch.nan_to_num(logp).tolist()
    got = resolve(name)(logp, batch, config)
    wanted = reference_loss(name, numbers, numbers, batch, config)
    assert float(got) == pytest.approx(wanted, rel=1e-10, abs=1e-12)
    slope = gradient_coefficient(resolve(name), logp, batch, config)
    for i, row in enumerate(batch.live.tolist()):
        for t, live in enumerate(row):
            if not live:
                assert slope[i, t] == 0
                continue
            sides = []
            for step in (STEP, -STEP):
                moved = [list(values) for values in numbers]
                moved[i][t] += step
                sides.append(reference_loss(name, moved, numbers, batch, config))
            difference = (sides[0] - sides[1]) / (2 * STEP)
            assert float(slope[i, t]) == pytest.approx(difference, rel=1e-6, abs=1e-8), (i, t)


def test_every_objective_has_a_reference():
    assert set(REFERENCES) | CHOSEN_AT_RANDOM == set(available())


@pytest.mark.parametrize("name", REFERENCES)
@settings(max_examples=4, deadline=None, derandomize=True)  # a corner can lie within STEP
@given(seed=st.integers(0, 2**30))
def test_value_and_gradient(draw, name, seed):
    logp, batch = draw(seed, per_token_advantages=True)
    assert_matches(name, logp, batch, resolve(name).defaults)


@pytest.mark.parametrize("name", sorted(set(REFERENCES) - {"kl_cov"}))
def test_on_policy(draw, name):
    logp, batch = draw(5, on_policy=True)
    assert_matches(name, logp, batch, ObjectiveConfig())


@pytest.mark.parametrize("name", ["grpo", "dapo", "sequence_grpo", "gspo", "luspo", "dr_grpo"])
def test_two_sided_clipping(draw, name):
    logp, batch = draw(7, shift=0.8)
    assert_matches(name, logp, batch, ObjectiveConfig(clip_low=0.1, clip_high=0.3, delta=1.5))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "name",
    [
        *("cispo", "gmpo", "grpo", "gspo", "sapo", "vespo"),
        *("dppo_tv", "dppo_kl", "dro", "m2po", "fipo"),
    ],
)
def test_far_from_the_old_policy(draw, name, seed):
    logp, batch = draw(seed, shift=3.0)
    assert_matches(name, logp, batch, resolve(name).defaults)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sampler", [False, True])
@pytest.mark.parametrize("name", ["grpo", "dapo", "cispo", "sequence_grpo", "gspo", "luspo"])
def test_dropping_and_weighting(draw, name, sampler, seed):
    logp, batch = draw(seed, per_token_advantages=True)
    numbers = torch.linspace(0.1, 2, 30, dtype=torch.float64).view(6, 5)
    batch = replace(batch, policy_weight=numbers, sampling_ratio=numbers[:, 2:3].clone())
    if sampler:
        batch = replace(batch, sampling_logp=logp + 0.2 * (numbers - 1))
    config = ObjectiveConfig(off_policy_threshold=0.1, beta=0.1)
    assert_matches(name, logp, batch, config)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("level", ["token", "sequence"])
@pytest.mark.parametrize("kl", ["k1", "k2", "k3", "abs", "k1_st", "k3_st"])
@pytest.mark.parametrize("name", ["grpo", "sequence_grpo", "gspo"])
def test_kl_in_the_loss(draw, name, kl, level, weighted):
    logp, batch = draw(3)
    config = ObjectiveConfig(beta=0.7, kl=kl, kl_level=level, kl_weighted=weighted)
    assert_matches(name, logp, batch, config)


@pytest.mark.parametrize("name", ["grpo", "cispo", "sapo", "dapo", "luspo", "bnpo", "dr_grpo"])
@pytest.mark.parametrize("level", ["token", "sequence_mean", "sequence_sum"])
def test_ratio_level_is_an_option(draw, name, level):
    logp, batch = draw(11)
    whole = {"token": "grpo", "sequence_mean": "gspo", "sequence_sum": "sequence_grpo"}[level]
    config = ObjectiveConfig(ratio_level=level)
    if name == "grpo":
        torch.testing.assert_close(
            gradient_coefficient(resolve("grpo"), logp, batch, config),
            gradient_coefficient(resolve(whole), logp, batch, ObjectiveConfig()),
        )
    assert torch.isfinite(resolve(name)(logp, batch, config))


def test_dual_clip_is_two_sided_clipping_by_another_name(draw):
    logp, batch = draw(13, shift=1.5)
    torch.testing.assert_close(
        resolve("dual_clip")(logp, batch, ObjectiveConfig(dual_clip=1.7)),
        resolve("ppo_clip")(logp, batch, ObjectiveConfig(delta=1.7)),
    )


HOW = {"sequence_mean": PER_SEQUENCE, "token_mean": TOKENS, "sequence_sum": SUMMED}


@pytest.mark.parametrize("how", [*HOW, "fixed_length", "token_sum", "micro_batch_token_mean"])
def test_aggregation_is_an_option(draw, how, monkeypatch):
    logp, batch = draw(12)
    config = ObjectiveConfig(aggregation=how, beta=0.2)
    found = resolve("grpo")(logp, batch, config)
    summed = HOW.get(how, FIXED if how == "fixed_length" else TOKENS)
    monkeypatch.setitem(REFERENCES, "grpo", (clipped_token, summed))
    numbers = torch.nan_to_num(logp).tolist()
    wanted = reference_loss("grpo", numbers, numbers, batch, config)
    factor = float(batch.live.sum()) if how == "token_sum" else 1.0
    assert float(found) == pytest.approx(factor * wanted, rel=1e-10)
    closed = closed_form_coefficient(resolve("grpo"), logp, batch, config)
    torch.testing.assert_close(closed, gradient_coefficient(resolve("grpo"), logp, batch, config))


def test_m2po_drops_no_more_than_it_must(draw):
    """The mean of what is kept is under the bound, and one token fewer dropped is over it."""
    for seed in range(20):
        logp, batch = draw(seed, shift=1.0, per_token_advantages=True)
        slope = gradient_coefficient(resolve("m2po"), logp, batch, ObjectiveConfig(m2po_bound=0.5))
        square = torch.where(batch.live, (logp - batch.old_logp) ** 2, torch.zeros(()).double())
        outward = batch.live & ((logp - batch.old_logp) * batch.advantages > 0)
        dropped = batch.live & (slope == 0)
        assert (outward | ~dropped).all()
        kept = square[batch.live & ~dropped]
        assert kept.mean() <= 0.5 or not (outward & ~dropped).any()
        if dropped.any():
            back = torch.cat([kept, square[dropped].min()[None]])
            assert back.mean() > 0.5
            spared = square[outward & ~dropped]
            assert not len(spared) or square[dropped].min() >= spared.max()
