r"""A reward that a server judges (`rlvr serve`), used like one that is judged here.

```python
from rewards.adapters.remote import reward

trainer = GRPOTrainer(
    reward_funcs=[reward("accuracy(tolerance=1e-3)", url="http://judges:8080")], ...
)
```

So a node with GPUs leaves judging to nodes without. Scores, reasons, statuses and logged columns
are those of the local reward. Where no server answers, the verdict is an `error` without a score
and says so: never a 0 that nobody earned.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from rewards.adapters.remote_calls import Servers, UnreachableError
from rewards.errors import InputError
from rewards.reward import Reward, Sample, is_column, warn_once
from rewards.verdict import Status, Verdict

_STATE = ("global_step", "max_steps")


def reward(spec: str, *, url: str | Sequence[str], **options: Any) -> RemoteReward:
    """The reward that a server calls `spec`.

    Args:
        spec: a reward of ours with options, or a name that the server's operator gave to one.
        url: the server, or several that answer alike.
        **options: as `RemoteReward` has them.

    Raises:
        InputError: an address is none.
    """
    urls = (url,) if isinstance(url, str) else tuple(url)
    return RemoteReward(spec=spec, urls=urls, **options)


@dataclass(frozen=True, kw_only=True)
class RemoteReward(Reward):
    """A reward that a server judges.

    What the reward reads is asked of the server once, and only those columns are sent.

    Attributes:
        spec: what the server calls it.
        urls: servers that answer alike; batches go to them in turn.
        token: what they want to be shown; leave it out for a server on this machine.
        timeout_s: wall seconds for the answer to one batch.
        patience_s: wall seconds over all tries of a batch, before its verdicts are errors.
        batch_rows: completions in one request.
        concurrency: requests at a time.

    Raises:
        InputError: an address is none, or a number is not above 0.
    """

    name: str = ""
    spec: str
    urls: tuple[str, ...]
    token: str | None = field(default=None, repr=False)
    timeout_s: float = 120.0
    patience_s: float = 300.0
    batch_rows: int = 64
    concurrency: int = 8

    def __post_init__(self) -> None:
        for url in self.urls or ("",):
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.netloc:
                raise InputError(f"{url!r} is no address of a server; write http://host:port")
        for name in ("timeout_s", "patience_s", "batch_rows", "concurrency"):
            if getattr(self, name) <= 0:
                raise InputError(f"{name}={getattr(self, name)!r}: it must be above 0")
        if not self.name:
            object.__setattr__(self, "name", self.spec.partition("(")[0].strip() or "remote")

    def judge(self, sample: Sample) -> Verdict:
        """Have one completion judged; its columns are known by the sample alone."""
        content = {
            "reward": self.spec,
            "completion": sample.completion,
            "reference": sample.reference,
            "prompt": sample.prompt,
            "completion_ids": _ids(sample.completion_ids),
            "row": dict(sample.row),
        }
        return self._one(content)

    def verify(
        self,
        completion: object,
        reference: object = None,
        *,
        prompt: object = None,
        completion_ids: Sequence[int] | None = None,
        **row: object,
    ) -> Verdict:
        """Have one completion judged against its reference; see `Reward.verify`."""
        content = {
            "reward": self.spec,
            "completion": completion,
            "reference": reference,
            "prompt": prompt,
            "completion_ids": _ids(completion_ids),
            "row": row,
        }
        return self._one(content)

    def verdicts(
        self,
        *,
        completions: Sequence[object],
        prompts: object = None,
        completion_ids: object = None,
        **columns: object,
    ) -> list[Verdict]:
        """Have a batch judged; see `Reward.verdicts`.

        Raises:
            InputError: the server refuses such a request, or there is no such reward.
            MissingColumnError: no column holds what the reward needs.
        """
        self._check_completions(completions)
        count = len(completions)
        if not count:
            return []
        try:
            described = self._describe()
        except UnreachableError as error:
            return [self._unreached(error)] * count
        content: dict[str, Any] = {
            "reward": self.spec,
            "completions": list(completions),
            "prompts": _cells(self._optional_column("prompts", prompts, count)),
            "completion_ids": _cells(
                self._optional_column("completion_ids", completion_ids, count)
            ),
            "columns": {
                name: _cells(self._checked_column(name, columns[name], count))
                for name in (columns if described["columns"] is None else described["columns"])
                if is_column(columns.get(name))
            },
        }
        if (state := columns.get("trainer_state")) is not None:
            content["trainer_state"] = {name: getattr(state, name, None) for name in _STATE}
        size = count if described["whole_batch"] else self.batch_rows
        pieces = [_slice(content, start, start + size) for start in range(0, count, size)]
        return [verdict for piece in self._ask_all(pieces) for verdict in piece]

    async def verdicts_async(self, **columns: Any) -> list[Verdict]:
        """The same without holding up an event loop."""
        return await asyncio.to_thread(self.verdicts, **columns)

    def as_coroutine(self) -> Callable[..., Coroutine[Any, Any, list[float | None]]]:
        """A coroutine function for `reward_funcs`: trainers await several of them together."""

        async def score(**columns: Any) -> list[float | None]:
            return await asyncio.to_thread(self, **columns)

        score.__name__ = score.__qualname__ = self.name
        return score

    def warm_up(self) -> None:
        """Ask the server whether there is such a reward.

        Raises:
            InputError: there is none.
        """
        try:
            self._describe()
        except UnreachableError as error:
            warn_once(f"{self.name}: {error}. Its rows score None until a server answers.")

    def _servers(self) -> Servers:
        return Servers(self.urls, self.token, self.timeout_s, self.patience_s)

    def _describe(self) -> Mapping[str, Any]:
        """What the reward reads, as the server says."""
        known = _descriptions.get((self.urls, self.spec))
        if known is None:
            path = f"/reward?reward={quote(self.spec, safe='')}"
            known = self._servers().ask("GET", path)
            if not isinstance(known, Mapping) or not {"columns", "whole_batch"} <= known.keys():
                raise InputError(f"{self.urls[0]} is no reward server")
            _descriptions[self.urls, self.spec] = known
        return known

    def _one(self, content: Mapping[str, object]) -> Verdict:
        try:
            answer = self._servers().ask("POST", self._path(), content)
        except UnreachableError as error:
            return self._unreached(error)
        return Verdict.from_dict(answer["verdict"])

    def _ask_all(self, pieces: Sequence[Mapping[str, Any]]) -> list[list[Verdict]]:
        if len(pieces) == 1:
            return [self._ask(pieces[0], 0)]
        from concurrent.futures import ThreadPoolExecutor  # dear to import

        with ThreadPoolExecutor(min(len(pieces), self.concurrency)) as pool:
            return list(pool.map(self._ask, pieces, range(len(pieces))))

    def _ask(self, piece: Mapping[str, Any], number: int) -> list[Verdict]:
        count = len(piece["completions"])
        try:
            answer = self._servers().ask("POST", self._path(), piece, first=number)
        except UnreachableError as error:
            return [self._unreached(error)] * count
        verdicts = [Verdict.from_dict(written) for written in answer["verdicts"]]
        if len(verdicts) != count:
            reason = f"{len(verdicts)} verdicts for {count} completions"
            return [Verdict(None, Status.ERROR, reason=reason)] * count
        return verdicts

    def _path(self) -> str:
        return f"/verify?timeout_s={self.timeout_s:g}"

    def _unreached(self, error: UnreachableError) -> Verdict:
        reason = f"no reward server answered: {error}"
        warn_once(f"{self.name}: {reason}. Its rows score None.")
        return Verdict(None, Status.ERROR, reason=reason)


_descriptions: dict[tuple[tuple[str, ...], str], Mapping[str, Any]] = {}


def _cells(column: Sequence[object]) -> list[object] | None:
    """A column as JSON holds it: NaN, which is how data frames say "nothing", as nothing."""
    cells = [None if isinstance(cell, float) and cell != cell else cell for cell in column]  # noqa: PLR0124
    return cells if any(cell is not None for cell in cells) else None


def _ids(ids: Sequence[int] | None) -> list[int] | None:
    return None if ids is None else list(ids)


def _slice(content: Mapping[str, Any], start: int, end: int) -> dict[str, Any]:
    piece = dict(content)
    for name in ("completions", "prompts", "completion_ids"):
        piece[name] = None if content[name] is None else content[name][start:end]
    piece["columns"] = {
        name: [None] * len(piece["completions"]) if cells is None else cells[start:end]
        for name, cells in content["columns"].items()
    }
    return piece
