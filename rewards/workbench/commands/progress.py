"""The progress bar of a run: on a terminal only, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewards.workbench.scoring.score import Progress

Listener = Callable[["Progress"], None]


@contextmanager
def show_progress() -> Iterator[Listener | None]:
    """A listener that draws a bar with rate, time left and counts by status; `None` in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - only where it is drawn
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar  # noqa: PLC0415

    bar = Bar(
        TextColumn("scoring"),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows {task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None, rows=0, rate="", counts="")

        def listen(progress: Progress) -> None:
            fresh = progress.rows - progress.resumed_rows
            if fresh == 0:  # what earlier runs did must not count as this one's speed
                bar.reset(task, total=progress.size_bytes, completed=progress.position_bytes)
            seconds = bar.tasks[0].elapsed or 0.0
            bar.update(
                task,
                total=progress.size_bytes,
                completed=progress.position_bytes,
                rows=progress.rows,
                rate=f"{fresh / seconds:,.0f}/s" if seconds > 0.5 else "",
                counts=_describe_counts(progress),
            )

        yield listen


def _describe_counts(progress: Progress) -> str:
    return " · ".join(
        f"{label}: "
        + ", ".join(f"{count:,} {status}" for status, count in counts.statuses.most_common(4))
        for label, counts in progress.tally.rewards.items()
        if counts.statuses
    )
