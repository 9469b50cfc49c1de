import math
from dataclasses import replace
from statistics import fmean

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.objectives import (  # noqa: E402
    ObjectiveConfig,
    available,
    objective_metrics,
    resolve,
)

CONFIG = ObjectiveConfig(clip_low=0.1, clip_high=0.2)


def live_tokens(batch):
    return [(i, t) for i, row in enumerate(batch.live.tolist()) for t, on in enumerate(row) if on]


def test_token_level(draw):
    logp, batch = draw(0, per_token_advantages=True)
    got = objective_metrics(resolve("grpo"), logp, batch, CONFIG)
    places = live_tokens(batch)
    ratio = {at: math.exp(float(logp[at] - batch.old_logp[at])) for at in places}
    gain = {at: float(batch.advantages[at]) for at in places}
    assert float(got["clip/low"]) == pytest.approx(
        fmean(ratio[at] < 0.9 and gain[at] < 0 for at in places)
    )
    assert float(got["clip/high"]) == pytest.approx(
        fmean(ratio[at] > 1.2 and gain[at] > 0 for at in places)
    )
    assert float(got["ratio/min"]) == pytest.approx(min(ratio.values()))
    assert float(got["ratio/max"]) == pytest.approx(max(ratio.values()))
    logs = torch.tensor([math.log(value) for value in ratio.values()], dtype=torch.float64)
    assert float(got["ratio/q50"]) == pytest.approx(math.exp(logs.quantile(0.5)))
    assert float(got["ratio/q99"]) == pytest.approx(math.exp(logs.quantile(0.99)))
    d = [float(logp[at] - batch.ref_logp[at]) for at in places]
    assert float(got["kl/k1"]) == pytest.approx(fmean(d))
    assert float(got["kl/k2"]) == pytest.approx(fmean(x * x / 2 for x in d))
    assert float(got["kl/k3"]) == pytest.approx(fmean(math.exp(-x) - 1 + x for x in d))
    assert float(got["kl/abs"]) == pytest.approx(fmean(abs(x) for x in d))
    assert float(got["entropy"]) == pytest.approx(fmean(float(batch.entropy[at]) for at in places))
    assert float(got["kept_tokens"]) == pytest.approx(16 / 30)
    # Groups: 7 has rewards 1, 0.5 and NaN; 3 has 0 and 1; -1 a single one.
    assert float(got["dead_groups"]) == pytest.approx(1 / 3)
    assert got["ratio_overflow"] == got["kl_overflow"] == 0


@pytest.mark.parametrize("name", ["sequence_grpo", "gspo", "luspo"])
def test_sequence_level_counts_completions(draw, name):
    logp, batch = draw(1)
    got = objective_metrics(resolve(name), logp, batch, CONFIG)
    ratios = []
    for i in (0, 1, 2, 4, 5):  # row 3 is masked
        changes = [
            float(logp[i, t] - batch.old_logp[i, t]) for a, t in live_tokens(batch) if a == i
        ]
        whole = sum(changes) if name == "sequence_grpo" else fmean(changes)
        ratios.append((math.exp(whole), float(batch.advantages[i, 0])))
    assert float(got["ratio/max"]) == pytest.approx(max(r for r, _ in ratios))
    assert float(got["clip/low"]) == pytest.approx(fmean(r < 0.9 and a < 0 for r, a in ratios))
    assert float(got["clip/high"]) == pytest.approx(fmean(r > 1.2 and a > 0 for r, a in ratios))


def test_overflows_are_counted(draw):
    logp, batch = draw(0, dtype=torch.float32)
    away = replace(batch, old_logp=logp - 30, ref_logp=logp + 10)
    got = objective_metrics(resolve("sequence_grpo"), logp, away)
    assert got["ratio_overflow"] == 5  # every completion that is live, the one-token one included
    assert got["kl_overflow"] == 4  # one token at 10 is below 20
    assert all(torch.isfinite(value) for value in got.values())
    assert objective_metrics(resolve("grpo"), logp, away)["ratio_overflow"] == 16


def test_cispo_and_gmpo_have_clips_of_their_own(draw):
    logp, batch = draw(3, per_token_advantages=True)
    places = live_tokens(batch)
    change = {at: float(logp[at] - batch.old_logp[at]) for at in places}
    got = objective_metrics(resolve("cispo"), logp, batch, ObjectiveConfig(cispo_cap=1.1))
    share = fmean(math.exp(change[at]) > 1.1 and batch.advantages[at] > 0 for at in places)
    assert float(got["clip/high"]) == pytest.approx(share)
    got = objective_metrics(resolve("gmpo"), logp, batch, ObjectiveConfig(clip_low=0.1))
    row = torch.where(batch.live, batch.advantages, 0).sum(1)
    share = fmean(change[at] > 0.1 and row[at[0]] > 0 for at in places)
    assert float(got["clip/high"]) == pytest.approx(share)


@pytest.mark.parametrize("name", available())
def test_every_objective_with_and_without_anything(draw, name):
    logp, batch = draw(0)
    full = objective_metrics(resolve(name), logp.requires_grad_(), batch)
    assert not any(value.requires_grad for value in full.values())
    assert all(value.dim() == 0 for value in full.values())
    bare = replace(batch, old_logp=None, ref_logp=None, entropy=None, rewards=None, group=None)
    left = objective_metrics(resolve(name), logp, bare)
    assert not {"entropy", "dead_groups", "kl/k1"} & set(left)
    dead = objective_metrics(resolve(name), logp, replace(batch, mask=batch.mask * 0))
    assert dead["kept_tokens"] == 0
    assert set(dead) == set(full)
