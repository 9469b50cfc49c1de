"""Another reward for each source of a mixed dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rewards.composite import Batch, Combination, check_rewards
from rewards.errors import InputError, MissingColumnError
from rewards.reward import Reward
from rewards.verdict import Status, Verdict


@dataclass(frozen=True)
class Route(Combination):
    r"""The reward that a column of the row names: `{"math": accuracy, "code": code}`.

    A part judges only the rows of its source. A row whose source has no reward goes to `otherwise`;
    without one it scores `None` (`not_applicable`). Verdicts are the parts' own, `None` included;
    the reason says which part it was.

    Attributes:
        routes: source and reward, as a mapping or as pairs.
        by: the column that holds the source.
        otherwise: the reward for every other source.

    >>> from rewards import accuracy, format
    >>> mixed = Route({"math": accuracy, "chat": format}, by="kind")
    >>> mixed(completions=[r"\boxed{2}", "hi"], kind=["math", "chat"], answer=["2", None])
    [1.0, 0.0]

    Raises:
        InputError: no route, two for one source, or a part that is no reward.
    """

    routes: Mapping[str, Reward] | tuple[tuple[str, Reward], ...]
    by: str = "source"
    otherwise: Reward | None = None

    def __post_init__(self) -> None:
        given = self.routes.items() if isinstance(self.routes, Mapping) else self.routes
        routes = tuple((str(source), part) for source, part in given)
        object.__setattr__(self, "routes", routes)  # hashable, as every reward
        if not routes or len(dict(routes)) < len(routes):
            raise InputError("Route needs one reward for each of at least one source")
        check_rewards("Route", self.parts)
        self._set_name(f"by_{self.by}")

    @property
    def parts(self) -> tuple[Reward, ...]:
        """Every reward there is a route to."""
        found = [part for _, part in self._pairs()]
        return (*found, self.otherwise) if self.otherwise is not None else tuple(found)

    @property
    def also_reads(self) -> tuple[str, ...]:  # type: ignore[override]  # as `Combination` has it
        """The column of the source and every column that any part may look at."""
        return (self.by, *super().also_reads)

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]  # as the parts have it
        """The lowest and the highest score there can be."""
        lows, highs = zip(*(part.bounds for part in self.parts), strict=True)
        return min(lows), max(highs)

    def check_columns(self, columns: Mapping[str, object], count: int) -> None:  # noqa: ARG002
        """Raise when the column of the source is missing; a part's own are its rows' matter."""
        if self.by not in columns:
            seen = ", ".join(sorted(columns)) or "none"
            raise MissingColumnError(
                f"{self.name} chooses a reward by the column {self.by!r}, which is not there. "
                f"Columns seen: {seen}. Name one of these with by=..."
            )

    def combine(self, batch: Batch) -> list[Verdict]:
        """Ask each part for the rows of its source."""
        routes = dict(self._pairs())
        places: dict[Reward, list[int]] = {}
        verdicts: list[Verdict | None] = [None] * len(batch.samples)
        for at, sample in enumerate(batch.samples):
            if sample is None:
                reason = "a completion is a string or a list of chat messages"
                verdicts[at] = Verdict(None, Status.ERROR, reason=reason)
                continue
            source = sample.row.get(self.by)
            part = routes.get(str(source), self.otherwise)
            if part is None:
                reason = f"{self.by} is {source!r:.60}, which has no reward ({', '.join(routes)})"
                verdicts[at] = Verdict(None, Status.NOT_APPLICABLE, reason=reason)
            else:
                places.setdefault(part, []).append(at)
        for part, positions in places.items():
            for at, verdict in zip(positions, batch.ask(part, positions), strict=True):
                verdicts[at] = replace(verdict, reason=f"{part.name}: {verdict.reason}")
        return [verdict for verdict in verdicts if verdict is not None]

    def _pairs(self) -> tuple[tuple[str, Reward], ...]:
        return tuple(self.routes.items()) if isinstance(self.routes, Mapping) else self.routes
