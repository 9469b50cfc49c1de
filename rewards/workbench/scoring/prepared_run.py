"""A run before it starts: its options and the head of its input looked at, its output planned."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from rewards.errors import InputError
from rewards.extras import version_of
from rewards.named.own_code import is_file_path, source_file
from rewards.named.spec import own_code_in, reward_named
from rewards.reward import Reward
from rewards.workbench.rows.input_files import check_apart, describe_input
from rewards.workbench.rows.joined_rows import read_joined
from rewards.workbench.rows.output_file import check_place
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import RowReader
from rewards.workbench.scoring.reward_arguments import NamedReward, read_reward_arguments
from rewards.workbench.scoring.row_columns import Columns, NamedColumns, choose_columns, paths_of
from rewards.workbench.scoring.row_limits import RowLimits
from rewards.workbench.scoring.row_parts import Job
from rewards.workbench.scoring.tally import Summary, Tally
from rewards.workbench.scoring.unfinished_output import OutputPlan, partial_path
from rewards.workbench.scoring.verdict_cache import CacheFullError, check_cache, describe_code
from rewards.workbench.scoring.warning_signs import warning_signs


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """What to score, with what, and where to.

    Attributes:
        input: a file or folder of rows, in any format that `open_rows` knows.
        output: where the rows and verdicts go; packed when the name ends in `.gz`, `.zst` or
            `.parquet`.
        rewards: each a name, `module:object`, or `NAME=` before either.
        workers: worker processes; `None` for one per usable CPU, 0 to judge in this process.
        named: columns that the user named.
        limits: what a user's own reward may use for one row, in worker processes.
        cache: a file in which verdicts are remembered from run to run; `None` for none.
        references: a file with what the rows lack, by their ids; `None` for none.
        join_on: the columns with the ids; see `read_joined`.
        flat: write verdicts to parquet as one column a field.
        overwrite: replace a finished output, and drop an unfinished one that does not match.
        ray: the address of a Ray cluster whose nodes judge, or `local`; `None` for none.
    """

    input: Path
    output: Path
    rewards: Sequence[str]
    workers: int | None = None
    named: NamedColumns = field(default_factory=NamedColumns)
    limits: RowLimits = field(default_factory=RowLimits)
    cache: Path | None = None
    references: Path | None = None
    join_on: str | None = None
    flat: bool = False
    overwrite: bool = False
    ray: str | None = None


@dataclass(frozen=True, kw_only=True)
class PreparedRun:
    """A run whose options and input have been looked at.

    Attributes:
        options: what it does.
        job: what its workers are told.
        columns: the columns in use.
        plan: what its output is made from.
        opened: opens its input.
    """

    options: ScoreOptions
    job: Job
    columns: Columns
    plan: OutputPlan
    opened: Callable[[Path], RowReader] = open_rows

    @property
    def labels(self) -> list[str]:
        """The names of its rewards."""
        return [label for label, _ in self.job["rewards"]]

    def summarise(self, tally: Tally, *, resumed_rows: int, notes: Sequence[str] = ()) -> Summary:
        """How it ended."""
        references = self.columns.references_seen
        columns = {
            "completion": self.columns.completion,
            "prompt": self.columns.prompt,
            "reference": references[0] if references else None,
            "tests": self.columns.tests_seen[0] if self.columns.tests_seen else None,
        }
        return Summary(
            input=self.options.input,
            output=self.options.output,
            tally=tally,
            resumed_rows=resumed_rows,
            columns=columns,
            notes=(*self.columns.notes, *notes),
            signs=warning_signs(tally, columns),
        )


def prepare_run(options: ScoreOptions) -> PreparedRun:
    """Look at the options and at the head of the input.

    Raises:
        InputError: something in them cannot be used.
    """
    named_rewards = read_reward_arguments(options.rewards)
    rewards = [(named.label, reward_named(named.source)) for named in named_rewards]
    check_place(options.output)
    if options.flat and options.output.suffix.lower() != ".parquet":
        raise InputError(f"{options.output}: --flat is for parquet; end the name in .parquet")
    for written in (options.output, partial_path(options.output)):
        check_apart(options.input, written)
    joined = None
    if options.references is not None:
        joined = read_joined(options.input, options.references, options.join_on)
    opened = joined.open if joined is not None else open_rows
    columns = choose_columns(
        options.input,
        [(label, reward if isinstance(reward, Reward) else None) for label, reward in rewards],
        options.named,
        opened,
    )
    job: Job = {
        "rewards": [(named.label, named.source) for named in named_rewards],
        "completion": columns.completion,
        "prompt": columns.prompt,
        "reference": columns.reference,
        "search_path": str(Path.cwd()),
        "several": columns.several,
        "others": list(columns.other_completions),
        "tests": options.named.tests,
        "paths": [
            *paths_of(
                [
                    *vars(options.named).values(),
                    *(reward.column for _, reward in rewards if isinstance(reward, Reward)),
                ]
            )
        ],
    }
    ours = [reward for _, reward in rewards if isinstance(reward, Reward)]
    if any(reward.compares_completions for reward in ours):
        job["whole_groups"] = True
    if options.cache is not None:
        try:
            job |= {"cache": check_cache(options.cache), "code": describe_code()}
        except CacheFullError as error:
            columns = replace(columns, notes=(*columns.notes, str(error)))
    plan = _describe_run(options, named_rewards, columns)
    if joined is not None:
        by = {"column": joined.by, "other column": joined.by_other}
        plan = {**plan, "references": {**describe_input(joined.path), **by}}
    return PreparedRun(options=options, job=job, columns=columns, plan=plan, opened=opened)


def _describe_run(
    options: ScoreOptions, rewards: Sequence[NamedReward], columns: Columns
) -> OutputPlan:
    """What the output depends on: an unfinished one is continued only when all of it is equal."""
    own_code = [path for one in rewards for path in own_code_in(one.source)]
    limits = {
        "row timeout (s)": options.limits.timeout_s,
        "row memory (MB)": options.limits.memory_mb,
    }
    return {
        "input": describe_input(options.input),
        "run": {
            "rewards": ", ".join(f"{one.label}={one.source}" for one in rewards),
            "completion column": columns.completion,
            "prompt column": columns.prompt,
            "reference column": columns.reference,
            **({"completions in a row": "several"} if columns.several else {}),
            **(
                {"other completion columns": ", ".join(columns.other_completions)}
                if columns.other_completions
                else {}
            ),
            **({"tests column": options.named.tests} if options.named.tests else {}),
            **({"columns of verdicts": "flat"} if options.flat else {}),
            **(limits if own_code else {}),
        },
        "code": {
            "rlvr": version_of("rlvr"),
            **{path: _digest_source(path) for path in own_code},
        },
    }


def _digest_source(source: str) -> str | None:
    """A hash of the module that holds a user's reward."""
    if is_file_path(source):
        file = source_file(source, Path.cwd())
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    spec = find_spec(source.partition(":")[0])
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        return None
    return hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()[:16]
