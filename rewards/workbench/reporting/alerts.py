"""What spoils training, said at the top of the page: each in a sentence, with its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rewards.verdict import Status
from rewards.workbench.reporting.addresses import rows_address
from rewards.workbench.reporting.figures import RewardScores, RunFigures
from rewards.workbench.scoring.tally import RewardTally, Tally
from rewards.workbench.scoring.warning_signs import warning_signs

_FEWEST = 10  # of fewer rows nearly all are soon alike

_STATUSES = {
    Status.BAD_REFERENCE: "with a reference that cannot be used: no completion can score there",
    Status.ERROR: "could not be judged, which is the reward's doing or the machine's",
    Status.TIMEOUT: "ran out of time: 0, whatever the answer is",
}


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to look into.

    Attributes:
        reward: whose it is; empty for the file.
        text: what is wrong, and what it does to training.
        address: of the rows, on the page; empty where there are none to show.
    """

    reward: str
    text: str
    address: str = ""


def find_alerts(run: RunFigures, *, in_file: tuple[tuple[str, str], ...] = ()) -> list[Alert]:
    """What spoils training in a run.

    Args:
        run: its figures.
        in_file: the filter that picks this run's rows, where the page has several.
    """
    found = []
    if run.unreadable:
        found.append(
            Alert("", f"{_counted(run.unreadable, 'line')} could not be read: {run.flaws[0]}")
        )
    for reward, figures in run.rewards.items():
        found += _of_reward(reward, figures, in_file)
    return found


def _of_reward(
    reward: str, figures: RewardScores, in_file: tuple[tuple[str, str], ...]
) -> Iterator[Alert]:
    rows = figures.scores.rows

    def to(status: str) -> str:
        return rows_address((f"status.{reward}", status), *in_file)

    signs = warning_signs(
        Tally({"": RewardTally(statuses=figures.statuses, reasons=figures.reasons)}), {}
    )
    most = figures.statuses.most_common(1)[0][0] if figures.statuses else ""
    for sign in signs:
        yield Alert(reward, sign.removeprefix(": "), to(most))
    for status, what in _STATUSES.items():
        count = figures.statuses[status.value]
        if count and not (signs and status.value == most):
            share = f"{count / rows:.1%}"
            yield Alert(reward, f"{_counted(count, 'row')} ({share}) {what}", to(status.value))
    alike = figures.only_score
    if alike is not None and figures.scores.scored >= _FEWEST and not (signs and not alike):
        yield Alert(
            reward, f"every row that has a score has {alike:g}: there is nothing to learn from it"
        )
    elif not signs and (several := figures.prompts.several):
        dead = figures.prompts.without_spread
        if len(several) >= _FEWEST and dead > len(several) / 2:
            yield Alert(
                reward,
                f"on {dead / len(several):.0%} of the prompts all completions score the same: "
                "they teach nothing",
            )
    for answer in figures.same_answers.everywhere():
        yield Alert(
            reward,
            f"the answer “{answer}” scores against many different references: is there a hole in "
            "the reward, or in the references?",
            rows_address(("q", f'"{answer.rstrip("…")[:40]}"'), *in_file),
        )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
