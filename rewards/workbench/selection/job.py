"""The whole job: scored files in, the verified completions worth training on out.

Two passes. The first decides, and holds for each prompt a hash and its candidates: no text, but a
row number, a fingerprint and a length each, some 400 bytes in all. Under a cap these are at most
that many a prompt, so memory grows with the prompts and what is kept of them and not with the
file, whether a prompt's rows stand together or not. `Prefer.DIVERSE` holds every verified
completion that differs, with a sketch of at most 1 kB. The second pass writes the kept rows in the
order of the input.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rewards.columns import Role, missing_column
from rewards.completion import completion_text
from rewards.errors import DataFileError, InputError, MissingColumnError
from rewards.extraction.turns import first_turn
from rewards.text.lengths import words
from rewards.workbench.rows.input_files import stamp
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import RawRow, parse_row
from rewards.workbench.rows.whole_output import WholeOutput
from rewards.workbench.scoring.completion_lists import unfold_text
from rewards.workbench.scoring.row_columns import BAD_ROW_FIELDS, NamedColumns, choose_columns
from rewards.workbench.scoring.written_verdicts import (
    dump_row,
    read_head,
    read_verdict,
    verdict_columns,
)
from rewards.workbench.selection.candidates import Candidate, Prefer, PromptCandidates
from rewards.workbench.selection.overlap import sketch
from rewards.workbench.selection.row_counts import Fate, Selection
from rewards.workbench.selection.training_rows import (
    Form,
    find_training_flaw,
    holds_template,
    prompt_messages,
    training_row,
)

OnProgress = Callable[[int, int], None]
"""Called with the bytes read so far and those there are to read, both passes together."""

_ROWS_A_STEP = 64


@dataclass(frozen=True, kw_only=True)
class SelectOptions:
    """What to select from, what to keep, and where to.

    Attributes:
        inputs: files or folders that `rlvr score` wrote; shards are one file in the order given.
        output: where the kept rows go; packed when the name ends in `.gz`, `.zst` or `.parquet`.
        rewards: the columns that must all reach `min_score`; empty for every one that is found.
        min_score: the least score of a verified completion. A verdict without a score never
            passes, whatever this is.
        per_prompt: how many completions of one prompt are kept at most; `None` for all.
        prefer: which ones, when there are more.
        form: what a kept row is written as.
        named: columns that the user named.
        group_column: the column that tells prompts apart; `None` for the prompt itself.
        overwrite: replace the output when it is there already.
    """

    inputs: Sequence[Path]
    output: Path
    rewards: Sequence[str] = ()
    min_score: float = 1.0
    per_prompt: int | None = None
    prefer: Prefer = Prefer.FIRST
    form: Form = Form.CHAT
    named: NamedColumns = field(default_factory=NamedColumns)
    group_column: str | None = None
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class _Columns:
    completion: str
    prompt: str | None
    group: str
    rewards: tuple[str, ...]
    several: bool


def select_rows(options: SelectOptions, *, on_progress: OnProgress | None = None) -> Selection:
    """Keep the verified completions of scored files.

    The output depends on nothing but the rows and the options. It is there whole or not at all.

    Raises:
        InputError: something in the options or the files cannot be used.
    """
    _check_options(options)
    selection = Selection(output=options.output, rewards=())
    columns = _choose_columns(options, selection)
    selection.rewards = columns.rewards
    selection.columns = {
        "completion": columns.completion,
        "prompt": columns.prompt,
        "group": None if columns.group == columns.prompt else columns.group,
    }
    before = [stamp(path) for path in options.inputs]
    step = _Progress(options.inputs, columns, on_progress)
    with WholeOutput(options.output, overwrite=options.overwrite, inputs=options.inputs) as output:
        kept = _decide(options, columns, selection, step)
        _write(options, columns, kept, output, step)
        for path, earlier in zip(options.inputs, before, strict=True):
            if stamp(path) != earlier:
                raise DataFileError(
                    f"{path}: changed while it was read; run the command again when it is complete"
                )
    selection.notes += output.notes
    return selection


def _decide(
    options: SelectOptions, columns: _Columns, selection: Selection, step: _Progress
) -> list[int]:
    """The first pass: the places of the rows to keep, rising."""
    prompts: dict[bytes, PromptCandidates] = {}
    templated = 0
    for at, (path, raw) in enumerate(step.rows()):
        row = parse_row(raw)
        try:
            key = b"" if isinstance(row, str) else _digest(row.get(columns.group))
        except RecursionError:  # read at the limit, not to be written
            row = "JSON nested too deeply"
        if isinstance(row, str):
            selection.count(Fate.UNREADABLE, f"{path}:{raw.line}", row)
            continue
        if row.get(columns.group) is not None and key not in prompts:
            prompts[key] = PromptCandidates(options.per_prompt, options.prefer)
        fate, why = _judge(row, columns, options)
        if fate is not None:
            selection.count(fate, f"{path}:{raw.line}", why)
            continue
        if options.form is Form.CHAT and columns.prompt is not None:
            templated += holds_template(row[columns.prompt])
        prompts[key].add(_candidate(at, row, columns, options))
    kept: list[int] = []
    selection.prompts = len(prompts)
    for held in prompts.values():
        chosen = held.choose()
        kept += chosen.rows
        selection.prompts_kept += bool(chosen.rows)
        selection.fates[Fate.KEPT] += len(chosen.rows)
        selection.fates[Fate.DUPLICATE] += chosen.duplicates
        selection.fates[Fate.OVER_CAP] += chosen.over_cap
    if templated:
        selection.notes.append(
            f"a chat template has already been applied to the prompts of {templated:,} verified "
            f"rows: to train on them as they are take --format {Form.PROMPT_COMPLETION.value}"
        )
    return sorted(kept)


def _write(
    options: SelectOptions,
    columns: _Columns,
    kept: Sequence[int],
    output: WholeOutput,
    step: _Progress,
) -> None:
    """The second pass."""
    wanted = iter(kept)
    next_one = next(wanted, None)
    for at, (_, raw) in enumerate(step.rows()):
        if next_one is None:
            break
        if at != next_one:
            continue
        next_one = next(wanted, None)
        if options.form is Form.ROWS:
            output.write(raw.text.strip())
            continue
        row = parse_row(raw)
        if isinstance(row, str):  # readable a moment ago: `select_rows` sees that the file changes
            continue
        prompt = row.get(columns.prompt) if columns.prompt is not None else None
        made = training_row(prompt, row.get(columns.completion), options.form)
        output.write(dump_row(made | ({"tools": row["tools"]} if row.get("tools") else {})))


def _judge(
    row: dict[str, object], columns: _Columns, options: SelectOptions
) -> tuple[Fate | None, str]:
    """Why a row is out of the running, `None` when it is a candidate; and that in words."""
    bad = row.get(columns.completion) is None and all(
        row.get(name) is not None for name in BAD_ROW_FIELDS
    )
    if bad:
        return Fate.UNREADABLE, f"{row['error']} (line {row['line']} of the file that was scored)"
    for label in columns.rewards:
        verdict = read_verdict(row.get(label))
        if verdict is None:
            return Fate.NO_VERDICT, f"holds no verdict of {label}"
        if verdict.score is None:
            return Fate.NOT_JUDGED, ""
        if verdict.score < options.min_score:
            return Fate.BELOW_MIN_SCORE, ""
    if row.get(columns.group) is None:
        return Fate.NO_PROMPT, f"the row has no {columns.group!r}"
    if options.form is not Form.ROWS and columns.prompt is not None:
        try:
            prompt_messages(row.get(columns.prompt))
        except InputError as error:
            return Fate.NO_PROMPT, f"the column {columns.prompt!r}: {error}"
    flaw = find_training_flaw(row.get(columns.completion))
    return (Fate.BAD_COMPLETION, flaw) if flaw else (None, "")


def _candidate(
    at: int, row: dict[str, object], columns: _Columns, options: SelectOptions
) -> Candidate:
    completion = row[columns.completion]
    if isinstance(completion, str) and options.form is not Form.ROWS:
        completion = first_turn(completion)  # two that differ behind their turn train alike
    fingerprint = _digest(completion)
    if options.per_prompt is None or options.prefer is Prefer.FIRST:
        return Candidate(at, fingerprint)
    text = completion_text(completion).text
    if options.prefer is Prefer.DIVERSE:
        return Candidate(at, fingerprint, sketch=sketch(text))
    ids = row.get("completion_ids")
    return Candidate(at, fingerprint, len(ids) if isinstance(ids, list) else len(words(text)))


def _digest(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _check_options(options: SelectOptions) -> None:
    if options.per_prompt is not None and options.per_prompt < 1:
        raise InputError(f"--per-prompt {options.per_prompt}: keep at least 1, or leave it out")
    if math.isnan(options.min_score):
        raise InputError("--min-score nan: give a number")


def _choose_columns(options: SelectOptions, selection: Selection) -> _Columns:
    """The columns in use, decided on the first file; the others must have them too."""
    named, rewards = options.named, tuple(options.rewards)
    several = False
    for at, path in enumerate(options.inputs):
        chosen = choose_columns(path, [], named)
        head = read_head(path, chosen.completion)
        found = verdict_columns(head)
        several = several or chosen.several
        seen = list(dict.fromkeys(name for row in head for name in row))
        if not found:
            raise InputError(
                f"{path}: no column holds verdicts; score it first: rlvr score {path} --reward "
                "accuracy --output scored.jsonl"
            )
        missing = [label for label in rewards if label not in found]
        if missing:
            raise InputError(
                f"{path}: holds no verdicts of {missing[0]!r}; there are {', '.join(found)}"
            )
        if chosen.prompt is None and (options.form is not Form.ROWS or not options.group_column):
            lacks = missing_column(Role.PROMPT, seen, needed_by=f"--format {options.form.value}")
            if options.form is Form.ROWS:
                lacks = MissingColumnError(
                    f"{lacks} Or name the column that tells prompts apart with --group-column, "
                    "such as an id of the rows."
                )
            raise lacks
        if options.group_column is not None and options.group_column not in seen:
            raise InputError(
                f"{path}: has no column {options.group_column!r}; there are {', '.join(seen)}"
            )
        if at == 0:
            rewards = rewards or tuple(found)
            selection.notes += chosen.notes
            named = NamedColumns(completion=chosen.completion, prompt=chosen.prompt)
    if options.per_prompt is None and options.prefer is not Prefer.FIRST:
        selection.notes.append(f"--prefer {options.prefer.value} does nothing without --per-prompt")
    group = options.group_column or named.prompt
    if named.completion is None or group is None:
        raise InputError("no file given; name at least one that rlvr score wrote")
    return _Columns(
        completion=named.completion,
        prompt=named.prompt,
        group=group,
        rewards=rewards,
        several=several,
    )


class _Progress:
    """The rows of all files in order, telling how far the reading is, over both passes."""

    def __init__(
        self, paths: Sequence[Path], columns: _Columns, listener: OnProgress | None
    ) -> None:
        self._paths = paths
        self._columns = columns
        self._listener = listener
        self._total = 2 * sum(size for path in paths for _, size, _ in stamp(path))
        self._before = 0

    def rows(self) -> Iterator[tuple[Path, RawRow]]:
        """One pass; a row for each completion."""
        for path in self._paths:
            with open_rows(path) as reader:
                for at, raw in enumerate(reader):
                    if self._columns.several:
                        for one in unfold_text(raw, self._columns.completion):
                            yield path, one
                    else:
                        yield path, raw
                    if self._listener is not None and at % _ROWS_A_STEP == 0:
                        self._listener(self._before + reader.locate(at), self._total)
                self._before += reader.size_bytes
