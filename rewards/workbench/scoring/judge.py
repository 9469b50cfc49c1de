"""A chunk of rows judged: text in, text out. Runs in a worker process and does no I/O."""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict

from rewards.columns import COLUMN_ALIASES, Role, columns_for, written_alike
from rewards.named.reward_function import RewardFunction
from rewards.named.spec import own_code_in, reward_named
from rewards.reward import Reward
from rewards.text.shorten import shorten
from rewards.verdict import Status, Verdict, VerdictFields
from rewards.workbench.rows.rows import RawRow
from rewards.workbench.scoring.completion_lists import summarise, summary_name
from rewards.workbench.scoring.row_parts import (
    Job,
    WirePart,
    WireRow,
    completions_in,
    find_flaw,
    is_several,
    parse_parts,
    parse_writable,
    users_rewards,
)
from rewards.workbench.scoring.tally import Tally
from rewards.workbench.scoring.verdict_cache import is_remembered, memory_of, pair_key
from rlvr_cpus import usable_cpus

_encoder = json.JSONEncoder(ensure_ascii=False)

Known = Mapping[str, Sequence[VerdictFields]]
"""What rewards said before, by label: one entry per row of a chunk."""


class JudgedChunk(TypedDict):
    """The output lines of a chunk, in the order of its rows, and their counts."""

    lines: list[str]
    tally: dict[str, object]


def prepare(job: Job) -> None:
    """Import a job's rewards, before any row is judged, in a process that is one of several.

    A reward that starts workers of its own is told to start only one, as a rank of a training run
    is.
    """
    os.environ["LOCAL_WORLD_SIZE"] = str(usable_cpus())
    for _, source in job["rewards"]:
        resolve_for_job(source, job["reference"], job["search_path"])


def judge_rows(job: Job, rows: Sequence[WireRow], known: Known | None = None) -> JudgedChunk:
    """Judge a chunk of rows with every reward of the job that is not among the `known`.

    A row's own text is kept as it stands and the verdicts are put before its closing brace, so
    that numbers, duplicate keys and key order come out as they went in.

    Args:
        job: what to judge with.
        rows: what to judge.
        known: what was said before, of each of the rows that `unfold_rows` makes of these.
    """
    labels = [label for label, _ in job["rewards"]]
    raws = [RawRow(*row) for row in rows]
    parsed = [parse_writable(job, raw) for raw in raws]
    singles = [completions_in(job, row) for row in parsed]
    alone = [one for row in singles for one in row]
    found = _judge_parsed(job, alone, [label for label in labels if label not in (known or {})])
    fields = {**(known or {}), **found}
    tally = Tally.of(labels)
    lines: list[str] = []
    start = 0
    for raw, row, own in zip(raws, parsed, singles, strict=True):
        end = start + len(own)
        results = {label: fields[label][start:end] for label in labels}
        written = _together(job, row, results)
        tally.add(written)
        lines.append(_line(raw, row, written))
        start = end
    return {"lines": lines, "tally": tally.to_dict()}


def judge_fields(job: Job, parts: Sequence[WirePart], labels: Sequence[str]) -> Known:
    """What some of the job's rewards say about parts of rows, for `judge_rows` to write."""
    return _judge_parsed(job, parse_parts(job, parts), labels)


def judge(
    job: Job, rows: Sequence[Any], known: Known | None, labels: Sequence[str] | None
) -> JudgedChunk | Known:
    """What a worker process does: `judge_fields` for some labels, or `judge_rows`."""
    return judge_rows(job, rows, known) if labels is None else judge_fields(job, rows, labels)


def error_fields(reason: str) -> VerdictFields:
    """The verdict fields of a reward that failed on a row."""
    return _fields(Verdict(None, Status.ERROR, reason=reason))


def _judge_parsed(
    job: Job, parsed: Sequence[dict[str, object] | str], labels: Sequence[str]
) -> dict[str, list[VerdictFields]]:
    fields: dict[str, list[VerdictFields]] = {label: [{}] * len(parsed) for label in labels}
    usable: list[dict[str, object]] = []
    places: list[int] = []
    for at, row in enumerate(parsed):
        flaw = find_flaw(job, row)
        if isinstance(row, str) or flaw:
            for label in labels:
                fields[label][at] = error_fields(flaw)
        else:
            usable.append(row)
            places.append(at)
    for label, source in job["rewards"]:
        if label in fields and usable:
            reward = resolve_for_job(source, job["reference"], job["search_path"])
            for at, said in zip(places, _ask_once(reward, source, usable, job), strict=True):
                fields[label][at] = said
    return fields


def _ask_once(
    reward: Reward | RewardFunction, source: str, rows: Sequence[dict[str, object]], job: Job
) -> list[VerdictFields]:
    """The verdict fields of each row; equal pairs are judged once."""
    if own_code_in(source) or not isinstance(reward, Reward) or not is_remembered(reward):
        return [_fields(verdict) for verdict in ask_reward(reward, rows, job)]
    names = [job["completion"], *([job["prompt"]] if job["prompt"] else []), "completion_ids"]
    about = f"{source} {job['reference']} {job.get('code', '')}"
    keys = [
        pair_key(
            about, [*(row.get(name) for name in names), *_cells_read(reward, row, job).items()]
        )
        for row in rows
    ]
    memory = memory_of(job.get("cache"))
    known = memory.look_up(keys)
    new = {key: row for key, row in zip(keys, rows, strict=True) if key not in known}
    if new:
        verdicts = ask_reward(reward, list(new.values()), job)
        found = dict(zip(new, map(_fields, verdicts), strict=True))
        memory.remember(found)
        known |= found
    return [known[key] for key in keys]


def ask_reward(
    reward: Reward | RewardFunction, rows: Sequence[Mapping[str, object]], job: Job
) -> list[Verdict]:
    """What one reward says about rows that have no flaw."""
    completions = [row[job["completion"]] for row in rows]
    prompts = [row.get(job["prompt"]) if job["prompt"] else None for row in rows]
    if isinstance(reward, RewardFunction):
        others = dict.fromkeys(name for row in rows for name in row if name != job["completion"])
        return reward.verdicts(
            completions=completions,
            prompts=prompts,
            references=[_reference(row, job["reference"]) for row in rows],
            columns={name: [row.get(name) for row in rows] for name in others},
        )
    cells = [_cells_read(reward, row, job) for row in rows]
    names = dict.fromkeys(name for read in cells for name in read)
    return reward.verdicts(
        completions=completions,
        prompts=prompts,
        completion_ids=[row.get("completion_ids") for row in rows],
        **{name: [read.get(name) for read in cells] for name in names},
    )


def _cells_read(reward: Reward, row: Mapping[str, object], job: Job) -> dict[str, object]:
    """The cells that a reward may look at, by their columns.

    Every name that may hold what the reward needs, empty ones too: a chunk in which no row has it
    is no error, since the head of the file had it.
    """
    names: tuple[str, ...] = (reward.column,) if reward.column else ()
    if not names and reward.role is not None:
        names = COLUMN_ALIASES[reward.role]
    read = dict.fromkeys((*names, *reward.also_reads, *written_alike(row)))
    cells = {name: row.get(name) for name in read if name not in _GIVEN_APART}
    named = job.get("tests")
    if named is not None:  # it alone counts, for the parts of a combination, too
        cells = {n: cell for n, cell in cells.items() if not columns_for(Role.TESTS, [n])}
        cells[COLUMN_ALIASES[Role.TESTS][0]] = row.get(named)
    return cells


# Arguments of `Reward.verdicts` that no column may fill.
_GIVEN_APART = frozenset(("completions", "prompts", "completion_ids"))


def _reference(row: Mapping[str, object], column: str | None) -> object:
    names = columns_for(Role.REFERENCE, row, column=column)
    return next((row[name] for name in names if row[name] is not None), None)


@lru_cache(maxsize=64)
def resolve_for_job(
    source: str, reference: str | None, search_path: str
) -> Reward | RewardFunction:
    """The reward called `source`, told which column holds its references."""
    reward = reward_named(source, search_path=Path(search_path))
    if isinstance(reward, Reward) and reward.role is Role.REFERENCE and reference is not None:
        return replace(reward, column=reference)
    return reward


def _together(
    job: Job, row: dict[str, object] | str, results: Mapping[str, Sequence[VerdictFields]]
) -> dict[str, object]:
    """The verdict fields of one row by reward; of several completions lists, and summaries."""
    if not is_several(job, {} if isinstance(row, str) else row):
        return {label: one for label, (one,) in results.items()}
    said = None if isinstance(row, str) else row.get(job["completion"])
    completions = None if said else 0
    users = users_rewards(job)
    summaries = {}
    for label, source in job["rewards"]:
        same: Callable[[str, str], bool] = operator.eq
        if label not in users:  # a user's could do anything, and this is outside of any limit
            reward = resolve_for_job(source, job["reference"], job["search_path"])
            same = reward.same_answer if isinstance(reward, Reward) else same
        summaries[summary_name(label)] = summarise(results[label], same, completions=completions)
    return {**results, **summaries}


def _line(raw: RawRow, row: dict[str, object] | str, results: Mapping[str, object]) -> str:
    if isinstance(row, str):
        bad = {"line": raw.line, "error": row, "raw": shorten(raw.text)}
        start = _dumped(bad)[:-1]
    else:
        start = raw.text.strip()[:-1].rstrip()
    return f"{start}{'' if start == '{' else ', '}{_dumped(results)[1:]}"


def _fields(verdict: Verdict) -> VerdictFields:
    """A verdict as files hold it: all but the seconds, which differ from run to run."""
    return {**verdict.to_dict(seconds=False)}


def _dumped(value: Mapping[str, object]) -> str:
    text = _encoder.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, as "\\ud800" in the input gives it
        return json.dumps(value)
    return text
