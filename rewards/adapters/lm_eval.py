r"""lm-evaluation-harness: `process_results` and a filter, from a task's YAML.

```yaml
process_results: !function rewards.adapters.lm_eval.rlvr      # RLVR_REWARD names the reward
metric_list:
  - {metric: rlvr, aggregation: mean, higher_is_better: true}
  - {metric: rlvr_unscored, aggregation: mean, higher_is_better: false}
```

lm_eval 0.4 calls it for one document on the main thread, and averages numbers: a document without a
score counts as `unscored` in `rlvr` and as 1 in `rlvr_unscored`. The verdict goes into the
document, `doc.rlvr`, which `--log_samples` writes.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence

from rewards.adapters.bridge import Bridge, Row, Source, bridge, prompt_in

Doc = MutableMapping[str, object]


def reward(
    source: Source | None = None, *, unscored: float = 0.0
) -> Callable[[Doc, Sequence[object]], dict[str, float]]:
    """The `process_results` of a task, for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        unscored: the score of a document that has none.
    """
    crossed = bridge("lm_eval", source, unscored=unscored)

    def process_results(doc: Doc, results: Sequence[object]) -> dict[str, float]:
        return _metrics(crossed, doc, results)

    return process_results


def rlvr(doc: Doc, results: Sequence[object]) -> dict[str, float]:
    """The same for what `RLVR_REWARD` names."""
    return _metrics(bridge("lm_eval", None), doc, results)


def answers(
    source: Source | None = None,
) -> Callable[[Sequence[Sequence[str]], Sequence[Doc]], list[list[str]]]:
    """The `filter_fn` of a `custom` filter: what the reward reads out of each response, or ""."""
    crossed = bridge("lm_eval", source)

    def filter_fn(resps: Sequence[Sequence[str]], docs: Sequence[Doc]) -> list[list[str]]:
        pairs = zip(resps, docs, strict=True)
        rows = [[Row(text, doc, prompt_in(doc)) for text in texts] for texts, doc in pairs]
        found = iter(crossed.verdicts([row for group in rows for row in group]))
        return [[next(found).extracted or "" for _ in group] for group in rows]

    return filter_fn


def _metrics(crossed: Bridge, doc: Doc, results: Sequence[object]) -> dict[str, float]:
    # Without a filter that takes one, `results` holds the responses of one request as a list.
    texts = [text for one in results for text in (one if isinstance(one, list) else [one])]
    cells = {name: cell for name, cell in doc.items() if name != "rlvr"}
    verdicts = crossed.verdicts([Row(text, cells, prompt_in(cells)) for text in texts])
    records = [crossed.record(verdict) for verdict in verdicts]
    doc["rlvr"] = records if len(records) != 1 else records[0]
    count = len(verdicts) or 1
    return {
        "rlvr": sum(map(crossed.number, verdicts)) / count,
        "rlvr_unscored": sum(verdict.score is None for verdict in verdicts) / count,
    }
