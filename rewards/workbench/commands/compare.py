"""`rlvr compare`: where two rewards disagree, side by side."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rewards.workbench.commands.options import (
    COLUMNS,
    OUTPUT,
    CompletionColumn,
    LabelColumn,
    PromptColumn,
    ReferenceColumn,
    ReplaceOutput,
    TestsColumn,
    Workers,
)
from rewards.workbench.commands.plain_text import plain
from rewards.workbench.commands.progress import show_progress
from rewards.workbench.commands.side_by_side import Said, print_case
from rewards.workbench.commands.signals import ended_by_signals

if TYPE_CHECKING:
    from rich.console import Console

    from rewards.workbench.disagreement import RewardComparison
    from rewards.workbench.disagreement.decisions import PairCounts
    from rewards.workbench.disagreement.examples import Disagreement

EXIT_SOME_FAILED = 1
_SHOWN_KINDS = 10


def compare(  # noqa: PLR0913 - one parameter per option
    file: Annotated[
        Path,
        typer.Argument(
            help="A file or folder of rows, in any format that rlvr score reads; scored or not.",
            show_default=False,
        ),
    ],
    *,
    reward: Annotated[
        list[str],
        typer.Option(
            "--reward",
            "-r",
            help="Two or more: a column of verdicts that the file holds, or a reward as rlvr score "
            "takes it. NAME=REWARD judges anew under that name.",
            show_default=False,
        ),
    ],
    limit: Annotated[
        int, typer.Option(min=0, help="How many disagreements of each pair to show.")
    ] = 20,
    min_score: Annotated[
        float | None,
        typer.Option(
            help="The lowest score that passes; by default what has the status correct passes.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            rich_help_panel=OUTPUT,
            help="Where all rows with a disagreement go; compression and format follow the suffix: "
            ".gz, .zst or .parquet; JSONL otherwise.",
            show_default=False,
        ),
    ] = None,
    workers: Workers = None,
    completion_column: CompletionColumn = None,
    prompt_column: PromptColumn = None,
    reference_column: ReferenceColumn = None,
    tests_column: TestsColumn = None,
    label_column: LabelColumn = None,
    kind_column: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=COLUMNS,
            help="The column with the kind of a row; by default kind, else source.",
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the comparison as JSON instead.")
    ] = False,
    overwrite: ReplaceOutput = False,
) -> None:
    """Show where rewards disagree, each two side by side.

    Prints how often they decide alike, Cohen's kappa of those decisions (1: always, 0: as chance
    would), and the rows on which they differ, the kinds with most of them first. Where the file
    says which completions are right, it says which reward is.

    Exit codes: 0 compared, whether they agree or not; 1 compared, but some rows could not be
    judged (status "error"); 2 bad input or options, or the output cannot be written; 130
    interrupted (143 by SIGTERM), nothing is written.

    For example:

        rlvr compare samples.jsonl --reward accuracy --reward mine:exact --limit 5
    """
    from rewards.workbench.disagreement import DisagreementOptions, compare_rewards
    from rewards.workbench.scoring.row_columns import NamedColumns

    options = DisagreementOptions(
        input=file,
        rewards=reward,
        limit=limit,
        min_score=min_score,
        output=output,
        workers=workers,
        named=NamedColumns(
            completion=completion_column,
            prompt=prompt_column,
            reference=reference_column,
            tests=tests_column,
        ),
        label_column=label_column,
        kind_column=kind_column,
        overwrite=overwrite,
    )
    with ended_by_signals(), show_progress() as on_progress:
        comparison = compare_rewards(options, on_progress=on_progress)
    if json:
        typer.echo(jsonlib.dumps(comparison.to_dict(), ensure_ascii=False, indent=2))
    else:
        _print_comparison(comparison)
    if comparison.error_rows:
        raise typer.Exit(EXIT_SOME_FAILED)


def _print_comparison(comparison: RewardComparison) -> None:
    from rich.console import Console  # `--help` is quick

    from rewards.workbench.rows.columns_read import columns_in_words

    console = Console(highlight=False)
    for counts, shown in zip(comparison.pairs, comparison.shown, strict=True):
        _print_pair(console, counts, shown)
    for label in comparison.rewards if comparison.labelled_rows else ():
        right = comparison.right[label]
        share = right / comparison.labelled_rows
        say = f"{label} is right on {right:,} of {comparison.labelled_rows:,} rows ({share:.1%})"
        console.print(plain(f"{say}, says {comparison.label_column}"), soft_wrap=True)
    if read := columns_in_words(comparison.columns):
        console.print(plain(read), soft_wrap=True)
    for note in comparison.notes:
        console.print(plain(f"note: {note}"), soft_wrap=True)
    if comparison.error_rows:
        console.print(plain(f"{comparison.error_rows:,} rows could not be judged:"))
        for error in comparison.errors:
            console.print(plain(f"  {error}"), soft_wrap=True)


def _print_pair(console: Console, counts: PairCounts, shown: list[Disagreement]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from rewards.workbench.disagreement.decisions import Decision

    table = Table(box=SIMPLE_HEAD)
    table.add_column(plain(f"{counts.first} ↓  {counts.second} →"))
    for other in Decision:
        table.add_column(other.value, justify="right")
    for decision in Decision:
        row = [counts.decisions[decision, other] for other in Decision]
        table.add_row(decision.value, *(f"{count:,}" for count in row))
    console.print(table)
    both = sum(counts.judged.values())
    if counts.agreement is None:
        console.print("no row was judged by both")
    else:
        kappa = "not defined" if counts.kappa is None else f"{counts.kappa:.3f}"
        console.print(
            f"agreement {counts.agreement:.1%} of {both:,} rows that both judged, κ {kappa}"
        )
    if counts.labelled_disagreements:
        say = (
            f"of {counts.labelled_disagreements:,} disagreements {counts.first} is right in "
            f"{counts.first_right:,}, {counts.second} in {counts.second_right:,}"
        )
        console.print(plain(say), soft_wrap=True)
    worst = counts.worst_kinds()
    if len(counts.kinds) > 1 and worst:
        table = Table(box=SIMPLE_HEAD)
        table.add_column("kind")
        table.add_column("rows", justify="right")
        table.add_column("disagreements", justify="right")
        for kind in worst[:_SHOWN_KINDS]:
            count = counts.kinds[kind]
            table.add_row(plain(kind), f"{count.rows:,}", f"{count.disagreements:,}")
        console.print(table)
        if len(worst) > _SHOWN_KINDS:
            console.print(f"and {len(worst) - _SHOWN_KINDS:,} more kinds with disagreements")
    for one in shown:
        _print_disagreement(console, one)
    if len(shown) < counts.disagreements:
        console.print(
            f"\n{counts.disagreements - len(shown):,} more disagreements (--limit shows more, "
            "--output writes all)"
        )
    console.print()


def _print_disagreement(console: Console, one: Disagreement) -> None:
    known = {
        "kind": one.kind,
        "reference": one.reference,
        "right": None if one.truth is None else "yes" if one.truth else "no",
    }
    said = [
        Said(label, verdict.status.value, verdict.score, verdict.extracted, verdict.reason)
        for label, verdict in one.verdicts.items()
    ]
    print_case(console, f"line {one.line}", known, one.ending, said)
