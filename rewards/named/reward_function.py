"""A user's function with TRL's signature, called as TRL calls it, its numbers made verdicts.

What a row gets depends on that row alone, never on the rows it happens to be called with: a batch
that fails is taken apart, so the output is the same however the rows are grouped.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb

from rewards.columns import COLUMN_ALIASES, Role
from rewards.errors import InputError, TerminatedError
from rewards.verdict import Status, Verdict

# How a function that reads chat messages fails on a string: `completion[0]["content"]` and
# `message["content"]`, the same of an empty string, `message.get("content")`.
_MEANT_FOR_MESSAGES = (
    "string indices must be integers",
    "string index out of range",
    "'str' object has no attribute 'get'",
)


class _MisshapenResultError(InputError):
    """A function's result that is not one value per completion."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """The rows of one call, column by column."""

    completions: Sequence[object]
    prompts: Sequence[object]
    references: Sequence[object]
    columns: Mapping[str, Sequence[object]]

    def row(self, at: int, *, times: int = 1) -> _Batch:
        """One row, so many times."""
        return _Batch(
            [self.completions[at]] * times,
            [self.prompts[at]] * times,
            [self.references[at]] * times,
            {name: [values[at]] * times for name, values in self.columns.items()},
        )

    def as_messages(self) -> _Batch:
        """The same with chat messages in place of strings."""
        return _Batch(
            [_as_message("assistant", text) for text in self.completions],
            [_as_message("user", text) for text in self.prompts],
            self.references,
            self.columns,
        )


@dataclass(frozen=True, kw_only=True)
class RewardFunction:
    """A user's function with TRL's signature.

    It gets completions and prompts as the row holds them, strings or chat messages. One that fails
    on strings because it reads messages, as TRL's own do (`completion[0]["content"]`), is called
    again with `[{"role": "assistant", "content": text}]`.

    Attributes:
        name: what the function is called in reasons.
        function: takes `prompts`, `completions` and the dataset's columns as keywords, returns one
            number or `None` per completion; may be a coroutine function.
    """

    name: str
    function: Callable[..., object]

    def verdicts(
        self,
        *,
        completions: Sequence[object],
        prompts: Sequence[object],
        references: Sequence[object],
        columns: Mapping[str, Sequence[object]],
    ) -> list[Verdict]:
        """One verdict per completion, in order; a failure costs only the rows that cause it.

        1 counts as `correct` and 0 as `wrong`, which is what accuracy functions return; any other
        number says how much and not whether, and is `scored`. `None` is `not_applicable`.

        Raises:
            MemoryError: the function asked for more memory than there is.
            KeyboardInterrupt: it was interrupted, or raised that itself.
        """
        # TRL hands over lists of messages; a file may hold a single one.
        lists = [[one] if isinstance(one, Mapping) else one for one in completions]
        batch = _Batch(lists, prompts, references, columns)
        try:
            return self._judge(batch)
        except (MemoryError, KeyboardInterrupt, TerminatedError):
            raise
        except BaseException as error:  # noqa: BLE001 - it may raise anything, SystemExit included
            if len(completions) == 1 and not isinstance(error, _MisshapenResultError):
                return [_failed(error)]
            # One value for one row is no proof that it looked at the row; two for two are.
            times = 2 if isinstance(error, _MisshapenResultError) else 1
            return [self._judge_alone(batch, at, times) for at in range(len(completions))]

    def _judge_alone(self, batch: _Batch, at: int, times: int) -> Verdict:
        try:
            return self._judge(batch.row(at, times=times))[0]
        except (MemoryError, KeyboardInterrupt, TerminatedError):
            raise
        except _MisshapenResultError as error:
            if times == 1:
                return self._judge_alone(batch, at, times=2)
            return Verdict(None, Status.ERROR, reason=str(error))
        except BaseException as error:  # noqa: BLE001 - as above
            return _failed(error)

    def _judge(self, batch: _Batch) -> list[Verdict]:
        try:
            result = self._call(batch)
        except (TypeError, IndexError, AttributeError) as error:
            if not str(error).startswith(_MEANT_FOR_MESSAGES) or not any(
                isinstance(completion, str) for completion in batch.completions
            ):
                raise
            try:
                result = self._call(batch.as_messages())
            except (MemoryError, KeyboardInterrupt, TerminatedError):
                raise
            except BaseException:  # noqa: BLE001 - messages are not what it wanted
                raise error from None
        values = self._read(result, len(batch.completions))
        return [self._verdict(value) for value in values]

    def _call(self, batch: _Batch) -> object:
        offered: dict[str, object] = {
            **{name: list(values) for name, values in batch.columns.items()},
            "prompts": list(batch.prompts),
            "completions": list(batch.completions),
        }
        takes_all, names = _parameters(self.function)
        # TRL's own and most published functions ask for the reference under one fixed name.
        for alias in COLUMN_ALIASES[Role.REFERENCE]:
            if alias in names and alias not in offered:
                offered[alias] = list(batch.references)
        stands_in = {"log_extra": _ignore, "log_metric": _ignore, "trainer_state": None}
        offered |= {name: value for name, value in stands_in.items() if name in names}
        result = self.function(
            **{name: value for name, value in offered.items() if takes_all or name in names}
        )
        return asyncio.run(result) if inspect.iscoroutine(result) else result

    def _read(self, result: object, count: int) -> Sequence[object]:
        if result is None or isinstance(result, str | bytes | Mapping | AbstractSet | float | int):
            raise _MisshapenResultError(
                f"{self.name} returned a {type(result).__name__}, not a list with one number per "
                "completion"
            )
        values: Sequence[object]
        if isinstance(result, Sequence):
            values = result
        else:
            try:
                values = list(result)  # type: ignore[call-overload] # arrays and tensors
            except TypeError as error:
                raise _MisshapenResultError(
                    f"{self.name} returned a {type(result).__name__}, which cannot be read as a "
                    "list with one number per completion"
                ) from error
        if len(values) != count:
            many = "1 value" if len(values) == 1 else f"{len(values)} values"
            raise _MisshapenResultError(
                f"{self.name} does not return one value per completion: it returned {many} for "
                "this row given twice"
            )
        return values

    def _verdict(self, value: object) -> Verdict:
        if value is None:
            return Verdict(None, Status.NOT_APPLICABLE, reason=f"{self.name} returned None")
        if isinstance(value, str | bytes):
            return Verdict(
                None, Status.ERROR, reason=f"{self.name} returned text, not a number: {value!r:.80}"
            )
        try:
            score = float(value)  # type: ignore[arg-type] # numbers, NumPy scalars, tensors of one
        except (TypeError, ValueError, OverflowError, RuntimeError):
            return Verdict(
                None,
                Status.ERROR,
                reason=f"{self.name} returned a {type(value).__name__}, not a number",
            )
        if not math.isfinite(score):
            return Verdict(None, Status.ERROR, reason=f"{self.name} returned {score}")
        status = {1.0: Status.CORRECT, 0.0: Status.WRONG}.get(score, Status.SCORED)
        return Verdict(score, status, reason=f"{self.name} returned {score:g}")


def _failed(error: BaseException) -> Verdict:
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - its own __str__ may raise anything
        message = "<its message cannot be printed>"
    place = _place_of(error)
    return Verdict(None, Status.ERROR, reason=f"{type(error).__name__}: {message}{place}")


def _place_of(error: BaseException) -> str:
    """Where own code raised it, as ` (mine.py:12)`; "" for what was raised elsewhere.

    The innermost frame that is neither ours nor an installed package's.
    """
    own = [
        frame
        for frame in extract_tb(error.__traceback__)
        if not Path(frame.filename).is_relative_to(_OURS)
        and not frame.filename.startswith("<")
        and not _INSTALLED.intersection(Path(frame.filename).parts)
    ]
    if not own:
        return ""
    return f" ({Path(own[-1].filename).name}:{own[-1].lineno})"


_OURS = Path(__file__).resolve().parents[1]
_STANDARD = f"python{sys.version_info.major}.{sys.version_info.minor}"
_INSTALLED = frozenset({"site-packages", "dist-packages", _STANDARD})


def _parameters(function: Callable[..., object]) -> tuple[bool, frozenset[str]]:
    """Whether it takes any keyword, and the keywords it names."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # some functions of C extensions have none to show
        return True, frozenset()
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return takes_all, frozenset(parameters)


def _as_message(role: str, content: object) -> object:
    return [{"role": role, "content": content}] if isinstance(content, str) else content


def _ignore(*_: object) -> None:
    """Stands in for a trainer's logging callbacks."""
