"""What verdicts leave in logs: a trainer's columns and metrics, and warnings, each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from rewards.verdict import Status, Verdict

LogExtra = Callable[[str, list[object]], None]
LogMetric = Callable[[str, float], None]


def log_verdicts(
    name: str,
    verdicts: Sequence[Verdict],
    *,
    reason_only: bool,
    log_extra: LogExtra | None,
    log_metric: LogMetric | None,
) -> None:
    """Hand a batch's verdicts to the logs of a trainer, as far as it keeps any.

    Args:
        name: the reward's, at the head of every column and metric.
        verdicts: one per completion.
        reason_only: one column with status and reason, and the shares of the statuses that were
            seen so far, instead of three columns and the share of every status.
        log_extra: takes a column.
        log_metric: takes a number.
    """
    if log_extra is not None and reason_only:
        said = [f"{v.status.value}: {v.reason}" for v in verdicts]
        log_extra(f"{name}_reason", list[object](said))
    elif log_extra is not None:
        log_extra(f"{name}_extracted", [v.extracted or "" for v in verdicts])
        log_extra(f"{name}_expected", [v.expected or "" for v in verdicts])
        log_extra(f"{name}_reason", [v.reason for v in verdicts])
    if log_metric is not None and verdicts:
        # Every status, also at zero: TRL averages over the calls that reported a name. Of
        # those that come up later the first average is over fewer calls.
        seen = _statuses_seen.setdefault(name, set())
        seen |= {v.status for v in verdicts}
        for status in seen if reason_only else Status:
            share = sum(v.status is status for v in verdicts) / len(verdicts)
            log_metric(f"{name}/{status.value}", share)


_statuses_seen: dict[str, set[Status]] = {}  # by the name under which they are logged


@lru_cache(maxsize=1024)
def warn_once(message: str) -> None:
    """Log a warning, the first time it is given."""
    import logging  # a third of what importing this package would cost

    logging.getLogger("rewards.reward").warning(message)
