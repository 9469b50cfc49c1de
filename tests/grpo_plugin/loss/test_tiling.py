"""Tiles cover every row once, fit the budget, and keep together what is coupled."""

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from grpo_plugin.loss.head import Head, Precision  # noqa: E402
from grpo_plugin.loss.tiling import choose_sizes, cut, memory_of, pitch, spans_of  # noqa: E402
from grpo_plugin.loss.workspace import arrange  # noqa: E402
from grpo_plugin.objectives import Coupling  # noqa: E402

LENGTHS = st.lists(st.integers(0, 20), max_size=12)


@given(start=st.integers(0, 50), count=st.integers(0, 50), rows=st.integers(1, 12))
def test_cut_covers_a_range_and_ends_with_a_full_tile(start, count, rows):
    tiles = cut(start, start + count, rows)
    assert [row for tile in tiles for row in range(*tile)] == list(range(start, start + count))
    assert all(0 < stop - begin <= rows for begin, stop in tiles)
    if count:
        assert tiles[-1][1] - tiles[-1][0] == min(rows, count)


@given(lengths=LENGTHS, coupling=st.sampled_from(Coupling), rows=st.integers(1, 25))
def test_plans_cover_all_rows_in_order(lengths, coupling, rows):
    spans = spans_of(lengths, coupling, rows)
    tiles = [tile for span in spans for tile in span]
    assert [row for tile in tiles for row in range(*tile)] == list(range(sum(lengths)))
    assert all(stop - start <= rows for start, stop in tiles)
    assert all(spans)


@given(lengths=LENGTHS, rows=st.integers(1, 25))
def test_a_completion_is_never_cut_across_spans(lengths, rows):
    edges = [0]
    for length in lengths:
        edges.append(edges[-1] + length)
    for span in spans_of(lengths, Coupling.SEQUENCE, rows):
        start, stop = span[0][0], span[-1][1]
        assert start in edges
        assert stop in edges
        if len(span) > 1:
            assert edges[edges.index(stop) - 1] <= start, "more than one completion in two phases"


def test_a_coupled_batch_is_one_span():
    assert len(spans_of([5, 5, 5], Coupling.BATCH, 4)) == 1
    assert spans_of([], Coupling.BATCH, 4) == []


@given(
    rows=st.integers(0, 5000),
    vocabulary=st.integers(1, 300_000),
    width=st.integers(1, 4096),
    memory_mb=st.floats(4, 2000),
    cache_mb=st.sampled_from([0, 4, 50]),
    keep=st.booleans(),
    half=st.booleans(),
    shared=st.booleans(),
)
def test_buffers_fit_the_budget(rows, vocabulary, width, memory_mb, cache_mb, keep, half, shared):
    head = Head(weight=torch.empty(1, 1, dtype=torch.bfloat16).expand(vocabulary, width))
    precision = Precision.choose(head.weight, head.weight, half_products=half)
    sizes = choose_sizes(
        head, precision, 1024, rows,
        keep=keep, shared=shared, memory_mb=memory_mb, cache_bytes=cache_mb * 2**20,
    )  # fmt: skip
    in_place = keep and precision.tile == precision.logits
    logits = 0 if in_place else sizes.slice_rows * sizes.columns * 4
    each = pitch(head) * precision.tile.itemsize * keep + width * (4 + precision.operand.itemsize)
    assert sizes.rows * each + logits <= memory_mb * 2**20
    assert 1 <= sizes.rows <= max(rows, 1)
    assert 1 <= sizes.slice_rows <= sizes.rows
    assert sizes.columns % 1024 == 0
    if cache_mb and sizes.slice_rows > 1:
        assert sizes.slice_rows * sizes.columns * 4 <= cache_mb * 2**20 / 2


def test_an_h100_folds_from_its_cache_and_reads_its_head_a_few_times():
    head = Head(weight=torch.empty(1, 1, dtype=torch.bfloat16).expand(152064, 3584))
    precision = Precision.choose(head.weight, head.weight, half_products=True)
    found = {
        memory_mb: choose_sizes(
            head, precision, 2048, 16384,
            keep=True, shared=True, memory_mb=memory_mb, cache_bytes=50 * 2**20,
        )
        for memory_mb in (1024, 4096)
    }  # fmt: skip
    assert [-(-16384 // sizes.rows) for sizes in found.values()] == [6, 2]
    for sizes in found.values():
        assert 20 * 2**20 < sizes.slice_rows * sizes.columns * 4 <= 25 * 2**20
        assert sizes.slice_rows >= 1024
        assert sizes.columns >= 4096


def test_the_budget_grows_with_what_is_free():
    assert [memory_of(gb * 2**30) for gb in (0, 4, 15, 16, 40, 79)] == [
        1024, 1024, 1024, 2048, 4096, 4096,
    ]  # fmt: skip


@given(st.lists(st.booleans(), max_size=40))
def test_arranging_moves_only_what_lies_behind(alive):
    source = arrange(torch.tensor(alive, dtype=torch.bool)).tolist()
    assert sorted(source) == [row for row, lives in enumerate(alive) if lives]
    for slot, row in enumerate(source):
        assert row == slot or (not alive[slot] and row >= len(source))
