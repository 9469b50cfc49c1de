"""What rewards made of other rewards share: handing every part its own columns and rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from rewards.batch import is_column
from rewards.columns import COLUMN_ALIASES, Role
from rewards.completion import completion_text
from rewards.errors import InputError
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.verdict import Stage, Status, Verdict

Ask: TypeAlias = Callable[[Reward, Sequence[int]], list[Verdict]]


@dataclass(frozen=True)
class Batch:
    """A batch as a combination sees it.

    Attributes:
        samples: the completions without a reference; `None` for what is no completion.
        ask: the verdicts of a part on the completions at some positions.
        trainer_state: the trainer's, or `None` outside of training.
    """

    samples: Sequence[Sample | None]
    ask: Ask
    trainer_state: object = None

    def ask_all(self, part: Reward) -> list[Verdict]:
        """The verdicts of a part on every completion."""
        return self.ask(part, range(len(self.samples)))


@dataclass(frozen=True, kw_only=True)
class Combination(Reward):
    """A reward made of other rewards, its `parts`, any of which may be a combination again.

    Every part reads its own columns and judges only what it is asked for. What becomes of a part's
    `None` is each combination's own rule; the reasons of all parts are kept.
    """

    name: str = ""

    @property
    @abstractmethod
    def parts(self) -> tuple[Reward, ...]:
        """The rewards it is made of."""

    @abstractmethod
    def combine(self, batch: Batch) -> list[Verdict]:
        """One verdict per completion, from the verdicts of the parts."""

    @property
    def role(self) -> Role | None:  # type: ignore[override]  # a class has it fixed, we do not
        """What the first part that needs something needs."""
        return next((part.role for part in self.parts if part.role is not None), None)

    @property
    def also_reads(self) -> tuple[str, ...]:  # type: ignore[override]  # as above
        """Every column that any part may look at."""
        names: list[str] = []
        for part in self.parts:
            if part.role is not None:
                names += (part.column,) if part.column else COLUMN_ALIASES[part.role]
            names += part.also_reads
        return tuple(dict.fromkeys(names))

    @property
    def compares_completions(self) -> bool:  # type: ignore[override]  # as above
        """Whether any part does."""
        return any(part.compares_completions for part in self.parts)

    def check_columns(self, columns: Mapping[str, object], count: int) -> None:
        """Raise what `verdicts` would raise, for every part: also for one not asked at first."""
        for part in self.parts:
            self._told(part).check_columns(columns, count)

    def warm_up(self) -> None:
        """Start the workers of every part that has some."""
        for part in self.parts:
            part.warm_up()

    def stages(self, sample: Sample) -> list[Stage]:
        """What each part says by itself, also one that the combination may not ask for."""
        stages = super().stages(sample)
        for part in self.parts:
            (verdict,) = part.judge_many([sample])
            score = "no score" if verdict.score is None else f"{verdict.score:g}"
            text = f"{verdict.status.value}, {score}: {verdict.reason}"
            stages.append(Stage(part.name, text))
        return stages

    def judge(self, sample: Sample) -> Verdict:
        """Judge one completion, every part by the same reference."""
        return self.judge_many([sample])[0]

    def judge_many(self, samples: Sequence[Sample]) -> list[Verdict]:
        """Judge samples, in order, every part by the same reference."""

        def ask(part: Reward, positions: Sequence[int]) -> list[Verdict]:
            return part.judge_many([samples[at] for at in positions])

        return self.combine(Batch(samples, ask))

    def verdicts(
        self,
        *,
        completions: Sequence[object],
        prompts: object = None,
        completion_ids: object = None,
        **columns: object,
    ) -> list[Verdict]:
        """Judge a batch given as columns, one verdict per completion; see `Reward.verdicts`."""
        self._check_completions(completions)
        count = len(completions)
        if count == 0:
            return []
        self.check_columns(columns, count)
        prompt_list = self._optional_column("prompts", prompts, count)
        ids = self._optional_column("completion_ids", completion_ids, count)

        def ask(part: Reward, positions: Sequence[int]) -> list[Verdict]:
            if not positions:
                return []
            return self._told(part).verdicts(
                completions=[completions[at] for at in positions],
                prompts=[prompt_list[at] for at in positions],
                completion_ids=[ids[at] for at in positions],
                **{name: _cells(value, positions, count) for name, value in columns.items()},
            )

        samples = _samples(completions, prompt_list, ids, self._rows(columns, count))
        return self.combine(Batch(samples, ask, columns.get("trainer_state")))

    def _judge_batch(
        self,
        completions: Sequence[object],
        references: Sequence[object],
        prompts: Sequence[object],
        ids: Sequence[object],
        rows: Sequence[Mapping[str, object]],
    ) -> list[Verdict]:
        def ask(part: Reward, positions: Sequence[int]) -> list[Verdict]:
            given = (completions, references, prompts, ids, rows)
            return part._judge_batch(*([cells[at] for at in positions] for cells in given))  # type: ignore[arg-type]  # noqa: SLF001 - a part is a reward like this one

        return self.combine(Batch(_samples(completions, prompts, ids, rows), ask))

    def _told(self, part: Reward) -> Reward:
        """A part that reads its reference from the column this combination was told."""
        if self.column is None or part.role is not Role.REFERENCE or part.column is not None:
            return part
        return replace(part, column=self.column)

    def _set_name(self, default: str) -> None:
        if not self.name:
            object.__setattr__(self, "name", default)


def check_rewards(owner: str, parts: Sequence[object]) -> None:
    """Refuse what is no reward.

    Raises:
        InputError: a part is not a `Reward`.
    """
    for part in parts:
        if not isinstance(part, Reward):
            raise InputError(
                f"{owner} combines rewards such as `accuracy`, not {part!r:.80}; "
                "derive a function of your own from `rewards.Reward` first"
            )


def told(part: Reward, verdict: Verdict) -> str:
    """A part's verdict in words: its name, its score, its reason."""
    score = "none" if verdict.score is None else f"{verdict.score:g}"
    return f"{part.name} {score} ({verdict.reason})"


def satisfied(part: Reward, verdict: Verdict) -> bool:
    """Whether a part has nothing to say against a completion.

    Its status is `correct`; or it is a degree, such as a penalty, and there is no higher score.
    """
    if verdict.status is Status.SCORED:
        return verdict.score is not None and verdict.score >= part.bounds[1]
    return verdict.status is Status.CORRECT


def unsettled(verdict: Verdict) -> bool:
    """Whether a verdict has no score although the row has what the reward needs."""
    return verdict.status in {Status.ERROR, Status.BAD_REFERENCE}


def _cells(value: object, positions: Sequence[int], count: int) -> object:
    """A column's cells at some positions; anything but a column of this batch as it is."""
    if isinstance(positions, range):  # the whole batch, so that the part checks its length
        return value
    if not is_column(value) or len(value) != count:
        return value
    return [value[at] for at in positions]


def _samples(
    completions: Sequence[object],
    prompts: Sequence[object],
    ids: Sequence[object],
    rows: Sequence[Mapping[str, object]],
) -> list[Sample | None]:
    samples: list[Sample | None] = []
    for completion, prompt, tokens, row in zip(completions, prompts, ids, rows, strict=True):
        try:
            written = completion_text(completion)
        except InputError:  # every part says so in its verdict
            samples.append(None)
            continue
        token_ids = tokens if is_column(tokens) else None
        samples.append(Sample(written.text, prompt=prompt, completion_ids=token_ids, row=row))
    return samples
