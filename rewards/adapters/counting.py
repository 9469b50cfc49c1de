"""How many completions got which status in a process: peers that take numbers alone log no more."""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Sequence

from rewards.verdict import Status, Verdict

_log = logging.getLogger(__name__)
_counted: Counter[tuple[str, str, Status]] = Counter()
_guard = threading.Lock()


def _fresh_guard() -> None:
    global _guard  # noqa: PLW0603 - forked while another thread held it, it would never be free
    _guard = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fresh_guard)


def counts(peer: str | None = None) -> dict[str, dict[str, int]]:
    """How many completions got which status in this process so far, by the reward's name.

    Args:
        peer: only what went to this peer.
    """
    found: dict[str, dict[str, int]] = {}
    with _guard:
        for (whose, name, status), many in _counted.items():
            if peer in {None, whose}:
                by_status = found.setdefault(name, {})
                by_status[status.value] = by_status.get(status.value, 0) + many
    return found


def count(peer: str, name: str, verdicts: Sequence[Verdict], *, unscored: float) -> None:
    """Count verdicts, and warn of missing scores: at the first, the tenth, the hundredth.

    Args:
        peer: the peer that asked.
        name: the reward's name.
        verdicts: what it said.
        unscored: the number that stands for a missing score where there must be one.
    """
    missing = [verdict for verdict in verdicts if verdict.score is None]
    with _guard:
        before = _total(peer, name, scored=False)
        _counted.update((peer, name, verdict.status) for verdict in verdicts)
        judged = before + len(missing) + _total(peer, name, scored=True)
    after = before + len(missing)
    if missing and (not before or len(str(after)) > len(str(before))):
        _log.warning(
            "%s in %s: %d of %d completions have no score so far (%s: %s). Where %s takes nothing "
            "but numbers, each counts %g",
            *(name, peer, after, judged, missing[-1].status.value, missing[-1].reason),
            *(peer, unscored),
        )


def _total(peer: str, name: str, *, scored: bool) -> int:
    return sum(
        many
        for (whose, what, status), many in _counted.items()
        if (whose, what) == (peer, name) and status.is_scored is scored
    )
