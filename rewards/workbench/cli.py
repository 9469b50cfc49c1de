"""The command line, `rlvr`.

Commands live in `commands/`, one a file, and import what they need when they run, so that
`rlvr --help` is quick. Every error a user can mend is rendered here, as one line on standard
error with exit code 2.
"""

from __future__ import annotations

from typing import Annotated

import typer
from typer.core import TyperGroup

from rewards.errors import RlvrError
from rewards.workbench.commands.audit import audit
from rewards.workbench.commands.bench import bench
from rewards.workbench.commands.compare import compare
from rewards.workbench.commands.demo import demo
from rewards.workbench.commands.doctor import doctor
from rewards.workbench.commands.explain import explain
from rewards.workbench.commands.report import report
from rewards.workbench.commands.rewards import rewards
from rewards.workbench.commands.run import run
from rewards.workbench.commands.score import score
from rewards.workbench.commands.selection import select
from rewards.workbench.commands.serve import serve

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


class _Commands(TyperGroup):
    """Renders our errors in one place, for every command."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        try:
            return super().invoke(ctx)
        except RlvrError as error:
            _complain(str(error))
            raise typer.Exit(EXIT_BAD_INPUT) from None
        except BrokenPipeError:
            raise  # whoever read our output has enough
        except OSError as error:
            _complain(f"{error.filename or 'the system'}: {error.strerror or error}")
            raise typer.Exit(EXIT_BAD_INPUT) from None
        except KeyboardInterrupt as error:
            _complain(str(error) or "interrupted")
            raise typer.Exit(EXIT_INTERRUPTED) from None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
)
app.command()(score)
app.command()(select)
app.command()(audit)
app.command()(compare)
app.command()(bench)
app.command()(report)
app.command()(rewards)
app.command()(explain)
app.command()(run)
app.command()(serve)
app.command()(doctor)
app.command()(demo)


def _complain(message: str) -> None:
    # One line, whatever a file name or a user's exception holds.
    from rewards.text.visible import visible

    typer.echo(f"rlvr: {visible(' '.join(message.split()))}", err=True)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        from rewards.extras import version_of

        typer.echo(f"rlvr {version_of('rlvr') or '(a checkout that is not installed)'}")
        raise typer.Exit


@app.callback()
def rlvr(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Rewards that can be verified: score completions, explain a verdict, try a training run."""
