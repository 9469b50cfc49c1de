"""Other verifiers, by a short name: functions with TRL's signature.

`trl` is TRL's own `accuracy_reward`; `math-verify` compares with math-verify as its users do when
answers are boxed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec

from rewards.errors import InputError

PEERS = {
    "trl": ("trl", "trl.rewards:accuracy_reward"),
    "math-verify": ("math_verify", "rewards.benchmarking.peers:math_verify_boxed"),
}


def expand_peer(argument: str) -> str:
    """`trl` and `math-verify` as `NAME=module:function`; anything else as it is.

    Raises:
        InputError: its package is not installed.

    >>> expand_peer("accuracy"), expand_peer("math-verify")
    ('accuracy', 'math-verify=rewards.benchmarking.peers:math_verify_boxed')
    """
    if argument not in PEERS:
        return argument
    package, path = PEERS[argument]
    if find_spec(package) is None:
        raise InputError(
            f"--reward {argument}: the package {package} is not installed; pip install "
            f"{package.replace('_', '-')}, or leave this reward out"
        )
    return f"{argument}={path}"


def math_verify_boxed(completions: Sequence[str], solution: Sequence[object]) -> list[float]:
    """1.0 where math-verify finds the last box equal to the reference, else 0.0."""
    from math_verify import LatexExtractionConfig, parse, verify  # noqa: PLC0415 - seconds

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    boxed = [LatexExtractionConfig(boxed_match_priority=0)]
    scores = []
    for completion, reference in zip(completions, solution, strict=True):
        reference = str(reference)  # noqa: PLW2901 - some files hold numbers
        gold = reference if "\\boxed" in reference else f"\\boxed{{{reference.strip('$ ')}}}"
        scores.append(float(verify(parse(gold, boxed), parse(completion, boxed))))
    return scores
