"""The page: `template/` filled with what was counted and listed, written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from rewards.extras import require_package, version_of
from rewards.text.visible import visible
from rewards.workbench.reporting.charts import (
    PLOT_HEIGHT,
    PLOT_WIDTH,
    Scale,
    plot_lengths,
    score_bar,
    stack_statuses,
)
from rewards.workbench.reporting.display import script_json
from rewards.workbench.reporting.figures import Breakdown, RunFigures, Scores
from rewards.workbench.reporting.run_changes import RunChanges
from rewards.workbench.rows.whole_output import WholeOutput

if TYPE_CHECKING:
    import jinja2

SHOWN_GROUPS = 30
_SCRIPTS = ("listing.js", "page.js")


@dataclass(kw_only=True)
class PageContent:
    """Everything that the page shows. Rows wait as JSON text, a fifth of the size of objects.

    Attributes:
        title: its heading.
        match: the column that runs were matched by; `None` for the row's number.
        max_characters: what completions were cut to.
        runs: the figures of each file.
        rows: the rows listed, each a `ListedRow`.
        comparisons: of each later file with the first.
        changed: rows listed in which the verdicts differ, each an object with a `ListedRow` of the
            first run as `before` and one of a later run as `after`.
    """

    title: str
    match: str | None
    max_characters: int
    runs: list[RunFigures] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    comparisons: list[RunChanges] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def require_template_engine() -> None:
    """Make sure that Jinja2 is there, before minutes go into reading a file.

    Raises:
        MissingExtraError: it is not; the message says how to install it.
    """
    require_package("jinja2", needed_by="rlvr report", extra="report")


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


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rewards.workbench.reporting", "template"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters |= {
        "score": _score,
        "share": _share,
        "short": _short,
        "tick": "{:g}".format,
    }
    environment.globals |= {
        "stack_statuses": stack_statuses,
        "score_bar": score_bar,
        "plot_lengths": plot_lengths,
        "largest": _largest,
    }
    return environment


def _variables(content: PageContent) -> dict[str, object]:
    from markupsafe import Markup  # comes with Jinja2

    folder = files("rewards.workbench.reporting") / "template"
    script = "".join((folder / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    total = sum(run.rows for run in content.runs)
    return {
        "content": content,
        "total_rows": total,
        "left_out": total - len(content.rows),
        "labelled": any(run.labelled for run in content.runs),
        "scale": lambda run, length: Scale.of(run.rewards.values(), length),
        "plot_width": PLOT_WIDTH,
        "plot_height": PLOT_HEIGHT,
        "shown_groups": SHOWN_GROUPS,
        "version": version_of("rlvr") or "",
        # Our own files, and JSON made safe: the only text that is not escaped.
        "style": Markup((folder / "page.css").read_text(encoding="utf-8")),  # noqa: S704
        "script": Markup(script),  # noqa: S704
        "script_digest": digest,
        "data": {name: Markup(script_json(value)) for name, value in _names(content)},  # noqa: S704
        "rows": map(Markup, content.rows),
        "changed": map(Markup, content.changed),
    }


def _names(content: PageContent) -> Iterator[tuple[str, list[str]]]:
    """What the page's script needs to know beside the rows."""
    yield "runs", [visible(run.name) for run in content.runs]
    yield "rewards", [*dict.fromkeys(visible(name) for run in content.runs for name in run.rewards)]
    yield "groups", [*dict.fromkeys(visible(name) for run in content.runs for name in run.groups)]


def _finalize(value: object) -> object:
    """What stands on the page for a value: text made visible, a number with separators."""
    if hasattr(value, "__html__"):
        return value
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return visible(str(value))


def _largest(breakdown: Breakdown) -> list[tuple[str, int, dict[str, Scores]]]:
    """The most frequent values with their rows and their scores by reward."""
    counted = [
        (value, max(scores.rows for scores in by_reward.values()), by_reward)
        for value, by_reward in breakdown.values.items()
        if by_reward
    ]
    return sorted(counted, key=lambda entry: -entry[1])[:SHOWN_GROUPS]


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
