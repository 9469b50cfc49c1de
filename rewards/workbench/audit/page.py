"""What an audit found as a page to look at: one file, without scripts and without the network.

The colours and tables are those of `rlvr report`.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from rewards.errors import DataFileError
from rewards.extras import version_of
from rewards.text.visible import visible
from rewards.workbench.audit.references import Fate, Finding
from rewards.workbench.reporting.templates import (
    require_template_engine,
    template_environment,
)
from rewards.workbench.rows.input_files import check_apart
from rewards.workbench.rows.whole_output import WholeOutput

if TYPE_CHECKING:
    import jinja2

    from rewards.workbench.audit.job import Audit


def check_page(output: Path, source: Path, *, overwrite: bool) -> None:
    """Make sure that a page can be written, before minutes go into reading a file.

    Raises:
        MissingExtraError: the template engine is not installed; the message says how to.
        InputError: the page would stand in the input's place.
        DataFileError: it is there already, and is not to be overwritten.
    """
    require_template_engine("rlvr audit --html")
    check_apart(source, output)
    if output.exists() and not overwrite:
        raise DataFileError(f"{output}: is there already; --overwrite replaces it")


def write_audit_page(output: Path, audit: Audit) -> None:
    """Write the page; what stood there before stays until it is complete.

    Raises:
        DataFileError: it cannot be written.
    """
    style = files("rewards.workbench.reporting") / "template" / "page.css"
    total = audit.rows + audit.empty + audit.broken
    text = (
        _environment()
        .get_template("page.html")
        .render(
            audit=audit,
            total=total,
            style=style.read_text(encoding="utf-8"),
            version=version_of("rlvr"),
            fates=[(fate.value, audit.fates[fate]) for fate in Fate],
            findings=[finding for finding in Finding if audit.counts[finding]],
        )
    )
    with WholeOutput(output, overwrite=True) as file:
        file.write_text(text)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return template_environment(
        "rewards.workbench.audit",
        {
            "visible": visible,
            "count": "{:,}".format,
            "share": "{:.1%}".format,
            "place": lambda finding: finding.value.replace(" ", "-").replace("'", ""),
        },
    )
