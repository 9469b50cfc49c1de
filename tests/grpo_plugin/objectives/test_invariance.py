"""How a window is split into micro-batches, rows or processes changes nothing but as declared."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.batch import Batch  # noqa: E402
from grpo_plugin.objectives import (  # noqa: E402
    Coupling,
    ObjectiveConfig,
    available,
    coefficients,
    coupling_of,
    resolve,
)

CONFIG = ObjectiveConfig(
    beta=0.2,
    clip_low=0.1,
    cov_fraction=0.2,
    cov_low=-9,
    cov_high=9,
    entropy_mean="window",
    m2po_bound=0.06,
)
COUPLED = {"bnpo", "clip_cov", "kl_cov", "dpo", "m2po"}


def split(batch, sizes, **counts):
    """True micro-batches: they know the window's counts and nothing of each other."""
    start, parts = 0, []
    for size in sizes:
        cut = {
            name: value[start : start + size] if isinstance(value, torch.Tensor) else value
            for name, value in batch.__dict__.items()
        }
        parts.append(
            replace(
                Batch(**cut),
                token_count=float(batch.mask.sum()),
                sequence_count=6.0,
                **counts,
            )
        )
        start += size
    return parts


def add_up(name, logp, parts, config):
    start, loss, slopes = 0, 0.0, []
    for part in parts:
        size = part.mask.shape[0]
        found = coefficients(resolve(name), logp[start : start + size], part, config)
        loss, start = loss + found.loss, start + size
        slopes.append(found.logp)
    return loss, torch.cat(slopes)


def test_what_couples_a_micro_batch_is_declared():
    assert {name for name in available() if not resolve(name).splits} == COUPLED


@pytest.mark.parametrize("sizes", [(2, 4), (1, 1, 1, 1, 1, 1), (3, 3)])
@pytest.mark.parametrize("name", sorted(set(available()) - COUPLED))
def test_micro_batches(draw, name, sizes):
    logp, batch = draw(3)
    config = replace(CONFIG, entropy_coef=0.3)
    whole = coefficients(resolve(name), logp, batch, config)
    loss, slope = add_up(name, logp, split(batch, sizes, accumulation=len(sizes)), config)
    torch.testing.assert_close(loss, whole.loss)
    torch.testing.assert_close(slope, whole.logp)


@pytest.mark.parametrize("name", sorted(set(available()) - COUPLED))
def test_processes_whose_gradients_are_averaged(draw, name):
    logp, batch = draw(3)
    whole = coefficients(resolve(name), logp, batch, CONFIG)
    loss, slope = add_up(name, logp, split(batch, (2, 4), world_size=2), CONFIG)
    torch.testing.assert_close(loss / 2, whole.loss)
    torch.testing.assert_close(slope / 2, whole.logp)


@pytest.mark.parametrize("name", sorted(COUPLED))
def test_coupled_ones_do_change(draw, name):
    logp, batch = draw(3)
    whole = coefficients(resolve(name), logp, batch, CONFIG)
    _, slope = add_up(name, logp, split(batch, (2, 4), accumulation=2), CONFIG)
    assert not torch.allclose(slope, whole.logp)


def test_dpo_does_not_change_where_no_group_is_cut(draw):
    logp, batch = draw(3)
    order = torch.tensor([0, 2, 4, 1, 3, 5])  # groups 7, 7, 7 | 3, 3, -1
    logp = logp[order]
    batch = Batch(
        **{
            name: value[order] if isinstance(value, torch.Tensor) else value
            for name, value in batch.__dict__.items()
        }
    )
    whole = coefficients(resolve("dpo"), logp, batch, CONFIG)
    loss, slope = add_up("dpo", logp, split(batch, (3, 3), accumulation=2), CONFIG)
    torch.testing.assert_close(loss, whole.loss)
    torch.testing.assert_close(slope, whole.logp)


ROW_BY_ROW = [name for name in available() if coupling_of(resolve(name)) is not Coupling.BATCH]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ROW_BY_ROW)
def test_rows_of_one_micro_batch(draw, name, weighted):
    """What the fused loss does with long batches; the micro-batch's own counts are kept."""
    logp, batch = draw(4)
    if weighted:
        weight = torch.linspace(0, 1, 30, dtype=torch.float64).view(6, 5)
        batch = replace(batch, policy_weight=weight)
    config = replace(CONFIG, entropy_coef=0.3, entropy_mean="micro_batch")
    whole = coefficients(resolve(name), logp, batch, config)
    parts = [batch.rows(0, 1), batch.rows(1, 4), batch.rows(4, 6)]
    loss, slope = add_up(name, logp, parts, config)
    torch.testing.assert_close(loss, whole.loss)
    torch.testing.assert_close(slope, whole.logp)


@pytest.mark.parametrize("name", available())
def test_padding_on_the_right_changes_nothing(draw, name):
    logp, batch = draw(5)
    wide = Batch(
        **{
            field: torch.nn.functional.pad(value, (0, 3), value=0 if field == "mask" else torch.nan)
            if isinstance(value, torch.Tensor) and value.dim() == 2
            else value
            for field, value in batch.__dict__.items()
        }
    )
    config = replace(CONFIG, cov_low=99) if name == "clip_cov" else CONFIG
    short = coefficients(resolve(name), logp, batch, config)
    padded = coefficients(
        resolve(name), torch.nn.functional.pad(logp, (0, 3), value=torch.nan), wide, config
    )
    torch.testing.assert_close(padded.loss, short.loss)
    torch.testing.assert_close(padded.logp[:, :5], short.logp)


@pytest.mark.parametrize("name", sorted(set(available()) - {"clip_cov"}))
def test_order_of_completions_changes_nothing(draw, name):
    logp, batch = draw(6)
    order = torch.tensor([3, 1, 5, 0, 4, 2])
    turned = Batch(
        **{
            field: value[order] if isinstance(value, torch.Tensor) else value
            for field, value in batch.__dict__.items()
        }
    )
    straight = coefficients(resolve(name), logp, batch, CONFIG)
    got = coefficients(resolve(name), logp[order], turned, CONFIG)
    torch.testing.assert_close(got.loss, straight.loss)
    torch.testing.assert_close(got.logp, straight.logp[order])
