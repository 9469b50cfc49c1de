"""What every protocol asks for: an offer by its name, verdicts, the number for none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from rewards.errors import WorkerError
from rewards.named import known_rewards
from rewards.serving.catalogue import Catalogue, Offer
from rewards.serving.judging import Batch, Judges, VerdictJSON
from rewards.serving.metrics import Metrics
from rewards.serving.options import ServeOptions
from rewards.worker import JSON


class Desk:
    """The judges of a server as its protocols see them."""

    def __init__(
        self, options: ServeOptions, catalogue: Catalogue, judges: Judges, metrics: Metrics
    ) -> None:
        self._options = options
        self._catalogue = catalogue
        self._judges = judges
        self.metrics = metrics

    def offer(self, spec: str | None) -> Offer:
        """The reward that a client names, or the server's default.

        Raises:
            InputError, ForbiddenRewardError: as `Catalogue.find`.
        """
        return self._catalogue.find(spec or self._options.default_reward)

    def listed(self) -> dict[str, list[str]]:
        """The names of what may be asked for."""
        return {"ready": sorted(known_rewards()), "named": self._catalogue.named}

    async def judge(self, offer: Offer, batch: Batch) -> list[VerdictJSON]:
        """The verdicts on a batch, in order, counted.

        Raises:
            BusyError, InputError, WorkerError: as `Judges.judge`.
        """
        verdicts = await self._judges.judge(offer, batch)
        self.metrics.count_verdicts(offer.kind, verdicts)
        return verdicts

    async def perform(self, task: str, *arguments: JSON) -> Mapping[str, Any]:
        """What a worker process answers to another task.

        Raises:
            BusyError, InputError: as `Judges.perform`.
            WorkerError: the task could not be done.
        """
        result = await self._judges.perform(task, *arguments)
        if not result.is_done:
            raise WorkerError(f"{task}: {result.ending.value}: {result.error[:300]}")
        return cast("Mapping[str, Any]", result.value)

    def number(self, verdict: Mapping[str, Any]) -> float:
        """A verdict's score, for protocols that cannot bear none."""
        score = verdict["score"]
        return self._options.unscored if score is None else float(score)
