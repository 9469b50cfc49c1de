"""DeepSeekMath section 5.2.1: each paradigm's coefficient is what its loss differentiates to."""

import math

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.objectives import (  # noqa: E402
    ObjectiveConfig,
    gradient_coefficient,
    paradigm_coefficient,
    resolve,
)

LOSSES = {
    "sft": "sft",
    "rft": "rft",
    "online_rft": "online_rft",
    "dpo": "dpo",
    "ppo": "grpo",  # with token advantages and no KL; eq. 1 of the paper averages per output
    "grpo": "grpo",
}


def appendix(paradigm, logp, batch, config):
    """GC(q, o, t) in loops, from appendix A.1."""
    rewards, group = batch.rewards.tolist(), batch.group.tolist()
    live = [[t for t, on in enumerate(row) if on] for row in batch.live.tolist()]
    found = torch.zeros_like(batch.advantages)

    def log_ratio(i):
        ratios = [float(logp[i, t] - batch.ref_logp[i, t]) for t in live[i]]
        return sum(ratios) / len(ratios)

    for i, places in enumerate(live):
        for t in places:
            advantage = float(batch.advantages[i, t])
            if paradigm == "sft":
                gc = 1.0
            elif paradigm in ("rft", "online_rft"):
                gc = 1.0 if rewards[i] > 0.5 else 0.0
            elif paradigm == "ppo":
                gc = advantage
            elif paradigm == "grpo":
                ratio = math.exp(float(batch.ref_logp[i, t] - logp[i, t]))
                gc = advantage + config.beta * (ratio - 1)
            else:
                peers = [j for j in range(len(group)) if group[j] == group[i]]
                usable = [j for j in peers if live[j]]
                pairs = [(a, b) for a in usable for b in usable if rewards[a] > rewards[b]]
                gc = 0.0
                for plus, minus in pairs:
                    gap = config.dpo_beta * (log_ratio(minus) - log_ratio(plus))
                    sigma = 1 / (1 + math.exp(-gap))
                    sign = (plus == i) - (minus == i)
                    gc += sign * config.dpo_beta * sigma * len(peers) / len(pairs)
            found[i, t] = gc
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("paradigm", LOSSES)
def test_coefficient(draw, paradigm, seed):
    logp, batch = draw(seed, on_policy=True, per_token_advantages=paradigm == "ppo")
    config = ObjectiveConfig(beta=0.4 if paradigm == "grpo" else 0.0, dpo_beta=0.7)
    gc = appendix(paradigm, logp, batch, config)
    per_output = batch.mask * gc / batch.lengths / 6
    got = gradient_coefficient(resolve(LOSSES[paradigm]), logp, batch, config)
    torch.testing.assert_close(got, -torch.nan_to_num(per_output))
    table = paradigm_coefficient(paradigm, logp, batch, config)
    torch.testing.assert_close(table[batch.live], gc[batch.live])


def test_dpo_is_rafailovs_loss_for_one_pair(draw):
    """With completions of length one, mean and sum over tokens are the same."""
    logp = torch.tensor([[-1.0], [-2.0]], dtype=torch.float64)
    _, batch = draw(0)
    batch = type(batch)(
        advantages=torch.zeros_like(logp),
        mask=torch.ones(2, 1),
        ref_logp=torch.tensor([[-1.5], [-1.2]], dtype=torch.float64),
        rewards=torch.tensor([1.0, 0.0], dtype=torch.float64),
        group=torch.tensor([0, 0]),
    )
    margin = 0.3 * ((-1.0 + 1.5) - (-2.0 + 1.2))
    got = resolve("dpo")(logp, batch, ObjectiveConfig(dpo_beta=0.3))
    assert float(got) == pytest.approx(math.log(1 + math.exp(-margin)))
