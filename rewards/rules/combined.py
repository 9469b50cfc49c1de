"""Rewards from rewards: a weighted sum, a gate, limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite

from rewards.composite import Batch, Combination, check_rewards, satisfied, told, unsettled
from rewards.errors import InputError
from rewards.reward import Reward
from rewards.verdict import Status, Verdict


@dataclass(frozen=True)
class WeightedSum(Combination):
    r"""The sum of weight times score over several rewards, as one reward.

    - A part that does not apply to the row adds nothing, as in TRL.
    - A part that failed (`error`, `bad_reference`) makes the whole `None` with that status: half a
      verdict would train on the other half.
    - If no part applies the whole does not.
    - The status is `correct` when all parts that apply are, or are penalties that are not due, else
      that of the heaviest one that is not.

    Attributes:
        rewards: the parts.
        weights: one for each part, any finite number; 1 by default.

    >>> from rewards import accuracy, format
    >>> both = WeightedSum((accuracy, format), (1.0, 0.2))
    >>> both.name, both.verify(r"<think>1+1</think> \boxed{2}", "2").score
    ('accuracy_plus_format', 1.2)

    Raises:
        InputError: no part, two parts with one name, or not one finite weight for each part.
    """

    rewards: tuple[Reward, ...]
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rewards", tuple(self.rewards))
        check_rewards("WeightedSum", self.rewards)
        weights = tuple(self.weights) or (1.0,) * len(self.rewards)
        object.__setattr__(self, "weights", weights)
        names = [part.name for part in self.rewards]
        if not names or len(set(names)) < len(names):
            found = ", ".join(names) or "none"
            raise InputError(f"WeightedSum needs parts with different names, found: {found}")
        if len(weights) != len(names) or not all(map(isfinite, weights)):
            raise InputError(f"WeightedSum needs {len(names)} finite weights, not {weights}")
        self._set_name("_plus_".join(names))

    @property
    def parts(self) -> tuple[Reward, ...]:
        """The rewards that are added."""
        return self.rewards

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]  # as the parts have it
        """The lowest and the highest score there can be."""
        ends = [
            sorted((weight * part.bounds[0], weight * part.bounds[1], 0.0))
            for part, weight in zip(self.rewards, self.weights, strict=True)
        ]
        return sum(end[0] for end in ends), sum(end[-1] for end in ends)

    def combine(self, batch: Batch) -> list[Verdict]:
        """Add the verdicts of the parts."""
        columns = [batch.ask_all(part) for part in self.rewards]
        return [self._added(row) for row in zip(*columns, strict=True)]

    def _added(self, verdicts: tuple[Verdict, ...]) -> Verdict:
        reason = "; ".join(map(told, self.rewards, verdicts))
        seconds = sum(verdict.seconds for verdict in verdicts)
        by_weight = sorted(
            zip(self.weights, verdicts, self.rewards, strict=True),
            key=lambda one: abs(one[0]),
            reverse=True,
        )
        first = next((v for _, v, _ in by_weight if v.extracted is not None), verdicts[0])
        for verdict in verdicts:
            if unsettled(verdict):
                return replace(verdict, reason=reason, seconds=seconds)
        scores = [weight * v.score for weight, v, _ in by_weight if v.score is not None]
        if not scores:
            return replace(verdicts[0], reason=reason, seconds=seconds)
        scored = [(part, v) for _, v, part in by_weight if v.score is not None]
        failed = [v.status for part, v in scored if not satisfied(part, v)]
        degrees = all(v.status is Status.SCORED for _, v in scored)
        return Verdict(
            sum(scores),
            failed[0] if failed else Status.SCORED if degrees else Status.CORRECT,
            first.extracted,
            first.expected,
            reason,
            seconds,
        )


@dataclass(frozen=True)
class Gate(Combination):
    r"""A reward that counts only where another one is satisfied: format before accuracy.

    - The gate opens when its status is `correct`, when it is a penalty that is not due, or when its
      score reaches `at_least`; the verdict is then the reward's.
    - Where it stays shut the score is `shut`, with the gate's status, and the reward is not asked:
      that saves its time.
    - A gate that does not apply to the row is open. One that failed (`error`, `bad_reference`)
      makes the whole `None` with that status.

    Attributes:
        gate: what must be satisfied first.
        reward: what then counts.
        at_least: the gate's score from which it is open; `None` asks for no score.
        shut: the score where the gate stays shut.

    >>> from rewards import accuracy, format
    >>> gated = Gate(format, accuracy)
    >>> gated.name, gated.verify(r"\boxed{2}", "2").reason
    ('format_then_accuracy', 'format 0 (no <think>), so accuracy is not asked')

    Raises:
        InputError: a part is no reward, or a number is not finite.
    """

    gate: Reward
    reward: Reward
    at_least: float | None = None
    shut: float = 0.0

    def __post_init__(self) -> None:
        check_rewards("Gate", self.parts)
        if not isfinite(self.shut) or not isfinite(self.at_least or 0.0):
            raise InputError(f"Gate: at_least={self.at_least}, shut={self.shut} must be finite")
        self._set_name(f"{self.gate.name}_then_{self.reward.name}")

    @property
    def parts(self) -> tuple[Reward, ...]:
        """The gate and the reward behind it."""
        return (self.gate, self.reward)

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]  # as the reward has it
        """The lowest and the highest score there can be."""
        low, high = self.reward.bounds
        return min(low, self.shut), max(high, self.shut)

    def combine(self, batch: Batch) -> list[Verdict]:
        """Ask the gate, then the reward where it is open."""
        verdicts = batch.ask_all(self.gate)
        opened = [at for at, verdict in enumerate(verdicts) if self._opens(verdict)]
        answers, is_open = iter(batch.ask(self.reward, opened)), set(opened)
        for at, verdict in enumerate(verdicts):
            said = told(self.gate, verdict)
            if at in is_open:
                found = next(answers)
                reason = f"{said}; {told(self.reward, found)}"
                seconds = verdict.seconds + found.seconds
                verdicts[at] = replace(found, reason=reason, seconds=seconds)
            elif not unsettled(verdict):
                reason = f"{said}, so {self.reward.name} is not asked"
                status = Status.WRONG if verdict.status is Status.CORRECT else verdict.status
                verdicts[at] = replace(verdict, score=self.shut, status=status, reason=reason)
        return verdicts

    def _opens(self, verdict: Verdict) -> bool:
        if verdict.score is None:
            return verdict.status is Status.NOT_APPLICABLE
        if self.at_least is not None:
            return verdict.score >= self.at_least
        return satisfied(self.gate, verdict)


@dataclass(frozen=True)
class Clip(Combination):
    """A reward kept within limits: `min(high, max(low, score))`. `None` stays `None`.

    Attributes:
        reward: whose score is kept.
        low, high: the limits.

    >>> from rewards import Repetition
    >>> mild = Clip(Repetition(n=1), low=-0.25, high=0.0)
    >>> mild.name, mild.verify("no no no no").score
    ('repetition_clipped', -0.25)

    Raises:
        InputError: the limits are not finite numbers in this order.
    """

    reward: Reward
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        check_rewards("Clip", self.parts)
        if not (isfinite(self.low) and isfinite(self.high) and self.low <= self.high):
            raise InputError(f"Clip needs finite limits, low <= high, not {self.low}, {self.high}")
        self._set_name(f"{self.reward.name}_clipped")

    @property
    def parts(self) -> tuple[Reward, ...]:
        """The reward that is kept within limits."""
        return (self.reward,)

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]  # as the options say
        """The lowest and the highest score there can be."""
        return self.low, self.high

    def combine(self, batch: Batch) -> list[Verdict]:
        """Clip the scores."""
        return [self._clipped(verdict) for verdict in batch.ask_all(self.reward)]

    def _clipped(self, verdict: Verdict) -> Verdict:
        if verdict.score is None or self.low <= verdict.score <= self.high:
            return verdict
        score = min(self.high, max(self.low, verdict.score))
        reason = f"{verdict.reason}; {verdict.score:g} clipped to {score:g}"
        return replace(verdict, score=score, reason=reason)
