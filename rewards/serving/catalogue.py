"""Which rewards clients may ask for, and what is known of each before a row is judged.

A client names a reward of ours with options, or one that the operator named. It never reaches code
by an import path, a service on the network, or limits beyond the operator's.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from rewards.columns import COLUMN_ALIASES
from rewards.composite import Combination
from rewards.errors import InputError, RlvrError
from rewards.named import RewardFunction, own_code_in, reward_named
from rewards.reward import Reward
from rewards.rules.group_length import GroupLength
from rewards.rules.program import Code
from rewards.rules.second_opinion import SecondOpinion

_REMEMBERED = 256
_LONGEST_SPEC = 4096
# What a client's options may ask for at most; the operator's own rewards may ask for anything.
_CAPS: Mapping[str, float] = {
    "cpu_s": 60.0,
    "wall_s": 60.0,
    "total_s": 300.0,
    "memory_mb": 4096,
    "time_scale": 10.0,
}
_OPERATORS = ("workers", "allow_degraded")
"""Options that only an operator decides."""


class ForbiddenRewardError(RlvrError, PermissionError):
    """The operator has not allowed clients to ask for this reward."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A reward that clients may ask for.

    Attributes:
        spec: what they call it.
        source: what workers make it from.
        name: what it calls itself.
        kind: whose it is and of which class, for counting.
        needs: what it needs from a row, or `None`.
        columns: the columns it may look at; `None` for all.
        is_users: its code is a user's.
        runs_programs: judging a row may take seconds.
        whole_batch: it compares the completions of a batch, which may not be cut.
    """

    spec: str
    source: str
    name: str
    kind: str
    needs: str | None
    columns: tuple[str, ...] | None
    is_users: bool
    runs_programs: bool
    whole_batch: bool

    def describe(self) -> dict[str, object]:
        """What a client may know of it, as JSON."""
        return {
            "reward": self.spec,
            "name": self.name,
            "needs": self.needs,
            "columns": None if self.columns is None else [*self.columns],
            "whole_batch": self.whole_batch,
        }


class Catalogue:
    """The rewards of one server.

    Args:
        named: the operator's own, by name.

    Raises:
        InputError: one of the operator's rewards does not exist.
    """

    def __init__(self, named: Mapping[str, str]) -> None:
        self._known: OrderedDict[str, Offer] = OrderedDict()
        self._named = {name: _offer(name, source) for name, source in named.items()}

    def find(self, spec: str) -> Offer:
        """The reward that a client calls `spec`.

        Raises:
            InputError: there is none, or it has no such option.
            ForbiddenRewardError: clients may not ask for it.
        """
        if spec in self._named:
            return self._named[spec]
        if spec in self._known:
            self._known.move_to_end(spec)
            return self._known[spec]
        if len(spec) > _LONGEST_SPEC:
            raise InputError(f"a reward of {len(spec)} characters; at most {_LONGEST_SPEC}")
        if own_code_in(spec):
            names = ", ".join(sorted(self._named)) or "none"
            raise ForbiddenRewardError(
                f"{spec:.80}: this server takes no code by import path; rewards that its operator "
                f"named: {names}"
            )
        reward = reward_named(spec, trusted=False)
        for part in _parts(reward):
            _require_modest(part)
        offer = self._known[spec] = _offer(spec, spec)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return offer

    @property
    def users_sources(self) -> list[str]:
        """Import paths of the operator's rewards that are a user's code."""
        return sorted({offer.source for offer in self._named.values() if offer.is_users})

    @property
    def named(self) -> list[str]:
        """The operator's rewards, by name."""
        return sorted(self._named)


def _offer(spec: str, source: str) -> Offer:
    reward = reward_named(source)
    parts = [*_parts(reward)]
    if isinstance(reward, RewardFunction):
        needs, columns = None, None
    else:
        needs = reward.role.value if reward.role is not None else None
        columns = tuple(dict.fromkeys((*_columns_needed(reward), *reward.also_reads)))
    users = bool(own_code_in(source))
    return Offer(
        spec=spec,
        source=source,
        name=spec if users else reward.name,
        kind="users" if users else type(reward).__qualname__,
        needs=needs,
        columns=columns,
        is_users=users,
        runs_programs=any(isinstance(part, Code) for part in parts),
        whole_batch=any(isinstance(part, GroupLength) for part in parts),
    )


def _columns_needed(reward: Reward) -> tuple[str, ...]:
    if reward.column:
        return (reward.column,)
    return COLUMN_ALIASES[reward.role] if reward.role is not None else ()


def _parts(reward: Reward | RewardFunction) -> Iterator[Reward]:
    """A reward and all that it is made of."""
    if isinstance(reward, Reward):
        yield reward
        if isinstance(reward, Combination):
            for part in reward.parts:
                yield from _parts(part)


def _require_modest(reward: Reward) -> None:
    if isinstance(reward, SecondOpinion):
        raise ForbiddenRewardError(
            f"{reward.name}: asks somebody else; only the operator of a server may name it"
        )
    for option in fields(reward):
        value = getattr(reward, option.name)
        if option.name in _OPERATORS and value:
            raise ForbiddenRewardError(
                f"{reward.name}: {option.name} is the operator's to set; leave it out"
            )
        cap = _CAPS.get(option.name)
        if cap is not None and isinstance(value, int | float) and not value <= cap:
            raise ForbiddenRewardError(
                f"{reward.name}: {option.name}={value:g} is more than this server grants ({cap:g})"
            )
