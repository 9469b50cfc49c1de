"""What a report found, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rewards.workbench.reporting.figures import RunFigures
from rewards.workbench.reporting.run_changes import RunChanges


@dataclass(frozen=True, kw_only=True)
class ReportSummary:
    """What was written.

    Attributes:
        output: the page.
        runs: the figures of each file.
        comparisons: of each later file with the first.
        listed_rows: how many rows the page lists.
        columns: which columns are read for what, in the first file.
    """

    output: Path
    runs: list[RunFigures]
    comparisons: list[RunChanges]
    listed_rows: int
    columns: Mapping[str, str | None]

    def to_dict(self) -> dict[str, object]:
        """The summary as plain JSON values."""
        return {
            "output": str(self.output),
            "listed_rows": self.listed_rows,
            "columns": dict(self.columns),
            "runs": [_run_dict(run) for run in self.runs],
            "comparisons": [_comparison_dict(comparison) for comparison in self.comparisons],
        }


def _run_dict(run: RunFigures) -> dict[str, object]:
    return {
        "file": str(run.path),
        "rows": run.rows,
        "unreadable_lines": run.unreadable,
        "rewards": {
            reward: {
                "mean": figures.scores.mean,
                "interval": figures.scores.interval,
                "pass_at": {one.k: one.mean for one in figures.prompts.pass_at()},
                "scored": figures.scores.scored,
                "statuses": dict(figures.statuses),
                "labels": figures.confusion.to_dict()
                if run.labelled and reward in run.about_labels()
                else None,
            }
            for reward, figures in run.rewards.items()
        },
    }


def _comparison_dict(comparison: RunChanges) -> dict[str, object]:
    return {
        "file": str(comparison.path),
        "matched": comparison.matched,
        "only_here": comparison.only_here,
        "only_first": comparison.only_first,
        "changed_rows": comparison.changed_rows,
        "rewards": {
            reward: {
                "matched": changes.matched,
                "changed": changes.changed,
                "better": changes.better,
                "worse": changes.worse,
                "mean_difference": changes.difference,
                "interval": changes.interval,
                "statuses": [
                    {"before": before, "after": after, "rows": rows}
                    for (before, after), rows in changes.statuses.most_common()
                ],
            }
            for reward, changes in comparison.rewards.items()
        },
    }
