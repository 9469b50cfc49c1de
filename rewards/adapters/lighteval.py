r"""lighteval: a metric for a custom task file.

```python
from rewards.adapters.lighteval import reward

TASKS_TABLE = [LightevalTaskConfig(…, metrics=[reward("accuracy(tolerance=1e-3)")])]
```

lighteval 0.13 calls it for one document on the main process, and averages numbers: `rlvr` is the
mean over a document's samples, with `unscored` for one that has no score, `rlvr_unscored` the share
of those. The verdicts go into `doc.specific["rlvr"]`, which its details keep. The text judged is
the whole one, reasoning included: our rewards cut it off themselves.

The references are the document's golds; any of them may be met.
"""

from __future__ import annotations

from statistics import fmean
from typing import Any

from rewards.adapters.bridge import Row, Source, bridge, peer_module


def reward(source: Source | None = None, *, unscored: float = 0.0) -> Any:
    """The metric for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        unscored: the score of a sample that has none.
    """
    crossed = bridge("lighteval", source, unscored=unscored)
    pip = "pip install lighteval"
    samples = peer_module("lighteval.metrics.metrics_sample", install=pip)
    metrics = peer_module("lighteval.metrics.utils.metric_utils", install=pip)
    requests = peer_module("lighteval.tasks.requests", install=pip)
    base: Any = samples.SampleLevelComputation

    class RlvrMetric(base):  # type: ignore[misc]
        """A reward of ours as lighteval computes its own."""

        def compute(self, doc: Any, model_response: Any, **_: object) -> dict[str, float]:
            golds = doc.get_golds() or [None]
            cells = dict(doc.specific or {})
            rows = [
                [Row(text, {**cells, "gold": gold}, doc.query) for gold in golds]
                for text in model_response.text
            ]
            verdicts = [crossed.best(crossed.verdicts(group)) for group in rows]
            records = [crossed.record(verdict) for verdict in verdicts]
            doc.specific = {**cells, "rlvr": records}
            return {
                "rlvr": fmean(map(crossed.number, verdicts)),
                "rlvr_unscored": fmean(float(verdict.score is None) for verdict in verdicts),
            }

    return metrics.SampleLevelMetricGrouping(
        metric_name=["rlvr", "rlvr_unscored"],
        higher_is_better={"rlvr": True, "rlvr_unscored": False},
        category=requests.SamplingMethod.GENERATIVE,
        sample_level_fn=RlvrMetric(),
        corpus_level_fn={"rlvr": fmean, "rlvr_unscored": fmean},
    )
