"""Other verifiers, by a short name: functions with TRL's signature.

`trl` is TRL's own `accuracy_reward`; `math-verify` compares with math-verify as its users do when
answers are boxed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec

from rewards.errors import InputError
from rewards.named.spec import reward_named
from rewards.workbench.scoring.reward_arguments import NamedReward, read_reward_arguments

PEERS = {
    "trl": ("trl", "trl.rewards:accuracy_reward"),
    "math-verify": ("math_verify", "rewards.workbench.benchmarking.peers:math_verify_boxed"),
}


def expand_peer(argument: str) -> str:
    """`trl` and `math-verify` as `NAME=module:function`; anything else as it is.

    >>> expand_peer("accuracy"), expand_peer("math-verify")
    ('accuracy', 'math-verify=rewards.workbench.benchmarking.peers:math_verify_boxed')
    """
    return f"{argument}={PEERS[argument][1]}" if argument in PEERS else argument


def read_rewards(arguments: Sequence[str]) -> tuple[list[NamedReward], dict[str, str]]:
    """The rewards that arguments name, and the peers among them that are not there, with the mend.

    Raises:
        InputError: one cannot be used, or there is none left to measure.
    """
    missing = {name: why for name in arguments if name in PEERS and (why := _why_missing(name))}
    there = [expand_peer(one) for one in arguments if one not in missing]
    if missing and not there:
        raise InputError("; ".join(f"--reward {name}: {why}" for name, why in missing.items()))
    named = read_reward_arguments(there)
    for one in named:
        reward_named(one.source)
    return named, missing


def _why_missing(name: str) -> str:
    package, path = PEERS[name]
    if find_spec(package) is None:
        return f"not installed; pip install {package.replace('_', '-')}"
    try:
        reward_named(path)
    except InputError as error:  # a broken installation
        return str(error)
    return ""


def math_verify_boxed(completions: Sequence[str], solution: Sequence[object]) -> list[float]:
    """1.0 where math-verify finds the last box equal to the reference, else 0.0."""
    from math_verify import LatexExtractionConfig, parse, verify

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    boxed = [LatexExtractionConfig(boxed_match_priority=0)]
    scores = []
    for completion, reference in zip(completions, solution, strict=True):
        reference = str(reference)  # noqa: PLW2901 - some files hold numbers
        gold = reference if "\\boxed" in reference else f"\\boxed{{{reference.strip('$ ')}}}"
        scores.append(float(verify(parse(gold, boxed), parse(completion, boxed))))
    return scores
