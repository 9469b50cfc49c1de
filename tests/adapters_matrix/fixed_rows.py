"""The rows that every peer judges through our adapter, and the comparison with our own verdicts.

Runs in each peer's environment, so it needs nothing but `rewards`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence

Scores = Sequence["float | None"]

# (completion, reference): right, wrong, no answer, right by algebra, graded by tolerance, data that
# says nothing, a bomb, an answer that only the symbolic worker decides, tricks that must not score.
ROWS: tuple[tuple[str, str], ...] = (
    (r"<think>6*7</think> so \boxed{42}", "42"),
    (r"<think>1/3</think> \boxed{0.33}", r"\frac13"),
    ("I cannot tell what it is.", "4"),
    (r"thus \boxed{\frac{\sqrt{12}}{2}}", r"\sqrt3"),
    (r"thus \boxed{42}", ""),
    (r"\boxed{9^{9^{9^9}}}", "3"),
    (r"<think>it is \boxed{7}", "7"),
    (r"<think>a</think> \boxed{3.1420}", "3.14159"),
    (r"\boxed{\{3, 1, 2\}}", r"\{1, 2, 3\}"),
    (r"\boxed{(1, 2]}", "(1, 2)"),
    (r"\boxed{\int_0^1 x^2 dx}", r"\frac13"),
    (r"\boxed{41} or \boxed{42}", "42"),
    (r"\boxed{__import__('os').system('true')}", "0"),
    (r"<think>b</think> \boxed{5 \text{ cm}}", r"0.05 \text{ m}"),
)


# What the library says of them wherever it is installed, also beside other versions of what it
# stands on, such as lighteval's latex2sympy2_extended 1.0.6.
EXPECTED: dict[str, list[float | None]] = {
    "accuracy": [1, 0, 0, 1, None, 0, 0, 0, 1, 0, 1, 0, 0, 1],
    "accuracy(tolerance=1e-3)": [1, 0, 0, 1, None, 0, 0, 1, 1, 0, 1, 0, 0, 1],
    "Gate(format, accuracy)": [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
}
SPECS: tuple[str, ...] = tuple(EXPECTED)


def ours(spec: str, rows: Sequence[tuple[str, str]] = ROWS) -> list[float | None]:
    """The scores of the library itself, called directly."""
    from rewards.named import reward_named

    reward = reward_named(spec)
    return [reward.verify(completion, reference).score for completion, reference in rows]


def as_numbers(scores: Scores, unscored: float = 0.0) -> list[float]:
    """What a peer sees that takes nothing but numbers."""
    return [unscored if score is None else score for score in scores]


def main(peer: str, distribution: str, judge: Callable[[str], Scores], note: str) -> None:
    """Judge every row by every spec through a peer, and print one line of JSON.

    Args:
        peer: its name.
        distribution: what it is called on PyPI, for the version.
        judge: the scores that a spec gives the rows through the peer, `None` where the peer says
            that there is none.
        note: which part of the peer called the adapter.
    """
    from importlib.metadata import PackageNotFoundError, version

    for spec in SPECS:  # what has to be started is started before the clock
        assert ours(spec) == EXPECTED[spec], f"the library itself says {ours(spec)} by {spec}"
    rows = equal = 0
    seconds = 0.0
    differences: list[str] = []
    for spec in SPECS:
        expected = EXPECTED[spec]
        started = time.perf_counter()
        found = list(judge(spec))
        seconds += time.perf_counter() - started
        for at, (score, wanted) in enumerate(zip(found, expected, strict=True)):
            rows += 1
            equal += score == wanted
            if score != wanted:
                differences.append(f"{spec}, row {at}: {score} instead of {wanted}")
    try:
        known = version(distribution)
    except PackageNotFoundError:
        known = distribution  # a source tree says which commit it is
    line = {
        "peer": peer,
        "version": known,
        "called_by": note,
        "rows": rows,
        "equal": equal,
        "seconds": round(seconds, 2),
        "differences": differences,
    }
    print("RESULT " + json.dumps(line), flush=True)
