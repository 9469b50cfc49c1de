"""The progress bars of commands: on a terminal only, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import ProgressColumn

    from rewards.workbench.scoring.score import Progress

Listener = Callable[["Progress"], None]


@contextmanager
def show_progress(verb: str = "scoring") -> Iterator[Listener | None]:
    """A listener that draws a bar with rate, time left and counts by status; `None` in a pipe."""
    with _drawn(verb, _rate_columns) as bar:
        if bar is None:
            yield None
            return
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


@contextmanager
def show_reading(verb: str) -> Iterator[Callable[[int, int], None] | None]:
    """A listener for bytes done and bytes in all that draws a bar; `None` in a pipe."""
    with _drawn(verb, _size_columns) as bar:
        if bar is None:
            yield None
            return
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _drawn(verb: str, columns: Callable[[], Sequence[ProgressColumn]]) -> Iterator[Bar | None]:
    """A bar behind its verb, gone when the work is done; `None` where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # only where it is drawn
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    bar = Progress(
        TextColumn(verb), BarColumn(bar_width=20), *columns(), console=console, transient=True
    )
    with bar:
        yield bar


def _rate_columns() -> Sequence[ProgressColumn]:
    from rich.progress import TaskProgressColumn, TextColumn, TimeRemainingColumn

    return (
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows {task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
    )


def _size_columns() -> Sequence[ProgressColumn]:
    from rich.progress import DownloadColumn, TimeRemainingColumn

    return DownloadColumn(), TimeRemainingColumn()


def _describe_counts(progress: Progress) -> str:
    return " · ".join(
        f"{label}: "
        + ", ".join(f"{count:,} {status}" for status, count in counts.statuses.most_common(4))
        for label, counts in progress.tally.rewards.items()
        if counts.statuses
    )
