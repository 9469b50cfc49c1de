"""Where the peers' data sets hold what is right: one table of paths into the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rewards.columns import COLUMN_ALIASES, Role

NO_CELL: Final = object()
"""What `cell_at` gives where the row has no such cell."""

# In order. Where a peer hands over the reference as an argument of its own, the adapter puts it
# into the row under the first name. What no path of a peer leads to is looked for under the usual
# column names (`rewards.columns`).
REFERENCE_PATHS: Mapping[str, tuple[str, ...]] = {
    "verl": ("reward_model.ground_truth",),
    "openrlhf": ("label",),
    "slime": ("label",),
    "swift": ("solution",),
    "verifiers": ("answer", "info.answer"),
    "inspect_ai": ("target",),
    "lm_eval": (),
    "lighteval": ("gold",),
    "areal": ("answer",),
    "nemo_gym": ("expected_answer", "verifier_metadata.expected_answer"),
    "nemo_rl": ("ground_truth", "extra_env_info.ground_truth"),
    "skyrl": ("reward_model.ground_truth", "reward_spec.ground_truth"),
    "roll": ("ground_truth",),
    "rllm": ("ground_truth", "metadata.ground_truth"),
    "open_instruct": ("label",),
    "openenv": ("reference",),
    "reasoning_gym": ("answer",),
}


# Their columns hold answers and never tests or schemas; the others say `ground_truth` of anything.
_ANSWERS_ONLY = frozenset({"swift", "verifiers", "areal", "nemo_gym", "reasoning_gym"})


def reference_paths(peer: str, role: Role) -> Sequence[str]:
    """The paths to look at for what a reward needs, best first.

    >>> reference_paths("verl", Role.REFERENCE)[:2]
    ('reward_model.ground_truth', 'answer')
    >>> "solution" in reference_paths("swift", Role.TESTS)
    False
    """
    usual, own = COLUMN_ALIASES[role], REFERENCE_PATHS[peer]
    if role is Role.REFERENCE:
        return tuple(dict.fromkeys((*own, *usual)))
    return usual if peer in _ANSWERS_ONLY else (*usual, *own)


def cell_at(row: Mapping[str, object], path: str) -> object:
    """The cell that a path such as `reward_model.ground_truth` leads to, or `NO_CELL`.

    A column whose name is the whole path comes first.

    >>> cell_at({"reward_model": {"ground_truth": "4"}}, "reward_model.ground_truth")
    '4'
    >>> cell_at({"a": 1}, "a.b") is NO_CELL
    True
    """
    if path in row:
        return row[path]
    found: object = row
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return NO_CELL
        found = found[name]
    return found
