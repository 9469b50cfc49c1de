"""The math verifiers compared, each as one function from rows to scores."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.math_data import Row

Score = float | None


@dataclass(frozen=True, slots=True)
class Verifier:
    """A contestant: `score` judges a batch the way its users do, `forget` empties its caches."""

    name: str
    score: Callable[[Sequence[Row]], list[Score]]
    forget: Callable[[], None]


def load_verifiers(names: Sequence[str] = ()) -> list[Verifier]:
    """The verifiers that are installed, ours first."""
    makers = {"rlvr": _ours, "TRL accuracy_reward": _trl, "math-verify, boxed": _math_verify}
    found = []
    for name, make in makers.items():
        if names and name not in names:
            continue
        try:
            found.append(make(name))
        except ImportError as error:
            logging.getLogger(__name__).warning("%s is not installed: %s", name, error)
    return found


def _ours(name: str) -> Verifier:
    from rewards import accuracy

    accuracy.warm_up()

    def score(rows: Sequence[Row]) -> list[Score]:
        return accuracy(
            completions=[row.completion for row in rows], solution=[row.gold for row in rows]
        )

    return Verifier(name, score, _forget_ours)


def _forget_ours() -> None:
    from rewards.symbolic import settling

    settling.forget()
    for module in [m for name, m in sys.modules.items() if name.startswith("rewards.")]:
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


def _trl(name: str) -> Verifier:
    from trl.rewards import accuracy_reward

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)

    def score(rows: Sequence[Row]) -> list[Score]:
        return accuracy_reward(
            completions=[[{"role": "assistant", "content": row.completion}] for row in rows],
            solution=[row.gold for row in rows],
        )

    return Verifier(name, score, _forget_math_verify)


def _math_verify(name: str) -> Verifier:
    from math_verify import LatexExtractionConfig, parse, verify

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    boxed = [LatexExtractionConfig(boxed_match_priority=0)]

    def score(rows: Sequence[Row]) -> list[Score]:
        scores: list[Score] = []
        for row in rows:
            gold = row.gold if "\\boxed" in row.gold else f"\\boxed{{{row.gold.strip('$ ')}}}"
            expected = parse(gold, boxed)
            scores.append(float(verify(expected, parse(row.completion, boxed))))
        return scores

    return Verifier(name, score, _forget_math_verify)


def _forget_math_verify() -> None:
    from math_verify import parser

    parser.parse_latex_cached.cache_clear()
    parser.parse_expr_cached.cache_clear()
