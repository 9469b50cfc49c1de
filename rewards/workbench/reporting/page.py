"""The page: `template/` filled with what was counted and listed, written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from rewards.extras import version_of
from rewards.text.visible import visible
from rewards.verdict import Status
from rewards.workbench.reporting.addresses import rows_address
from rewards.workbench.reporting.alerts import find_alerts
from rewards.workbench.reporting.breakdowns import OTHER_GROUPS, Breakdown, Scores
from rewards.workbench.reporting.charts import (
    PLOT_HEIGHT,
    PLOT_WIDTH,
    Scale,
    plot_lengths,
    plot_steps,
    score_bar,
    stack_statuses,
)
from rewards.workbench.reporting.display import script_json
from rewards.workbench.reporting.figures import OTHER_REASONS, RunFigures
from rewards.workbench.reporting.packed_rows import pack_rows
from rewards.workbench.reporting.run_changes import RunChanges
from rewards.workbench.reporting.templates import template_environment
from rewards.workbench.rows.whole_output import WholeOutput

if TYPE_CHECKING:
    import jinja2

SHOWN_GROUPS = 10
SMALL_GROUP = 10
SHOWN_REASONS = 10
_MOST_CHOICES = 300
_SCRIPTS = ("elements.js", "verdicts.js", "sources.js", "row_view.js", "listing.js", "page.js")


@dataclass(kw_only=True)
class PageContent:
    """Everything that the page shows. Rows wait as JSON text, a fifth of the size of objects.

    Attributes:
        title: its heading.
        match: what says which rows of several runs belong together, in words.
        max_characters: what completions were cut to.
        runs: the figures of each file.
        rows: the rows listed, each a `ListedRow`.
        comparisons: of each later file with the first.
        completion: the column of the completions.
        completion: the column of the completions, if any row has one.
        served: where rows are asked for, one page at a time, the columns to filter and group by.
        changed: rows listed in which the verdicts differ, each an object with a `ListedRow` of the
            first run as `before` and one of a later run as `after`.
    """

    title: str
    match: str
    max_characters: int
    runs: list[RunFigures] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    comparisons: list[RunChanges] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    completion: str | None = None
    served: list[str] | None = None


def write_page(output: Path, content: PageContent) -> None:
    """Write the page; what stood there before stays until it is complete.

    Raises:
        DataFileError: it cannot be written.
    """
    stream = _environment().get_template("page.html").stream(_variables(content))
    stream.enable_buffering(64)
    with WholeOutput(output, overwrite=True) as file:
        for text in stream:
            file.write_text(text)


def page_bytes(content: PageContent) -> bytes:
    """The page, for a server."""
    text = _environment().get_template("page.html").render(_variables(content))
    return text.encode("utf-8", "replace")


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    filters = {
        "score": _score,
        "share": _share,
        "short": _short,
        "plain": lambda value: "" if value is None else str(value),
        "signed": "{:+.3f}".format,
        "tick": "{:g}".format,
    }
    names = {
        "stack_statuses": stack_statuses,
        "score_bar": score_bar,
        "plot_lengths": plot_lengths,
        "plot_steps": plot_steps,
        "by_size": _by_size,
        "largest_reasons": _largest_reasons,
        "other_groups": OTHER_GROUPS,
        "other_reasons": OTHER_REASONS,
        "rows_address": rows_address,
        "changed_address": partial(rows_address, place="changed"),
    }
    return template_environment(
        "rewards.workbench.reporting", filters, names=names, finalize=_finalize
    )


def _variables(content: PageContent) -> dict[str, object]:
    from markupsafe import Markup  # comes with Jinja2

    folder = files("rewards.workbench.reporting") / "template"
    script = "".join((folder / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    total = sum(run.rows for run in content.runs)
    several = len(content.runs) > 1
    return {
        "content": content,
        "several": several,
        "total_rows": total,
        "left_out": 0 if content.served is not None else total - len(content.rows),
        "labelled": any(run.labelled for run in content.runs),
        "in_file": lambda run: (("file", run.name),) if several else (),
        "find_alerts": find_alerts,
        "scale": lambda run, length: Scale.of(run.rewards.values(), length),
        "plot_width": PLOT_WIDTH,
        "plot_height": PLOT_HEIGHT,
        "shown_groups": SHOWN_GROUPS,
        "small_group": SMALL_GROUP,
        "shown_reasons": SHOWN_REASONS,
        "version": version_of("rlvr") or "",
        # Our own files, and JSON made safe: the only text that is not escaped.
        "style": Markup((folder / "page.css").read_text(encoding="utf-8")),  # noqa: S704
        "script": Markup(script),  # noqa: S704
        "script_digest": digest,
        "data": Markup(script_json(_data(content))),  # noqa: S704
        "pieces": pack_rows(content.rows),
        "changed_pieces": pack_rows(content.changed),
    }


def _data(content: PageContent) -> dict[str, object]:
    """What the page's script needs to know beside the rows."""
    rewards = dict.fromkeys(name for run in content.runs for name in run.rewards)
    groups = dict.fromkeys(name for run in content.runs for name in run.groups)
    return {
        "runs": [visible(run.name) for run in content.runs],
        "paths": [visible(str(run.path)) for run in content.runs],
        "completion": None if content.completion is None else visible(content.completion),
        "rewards": [_reward_data(name, content.runs) for name in rewards],
        "groups": [_group_data(name, content.runs) for name in groups],
        "served": None
        if content.served is None
        else [name for name in content.served if name not in set(map(visible, groups))],
        "steps": any(run.steps.bins for run in content.runs),
        "listed": len(content.rows),
        "total": sum(run.rows for run in content.runs),
    }


def _reward_data(name: str, runs: Sequence[RunFigures]) -> dict[str, object]:
    statuses, kinds, labelled = Counter[str](), Counter[str](), False
    for run in runs:
        if figures := run.rewards.get(name):
            statuses.update(figures.statuses)
            for (_, kind), rows in figures.reasons.items():
                kinds[kind] += rows
            labelled |= run.labelled and name in run.about_labels()
    return {
        "name": visible(name),
        "statuses": [status.value for status in Status if statuses[status.value]],
        "reasons": [visible(kind) for kind, _ in kinds.most_common()],
        "labelled": labelled,
    }


def _group_data(name: str, runs: Sequence[RunFigures]) -> dict[str, object]:
    values = Counter[str]()
    for run in runs:
        for value, rows, _ in _by_size(run.groups.get(name, Breakdown())):
            values[value] += rows
    most = [value for value, _ in values.most_common(_MOST_CHOICES) if value != OTHER_GROUPS]
    return {"name": visible(name), "values": sorted(map(visible, most))}


def _finalize(value: object) -> object:
    """What stands on the page for a value: text made visible, a number with separators."""
    if hasattr(value, "__html__"):
        return value
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return visible(str(value))


def _by_size(breakdown: Breakdown) -> list[tuple[str, int, dict[str, Scores]]]:
    """The values with their rows and their scores by reward, the most frequent first."""
    counted = [
        (value, max(scores.rows for scores in by_reward.values()), by_reward)
        for value, by_reward in breakdown.values.items()
        if by_reward
    ]
    return sorted(counted, key=lambda entry: -entry[1])


def _largest_reasons(run: RunFigures) -> list[tuple[int, str, str, str]]:
    """The most frequent kinds of reason for 0 or no score: rows, reward, status, kind."""
    found = [
        (rows, reward, status, kind)
        for reward, figures in run.rewards.items()
        for (status, kind), rows in figures.reasons.items()
    ]
    return sorted(found, key=lambda entry: -entry[0])[:SHOWN_REASONS]


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}" if abs(value) >= 1000 else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _short(value: int) -> str:
    """A length in few characters: 1024 is 1k."""
    for unit, size in (("M", 2**20), ("k", 2**10)):
        if value >= size:
            return f"{value // size}{unit}"
    return str(value)
