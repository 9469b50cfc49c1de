"""Whole files as Ray tasks: a node reads, judges and writes its file, this process only counts.

For that, all nodes must see the files and the folder of the outputs at the same paths. Each task
looks whether it does: it makes its plan anew, and finds a mark that was put beside the outputs. A
file that a node does not see so is left to the caller, who sends its rows in blocks
(`ray_blocks`). A node that is lost costs time: the next one goes on with the rows it had written.

Not covered: fewer files than CPUs, where blocks of rows keep more of the CPUs at work.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rewards.errors import InputError, WorkerError
from rewards.workbench.scoring.dispatch import KeptWorkers
from rewards.workbench.scoring.prepared_run import PreparedRun, ScoreOptions, prepare_run
from rewards.workbench.scoring.ray_blocks import KEPT, TRIES, connect
from rewards.workbench.scoring.tally import Summary
from rewards.workbench.scoring.unfinished_output import OutputPlan

Finish = Callable[[PreparedRun, KeptWorkers], Summary]
"""What a task does with a run; a function that nodes can import."""

_PATIENCE_S = 20.0  # for tasks to write down what they have, when the run is interrupted


def finish_on_nodes(
    runs: Mapping[int, PreparedRun], finish: Finish, *, address: str, marks: Path
) -> Generator[tuple[int, Summary]]:
    """Finish runs as Ray tasks, one each; those that are done, as they come.

    Nothing comes where there are fewer runs than CPUs, nor of a run that a node does not see.

    Args:
        runs: what to do, by their numbers.
        finish: what a task does.
        address: of the cluster, as for `judge_on_ray`.
        marks: a folder that lies where the outputs do.

    Raises:
        MissingExtraError, InputError, WorkerError: as `judge_on_ray`, and what `finish` raises.
    """
    ray = connect(address)
    if len(runs) < max(2, ray.cluster_resources().get("CPU", 1)):
        return
    task = ray.remote(
        num_cpus=1, max_retries=TRIES, retry_exceptions=[WorkerError], scheduling_strategy="SPREAD"
    )(finish_where_seen)
    with _mark(marks) as mark:
        waiting = {
            task.remote(_for_a_node(run), run.plan, finish, str(Path.cwd()), mark): at
            for at, run in runs.items()
        }
        try:
            while waiting:
                [ready], _ = ray.wait([*waiting], num_returns=1)
                at, summary = waiting.pop(ready), _result(ray, ready)
                if summary is not None:
                    yield at, summary
        finally:
            for reference in waiting:
                ray.cancel(reference)
            if waiting:
                ray.wait([*waiting], num_returns=len(waiting), timeout=_PATIENCE_S)


def finish_where_seen(
    options: ScoreOptions, plan: OutputPlan, finish: Finish, folder: str, mark: Path
) -> Summary | None:
    """What a task does: finish a run, or `None` where its files are not those of the plan.

    Raises:
        InputError, WorkerError: what `finish` raises.
    """
    before = Path.cwd()
    try:
        os.chdir(folder)
        if not mark.exists():
            return None
        run = prepare_run(options)
    except (OSError, InputError):  # no such folder, file or code on this node
        os.chdir(before)
        return None
    try:
        if run.plan != plan:
            return None
        return finish(run, KEPT)
    except BaseException:  # cancelled in the midst of a row: nobody reads that answer any more
        KEPT.close()
        raise
    finally:
        os.chdir(before)


def _for_a_node(run: PreparedRun) -> ScoreOptions:
    """A process of its own judges beside the task's, so that it can be ended."""
    return replace(run.options, ray=None, workers=1)


def _result(ray: Any, reference: Any) -> Summary | None:
    try:
        found: Summary | None = ray.get(reference)
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)  # what the task raised, if it came so far
        if isinstance(cause, (InputError, WorkerError)):
            raise cause from None
        raise WorkerError(f"a Ray task failed: {str(error).strip().splitlines()[-1]}") from error
    return found


@contextmanager
def _mark(folder: Path) -> Generator[Path]:
    """A file of a new name; who sees it sees the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / f"mark-{uuid.uuid4().hex}"
    mark.touch()
    try:
        yield mark.absolute()
    finally:
        with suppress(OSError):
            mark.unlink()
