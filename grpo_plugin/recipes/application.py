"""A recipe applied to a configuration, and what of it the user set otherwise."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from grpo_plugin.errors import ConfigurationError
from grpo_plugin.recipes.papers import RECIPES
from grpo_plugin.recipes.recipe import Recipe

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class AppliedRecipe:
    """A recipe as a configuration took it.

    Attributes:
        recipe: the recipe.
        overridden: fields that the user set otherwise -> the user's value.
    """

    recipe: Recipe
    overridden: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"recipe {self.recipe.name!r} ({self.recipe.paper}):"]
        for name, value in self.recipe.settings.items():
            if name in self.overridden:
                own = self.overridden[name]
                lines.append(f"  {name} = {_shown(own)}, set by you (the recipe: {_shown(value)})")
            else:
                lines.append(f"  {name} = {_shown(value)}")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.recipe.notes)])


def available() -> tuple[str, ...]:
    """Names of the recipes, sorted."""
    return tuple(sorted(RECIPES))


def announce_recipe(trainer: Any) -> None:
    """Log what the recipe of a trainer's configuration set, once, in the first process.

    As a warning, for no less is shown by default, and it changes many fields at a word.
    """
    applied = getattr(trainer.args, "applied_recipe", None)
    if applied is not None and trainer.accelerator.is_main_process:
        logger.warning("%s", applied)


def apply_recipe(config: Any, given: AbstractSet[str]) -> AppliedRecipe | None:
    """Set what `config.recipe` names, but for the fields in `given`.

    Args:
        config: a `GRPOConfig` whose fields hold what it was made with.
        given: names of the fields that were passed when it was made.

    Returns:
        What was applied, or `None` without a recipe.

    Raises:
        ConfigurationError: no recipe has that name.
    """
    if config.recipe is None:
        return None
    if config.recipe not in RECIPES:
        raise ConfigurationError(
            f"recipe {config.recipe!r} is unknown; choose one of {', '.join(available())}"
        )
    recipe = RECIPES[config.recipe]
    own = _set_by_user(config, given)
    overridden = {}
    for name, value in recipe.settings.items():
        if name not in own:
            setattr(config, name, value)
        elif getattr(config, name) != value:
            overridden[name] = getattr(config, name)
    return AppliedRecipe(recipe=recipe, overridden=overridden)


def _set_by_user(config: Any, given: AbstractSet[str]) -> AbstractSet[str]:
    every = {option.name: option for option in fields(config) if option.init}
    if given < every.keys():
        return given
    return {name for name, option in every.items() if getattr(config, name) != _default(option)}


def _default(option: Any) -> Any:
    return option.default_factory() if option.default is MISSING else option.default


def _shown(value: Any) -> str:
    return getattr(value, "__name__", None) or repr(value)
