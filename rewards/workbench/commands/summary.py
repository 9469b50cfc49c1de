"""The table at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewards.text.counted import counted
from rewards.workbench.commands.plain_text import plain
from rewards.workbench.rows.columns_read import columns_in_words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from rewards.workbench.scoring.shards import ShardsSummary
    from rewards.workbench.scoring.tally import Summary

_MOST_FILES = 30


def print_summary(summary: Summary | ShardsSummary) -> None:
    """Print counts and shares by status and the mean score of each reward, on standard error."""
    from rich.console import Console  # `--help` is quick

    from rewards.verdict import Status
    from rewards.workbench.scoring.shards import ShardsSummary

    console = Console(stderr=True, highlight=False)
    for note in summary.notes:
        console.print(plain(f"note: {note}"), soft_wrap=True)
    console.print(_status_table(summary))
    resumed = f" ({summary.resumed_rows:,} of them by earlier runs)" if summary.resumed_rows else ""
    if isinstance(summary, ShardsSummary):
        _print_files(console, summary)
        scored, where = f"{len(summary.files):,} files, ", summary.output_dir
    else:
        scored, where = "", summary.output
    console.print(
        plain(f"{scored}{counted(summary.tally.rows, 'row')} scored{resumed}, written to {where}"),
        soft_wrap=True,
    )
    read = _columns_read(summary)
    if read:
        console.print(plain(read), soft_wrap=True)
    for sign in summary.signs:
        console.print(plain(f"look: {sign}", style="bold yellow"), soft_wrap=True)
    if summary.tally.error_rows:
        console.print(
            plain(
                f"{counted(summary.tally.error_rows, 'row')} could not be judged: "
                'look for "status": "error" in the output'
            ),
            soft_wrap=True,
        )
        for label, counts in summary.tally.rewards.items():
            for (status, why), count in counts.reasons.most_common():
                if status == Status.ERROR.value:
                    console.print(
                        plain(f"  {label}, {counted(count, 'row')}: {why}"), soft_wrap=True
                    )
                    break


def _status_table(summary: Summary | ShardsSummary) -> Table:
    """Counts and shares by status, by place and over lists, reward by reward."""
    from rich.box import SIMPLE_HEAD  # `--help` is quick
    from rich.table import Table

    from rewards.verdict import Status

    table = Table(box=SIMPLE_HEAD)
    table.add_column("reward")
    table.add_column("status")
    table.add_column("rows", justify="right")
    table.add_column("share", justify="right")
    for label, counts in summary.tally.rewards.items():
        mean = "no row was scored" if counts.mean is None else f"mean {counts.mean:.4f}"
        shown = [status for status in Status if counts.statuses[status.value]]
        for at, status in enumerate(shown):
            count = counts.statuses[status.value]
            name = plain(label) if at == 0 else plain(mean) if at == 1 else plain("")
            share = f"{count / counts.statuses.total():.1%}"
            table.add_row(name, status.value, f"{count:,}", share)
        if len(shown) == 1:
            table.add_row(plain(mean), "", "", "")
        for place, count in counts.places.most_common():
            share = f"{count / counts.statuses.total():.1%}"
            table.add_row("", f"answer in {place}", f"{count:,}", share)
        for measure, value in counts.describe_together().items():
            rows = f"{counts.together[measure][1]:,}"
            table.add_row("", measure, rows, f"{value:.1%}")
        table.add_section()
    return table


def _columns_read(summary: Summary | ShardsSummary) -> str:
    """Which columns were read, in words; of several files those of the first."""
    one = summary.files[0] if hasattr(summary, "files") and summary.files else summary
    columns = getattr(one, "columns", {})
    return columns_in_words(columns)


def _print_files(console: Console, summary: ShardsSummary) -> None:
    """Rows and mean scores of each file."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD)
    table.add_column("file")
    table.add_column("rows", justify="right")
    for label in summary.tally.rewards:
        table.add_column(plain(label), justify="right")
    for one in summary.files[:_MOST_FILES]:
        means = [counts.mean for counts in one.tally.rewards.values()]
        shown = ("" if mean is None else f"{mean:.4f}" for mean in means)
        table.add_row(plain(str(one.input)), f"{one.tally.rows:,}", *shown)
    console.print(table)
    if len(summary.files) > _MOST_FILES:
        console.print(f"and {len(summary.files) - _MOST_FILES:,} more files (--json names all)")
