"""What the trainer does for rewards and callbacks of other people's making."""

from __future__ import annotations

import inspect
import logging
from typing import Any

logger = logging.getLogger(__name__)


def keep_names_apart(names: list[str]) -> None:
    """Give rewards that share a name one each, in place: `name`, `name_2`, …, with a warning.

    TRL logs rewards by name, and those of two functions would run together (two lambdas, partials
    of one function, reward models whose folders end alike).
    """
    taken = set(names)
    for index, name in enumerate(names):
        if name not in names[:index]:
            continue
        number = 2
        while f"{name}_{number}" in taken:
            number += 1
        names[index] = f"{name}_{number}"
        taken.add(names[index])
        logger.warning(
            "Two rewards are called %r; one is logged as %r. Give it a name of its own to tell "
            "them apart: `__name__`, or name=… for rewards of ours.",
            name,
            names[index],
        )


def tell_callbacks(trainer: Any, method: str, *arguments: Any) -> None:
    """Call `method(trainer, *arguments)` of the callbacks that have it as ours is meant.

    Other libraries' callbacks may have an `attach` of their own: it counts as ours when its first
    argument is called `trainer` and it takes the rest.
    """
    for callback in trainer.callback_handler.callbacks:
        found = getattr(callback, method, None)
        if callable(found) and _takes_trainer(found, len(arguments)):
            found(trainer, *arguments)


def _takes_trainer(method: Any, others: int) -> bool:
    try:
        signature = inspect.signature(method)
        signature.bind(None, *[None] * others)
    except (TypeError, ValueError):
        return False
    return next(iter(signature.parameters), None) == "trainer"
