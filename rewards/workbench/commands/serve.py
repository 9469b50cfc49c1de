"""`rlvr serve`: rewards and the sandbox behind one HTTP server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from rewards.errors import DataFileError, InputError
from rewards.extras import require_package

_NEEDS = ("fastapi", "uvicorn", "prometheus_client")


def serve(  # noqa: PLR0913 - one parameter per option
    *,
    host: Annotated[
        str, typer.Option(help="The address to listen on; any but loopback needs a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 8080,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that judge; by default one per usable CPU."),
    ] = None,
    reward: Annotated[
        list[str] | None,
        typer.Option(
            "--reward",
            "-r",
            metavar="NAME=REWARD",
            help="A reward of yours that clients may ask for by NAME: module:name, file.py:name, "
            "or one of ours with any options. Clients reach no other code.",
        ),
    ] = None,
    default_reward: Annotated[
        str, typer.Option(help="The reward where a client's protocol names none.")
    ] = "accuracy",
    unscored: Annotated[
        float, typer.Option(help="The number for clients that cannot bear 'no score'.")
    ] = 0.0,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="A file with the token that clients must show; RLVR_SERVE_TOKEN does as well.",
            show_default=False,
        ),
    ] = None,
    queue: Annotated[
        int, typer.Option(min=1, help="Completions that may wait; more are refused for now.")
    ] = 4096,
    body_mb: Annotated[float, typer.Option(help="Megabytes a request may have.")] = 16.0,
    body_s: Annotated[float, typer.Option(help="Seconds in which it must arrive.")] = 30.0,
    deadline: Annotated[
        float, typer.Option(metavar="SECONDS", help="Seconds in which it is answered, or 504.")
    ] = 300.0,
    row_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="Wall seconds one row may take of yours.")
    ] = 120.0,
    row_memory: Annotated[
        int, typer.Option(metavar="MB", help="The memory one row may take.")
    ] = 2048,
    connections: Annotated[int, typer.Option(min=1, help="Connections at a time.")] = 1000,
    drain: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Seconds for what is under way at SIGTERM."),
    ] = 30.0,
) -> None:
    """Serve verdicts and program runs over HTTP, to trainers on this machine or others.

    Endpoints: /verify (any reward, one completion or many), OpenRLHF's /get_reward, slime's
    /remote_rm, NeMo-Gym's /verify, SandboxFusion's /run_code and /submit, open-instruct's
    /test_program, /health, /metrics (Prometheus) and /docs (OpenAPI). Every verdict is the one
    the library gives.

    Clients name rewards of ours with options, as in accuracy(tolerance=1e-3). Code of yours is
    reached by the names that --reward gives it, and by no import path. When --queue is full,
    requests are answered 429 (or what their client tries again on), with Retry-After. At SIGTERM
    what is under way is finished; exit code 0.

    For example:

        rlvr serve --port 8080 --reward length=mine.py:length

        RLVR_SERVE_TOKEN=$(openssl rand -hex 16) rlvr serve --host 0.0.0.0
    """
    for package in _NEEDS:
        require_package(package, needed_by="rlvr serve", extra="serve")
    from rewards.serving.options import TOKEN_VARIABLE, ServeOptions
    from rewards.serving.run import serve as run_server
    from rlvr_cpus import usable_cpus

    token = _read(token_file) if token_file else os.environ.get(TOKEN_VARIABLE) or None
    options = ServeOptions(
        host=host,
        port=port,
        workers=workers or usable_cpus(),
        token=token,
        named=dict(_named(given) for given in reward or []),
        default_reward=default_reward,
        unscored=unscored,
        queue=queue,
        body_mb=body_mb,
        body_s=body_s,
        deadline_s=deadline,
        row_wall_s=row_timeout,
        row_memory_mb=row_memory,
        connections=connections,
        drain_s=drain,
    )
    run_server(options)


def _named(given: str) -> tuple[str, str]:
    name, equals, source = given.partition("=")
    if not equals or not name.replace("_", "").replace("-", "").isalnum():
        raise InputError(f"--reward {given}: write NAME=REWARD, the name clients ask for first")
    return name, source


def _read(file: Path) -> str:
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError(f"{file}: the token cannot be read: {error}") from None
    if not token.isascii() or not token:
        raise DataFileError(f"{file}: a token is one line of ASCII")
    return token
