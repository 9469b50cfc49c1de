"""`rlvr audit`: is this data set fit for verifiable rewards?"""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rewards.text.counted import counted
from rewards.workbench.commands.options import Quiet
from rewards.workbench.commands.plain_text import plain
from rewards.workbench.commands.signals import ended_by_signals

if TYPE_CHECKING:
    from rewards.workbench.audit.job import Audit

EXIT_SET_ASIDE = 1


def audit(  # noqa: PLR0913 - one parameter per option
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="Prompts with their references, in any format that rlvr score reads; completions "
            "are not needed.",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Where every row goes with what was found in a column audit: kept, mended (the "
            "reference replaced) or set aside.",
            show_default=False,
        ),
    ] = None,
    set_aside: Annotated[
        Path | None,
        typer.Option(
            help="Where the rows that are set aside go, instead of into the output, which then "
            "holds what can be trained on.",
            show_default=False,
        ),
    ] = None,
    reference_column: Annotated[
        str | None, typer.Option(help="The column with the references.")
    ] = None,
    prompt_column: Annotated[str | None, typer.Option(help="The column with the prompts.")] = None,
    examples: Annotated[
        int, typer.Option(min=0, max=20, help="How many rows of each finding to show.")
    ] = 3,
    json: Annotated[
        bool, typer.Option("--json", help="Print what was found as JSON on standard output.")
    ] = False,
    quiet: Quiet = False,
    html: Annotated[
        Path | None,
        typer.Option(help="Where a page with what was found goes (one file, no network)."),
    ] = None,
    run_tests: Annotated[
        bool,
        typer.Option(
            "--run-tests",
            help="Run the tests of rows of programs: trivial programs must fail, the row's own "
            "solution must pass. A dozen runs a row, in the sandbox.",
        ),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace the outputs and the page if they are there."),
    ] = False,
) -> None:
    """Look at a data set's references before training on them.

    Finds references that are empty or contradict themselves, are damaged (and how they were read),
    are words or cannot be read, refuse their own answer or a harmless rewriting of it, may be read
    in two ways, were rounded, ask for several parts, are worked solutions or name none of the
    row's choices; prompts that come again with the same or another reference; tests of programs
    that cannot be used and, with --run-tests, tests that a trivial program passes or that the
    row's own solution fails.

    Exit codes: 0 a rule can judge every row; 1 some rows are set aside; 2 bad input or options, or
    the output cannot be written; 130 interrupted (143 by SIGTERM), nothing is written.

    For example:

        rlvr audit train.jsonl --output clean.jsonl --set-aside aside.jsonl
    """
    from rewards.workbench.audit.job import audit_file  # `--help` is quick
    from rewards.workbench.audit.page import check_page, write_audit_page

    if html is not None:
        check_page(html, data, overwrite=overwrite)
    with ended_by_signals():
        found = audit_file(
            data,
            run_tests=run_tests,
            reference_column=reference_column,
            prompt_column=prompt_column,
            output=output,
            set_aside=set_aside,
            overwrite=overwrite,
        )
        if html is not None:
            write_audit_page(html, found)
    if not quiet:
        _print(found, examples)
        if output is not None and set_aside is None and found.share_for_rules != 1:
            typer.echo("the output holds all rows; --set-aside FILE parts them", err=True)
    if json:
        typer.echo(jsonlib.dumps(found.to_dict(), ensure_ascii=False, indent=2))
    if found.share_for_rules != 1 or found.empty or found.broken:
        raise typer.Exit(EXIT_SET_ASIDE)


def _print(found: Audit, examples: int) -> None:
    """The findings with their first rows, on standard error."""
    from rich.box import SIMPLE_HEAD  # `--help` is quick
    from rich.console import Console
    from rich.table import Table

    from rewards.workbench.audit.references import Fate, Finding
    from rewards.workbench.rows.columns_read import columns_in_words

    console = Console(stderr=True, highlight=False)
    table = Table(box=SIMPLE_HEAD)
    for heading in ("finding", "rows", "share", "for instance"):
        table.add_column(heading, justify="right" if heading in {"rows", "share"} else "left")
    for finding in Finding:
        count = found.counts[finding]
        if not count:
            continue
        first = found.shown[finding][:examples]
        lines = [f"{row.line}: {row.reference[:60]} ({row.why[:60]})" for row in first]
        shown = plain("\n".join(" ".join(line.split()) for line in lines))
        table.add_row(finding.value, f"{count:,}", f"{count / found.rows:.1%}", shown)
    console.print(table)
    fates = ", ".join(f"{found.fates[fate]:,} {fate.value}" for fate in Fate)
    share = found.share_for_rules
    judged = "" if share is None else f"; a rule can judge {share:.1%}"
    console.print(f"{counted(found.rows, 'reference')}: {fates}{judged}")
    for count, what in ((found.empty, "no reference"), (found.broken, "cannot be read")):
        if count:
            console.print(f"{counted(count, 'row')} more: {what}")
    if read := columns_in_words(found.columns):
        console.print(plain(read), soft_wrap=True)
    for note in found.notes:
        console.print(plain(f"note: {note}"))
