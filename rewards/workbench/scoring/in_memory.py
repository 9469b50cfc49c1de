"""Rows in memory scored as files are: lists, data frames, data sets, tables.

The rows go through a file that nobody sees, so that verdicts, columns and limits are those of
`rlvr score`: values are what JSON holds of them.
"""

from __future__ import annotations

import html
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, overload

from rewards.errors import InputError
from rewards.extras import require_package
from rewards.named.spec import known_rewards, reward_named
from rewards.reward import Reward
from rewards.text.counted import counted
from rewards.verdict import Verdict
from rewards.workbench.rows.json_text import escape_halves, write_json
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import parse_row
from rewards.workbench.scoring.completion_lists import each_verdict, summary_name
from rewards.workbench.scoring.prepared_run import ScoreOptions
from rewards.workbench.scoring.row_columns import BAD_ROW_FIELDS, NamedColumns
from rewards.workbench.scoring.score import score_file

if TYPE_CHECKING:
    import pandas as pd

    from rewards.workbench.scoring.tally import Summary

RewardLike = str | Reward | Callable[..., object]
"""A spec as `rlvr score` takes it, a reward, or a function with TRL's signature."""

RowVerdicts = Mapping[str, Verdict | Sequence[Verdict]]
"""What each reward says of a row: a verdict, or one for each of its completions."""

# Fewer rows are judged sooner than processes are started.
_ROWS_FOR_WORKERS = 256
_GIVEN = "_rlvr_given"
_numbers = count()


@dataclass(frozen=True, eq=False)
class Scored(Sequence[RowVerdicts]):
    """The verdicts of rows, in their order; `[at]["accuracy"]` is one of them.

    Attributes:
        rows: by reward, row by row.
        summary: counts, means, and the columns that were read.
    """

    rows: Sequence[RowVerdicts]
    summary: Summary

    @overload
    def __getitem__(self, at: int) -> RowVerdicts: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[RowVerdicts]: ...
    def __getitem__(self, at: int | slice) -> RowVerdicts | Sequence[RowVerdicts]:
        return self.rows[at]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def means(self) -> dict[str, float | None]:
        """The mean score of each reward; `None` where no row was scored."""
        return {label: counts.mean for label, counts in self.summary.tally.rewards.items()}

    def scores(self, reward: str) -> list[float | None]:
        """The scores of one reward; of a row with several completions their mean."""
        return [_score(row[reward]) for row in self.rows]

    def to_frame(self) -> pd.DataFrame:
        """As `to_frame`."""
        return to_frame(self)

    def __repr__(self) -> str:
        lines = [
            f"{label}: mean {_shown(self.means[label])}; "
            + ", ".join(f"{status} {rows:,}" for status, rows in counts.statuses.most_common())
            for label, counts in self.summary.tally.rewards.items()
        ]
        signs = [f"look: {sign}" for sign in self.summary.signs]
        return "\n  ".join([f"Scored, {counted(len(self), 'row')}", *lines, *signs])

    def _repr_html_(self) -> str:
        cells = [
            f"<tr><td>{html.escape(label)}</td><td>{html.escape(status)}</td><td>{rows:,}</td></tr>"
            for label, counts in self.summary.tally.rewards.items()
            for status, rows in counts.statuses.most_common()
        ]
        head = "<tr><th>reward</th><th>status</th><th>rows</th></tr>"
        means = ", ".join(
            f"{html.escape(label)}: {_shown(mean)}" for label, mean in self.means.items()
        )
        return f"<p>{len(self):,} rows, mean {means}</p><table>{head}{''.join(cells)}</table>"


def score(  # noqa: PLR0913 - one parameter per option
    rows: object,
    rewards: RewardLike | Sequence[RewardLike] | Mapping[str, RewardLike] = "accuracy",
    *,
    workers: int | None = None,
    completion_column: str | None = None,
    prompt_column: str | None = None,
    reference_column: str | None = None,
    tests_column: str | None = None,
) -> Scored:
    r"""Judge rows with rewards, on all processors where there are many.

    Args:
        rows: a list of mappings, a mapping of columns, a data frame (pandas, polars), a data set
            (datasets), a table (pyarrow), or the path of a file that `rlvr score` reads.
        rewards: one or more, by name (`"accuracy(tolerance=1e-3)"`), as they are, or as functions
            with TRL's signature; a mapping names them.
        workers: worker processes; by default none for few rows, and one for each usable processor
            for many. A reward that no text describes, such as a function, is judged in this
            process, without a limit on its time.
        completion_column: a column with another than the usual names; `a.b.0` looks inside of one.
        prompt_column: the same for prompts.
        reference_column: the same for references.
        tests_column: the same for tests of programs.

    >>> scored = score([{"completion": r"\boxed{4}", "answer": "4"}])
    >>> scored[0]["accuracy"].score, scored.means
    (1.0, {'accuracy': 1.0})

    Raises:
        InputError: a reward or the rows cannot be used; the message says why.
    """
    given = _labelled(rewards)
    with TemporaryDirectory(prefix="rlvr-") as folder, _sources(given) as sources:
        source = _as_file(rows, Path(folder))
        here = any(spec.startswith(_GIVEN) for spec in sources.values())
        if here or (workers is None and _is_short(source)):
            workers = 0
        taken = _columns_of(source)
        labels = {label: _free(label, taken) for label in given}
        written = Path(folder) / "scored.jsonl"
        summary = score_file(
            ScoreOptions(
                input=source,
                output=written,
                rewards=[f"{labels[label]}={spec}" for label, spec in sources.items()],
                workers=workers,
                named=NamedColumns(
                    completion=completion_column,
                    prompt=prompt_column,
                    reference=reference_column,
                    tests=tests_column,
                ),
            )
        )
        renamed = {labels[label]: label for label in given}
        tally = summary.tally
        tally.rewards = {renamed[label]: counts for label, counts in tally.rewards.items()}
        return Scored(list(_read_verdicts(written, labels)), summary)


def to_frame(scored: Sequence[RowVerdicts] | Sequence[Verdict]) -> pd.DataFrame:
    """Verdicts as a data frame (pandas): a row each, `accuracy.score`, `accuracy.status`, ….

    Of verdicts without a reward's name the columns are `score`, `status`, …; of a row with several
    completions each cell is a list.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    require_package("pandas", needed_by="to_frame", extra="frames")
    import pandas as pd

    return pd.DataFrame([_flat(one) for one in scored])


def _flat(one: RowVerdicts | Verdict) -> dict[str, object]:
    if isinstance(one, Verdict):
        return dict(one.to_dict(seconds=False))
    found: dict[str, object] = {}
    for label, verdicts in one.items():
        if isinstance(verdicts, Verdict):
            fields: dict[str, object] = dict(verdicts.to_dict(seconds=False))
        else:
            each = [verdict.to_dict(seconds=False) for verdict in verdicts]
            names = dict.fromkeys(name for fields in each for name in fields)
            fields = {name: [fields.get(name) for fields in each] for name in names}
        found |= {f"{label}.{name}": value for name, value in fields.items()}
    return found


def _score(verdicts: Verdict | Sequence[Verdict]) -> float | None:
    if isinstance(verdicts, Verdict):
        return verdicts.score
    scores = [one.score for one in verdicts if one.score is not None]
    return sum(scores) / len(scores) if scores else None


def _labelled(
    rewards: RewardLike | Sequence[RewardLike] | Mapping[str, RewardLike],
) -> dict[str, RewardLike]:
    if isinstance(rewards, Mapping):
        return dict(rewards)
    several = [rewards] if isinstance(rewards, str) or callable(rewards) else list(rewards)
    found: dict[str, RewardLike] = {}
    for one in several:
        label = (
            one.partition("(")[0] if isinstance(one, str) else getattr(one, "__name__", "reward")
        )
        label = label.rpartition(":")[2]
        if label in found:
            raise InputError(
                f"two rewards are called {label!r}; name them: rewards={{'first': …, 'second': …}}"
            )
        found[label] = one
    return found


@contextmanager
def _sources(given: Mapping[str, RewardLike]) -> Iterator[dict[str, str]]:
    """Each reward as a text that `rlvr score` takes; what no text describes, as an import path.

    That path is known in this process alone, for as long as the rows are judged.
    """
    name = f"{_GIVEN}_{next(_numbers)}"
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    found: dict[str, str] = {}
    for at, (label, one) in enumerate(given.items()):
        spec = one if isinstance(one, str) else _spec_of(one)
        if spec is None:
            setattr(module, f"reward_{at}", one)
            spec = f"{name}:reward_{at}"
        found[label] = spec
    sys.modules[name] = module
    try:
        yield found
    finally:
        del sys.modules[name]


def _spec_of(one: object) -> str | None:
    """A text that stands for this very reward; `None` where there is none."""
    if not isinstance(one, Reward):
        return None
    name = next((name for name, known in known_rewards().items() if known == one), None)
    if name is not None:
        return name
    try:
        return repr(one) if reward_named(repr(one), trusted=False) == one else None
    except InputError:
        return None


def _as_file(rows: object, folder: Path) -> Path:
    """The path that was given, or a file with the rows."""
    if isinstance(rows, str | Path):
        return Path(rows)
    file = folder / "rows.jsonl"
    with file.open("w", encoding="utf-8", newline="\n") as written:
        for at, row in enumerate(_records(rows)):
            if not isinstance(row, Mapping):
                raise InputError(f"row {at} is a {type(row).__name__}; rows are mappings")
            try:
                written.write(escape_halves(write_json(dict(row))) + "\n")
            except (TypeError, ValueError, RecursionError) as error:
                raise InputError(f"row {at} holds what JSON cannot hold: {error}") from error
    if not file.stat().st_size:
        raise InputError("there are no rows to score")
    return file


def _records(rows: object) -> Iterable[object]:
    """The rows one by one, whatever holds them."""
    if isinstance(rows, Mapping):
        lengths = {len(column) for column in rows.values()}
        if len(lengths) > 1:
            raise InputError(f"the columns are of different lengths: {sorted(lengths)}")
        return ({name: rows[name][at] for name in rows} for at in range(max(lengths, default=0)))
    if callable(batches := getattr(rows, "to_batches", None)):  # pyarrow
        return (row for batch in batches(max_chunksize=1024) for row in batch.to_pylist())
    if callable(named := getattr(rows, "iter_rows", None)):  # polars
        found: Iterable[object] = named(named=True)
        return found
    if hasattr(rows, "itertuples") and hasattr(rows, "columns"):  # pandas
        names = list(map(str, rows.columns))
        return (
            dict(zip(names, row, strict=True)) for row in rows.itertuples(index=False, name=None)
        )
    if isinstance(rows, Iterable):
        return rows
    raise InputError(
        f"rows are a list of mappings, a data frame, a data set, a table or a path, not "
        f"{type(rows).__name__}"
    )


def _shown(mean: float | None) -> str:
    return "–" if mean is None else f"{mean:.4f}"


def _is_short(source: Path) -> bool:
    with open_rows(source) as reader:
        return len(list(islice(reader, _ROWS_FOR_WORKERS))) < _ROWS_FOR_WORKERS


def _columns_of(source: Path) -> set[str]:
    """The columns of the first rows."""
    with open_rows(source) as reader:
        rows = [parse_row(raw) for raw in islice(reader, 1000)]
    return {name for row in rows if isinstance(row, dict) for name in row} | set(BAD_ROW_FIELDS)


def _free(label: str, taken: set[str]) -> str:
    """The label, or one like it that no column has."""
    free = label
    for number in count(2):
        if not {free, summary_name(free)} & taken:
            break
        free = f"{label}_{number}"
    return free


def _read_verdicts(written: Path, labels: Mapping[str, str]) -> Iterator[RowVerdicts]:
    with written.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            row = json.loads(line)
            found: dict[str, Verdict | Sequence[Verdict]] = {}
            for label, column in labels.items():
                said = row[column]
                each = [Verdict.from_dict(one) for one in each_verdict(said)]
                found[label] = each if isinstance(said, list) else each[0]
            yield found
