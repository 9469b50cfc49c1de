"""What the run of a program is worth as a reward, and what a block is that is not run.

Not covered: faults of the row, see `row_faults`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rewards.extraction.code_blocks import Block
from rewards.programs.choice import Chosen
from rewards.text.counted import counted
from rewards.verdict import Status, Verdict

if TYPE_CHECKING:
    from sandbox import Outcome

UNUSED = "does not use the program"
_REASONS_MAX = 4


def verdict_on(outcome: Outcome, source: str, *, partial: bool) -> Verdict:
    """The verdict on a run: all or nothing, or the share of tests passed if `partial`."""
    from sandbox import Status as Ended

    failed = [
        f"test {position}: {test.status.value}: {test.reason}"
        for position, test in enumerate(outcome.tests, 1)
        if test.status is not Ended.ACCEPTED and test.reason != "not reached"
    ]
    count = f"{outcome.passed} of {outcome.total} tests passed"
    if unreached := sum(test.reason == "not reached" for test in outcome.tests):
        count += f", {unreached} not reached"
    reason = "; ".join([count, *failed[:_REASONS_MAX]])
    expected = counted(outcome.total, "test")
    ours = [test.reason for test in outcome.tests if test.status is Ended.INFRA_ERROR]
    if outcome.status is Ended.INFRA_ERROR or (ours and partial):
        why = outcome.reason if outcome.status is Ended.INFRA_ERROR else ours[0]
        return Verdict(None, Status.ERROR, extracted=source, reason=why)
    # A test that does not use the program is no merit of it.
    idle = sum(test.reason == UNUSED for test in outcome.tests)
    score = (outcome.passed - idle) / (outcome.total - idle) if partial else 0.0
    if outcome.status is Ended.ACCEPTED:
        score, status = 1.0, Status.CORRECT
    else:
        timed_out = outcome.status is Ended.TIME_LIMIT
        status = Status.TIMEOUT if timed_out else Status.WRONG
    return Verdict(score, status, extracted=source, expected=expected, reason=reason)


def no_program(blocks: Sequence[Block]) -> str:
    """Why none of a completion's blocks is run."""
    if not any(block.source.strip() for block in blocks):
        return "the code block is empty"
    tags = ", ".join(sorted({block.tag or "none" for block in blocks}))
    return f"no block can be a program (tags: {tags})"


def of_another_language(chosen: Chosen, why: str) -> Verdict:
    """The verdict on a block in a language that is not run, or not for this row."""
    reason = f"a {chosen.tag} block {why}"
    return Verdict(0.0, Status.BAD_FORMAT, extracted=chosen.source, reason=reason)
