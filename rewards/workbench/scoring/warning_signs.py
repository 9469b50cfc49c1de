"""What a tally says about the file rather than its rows: one cause behind nearly all of them."""

from __future__ import annotations

from collections.abc import Mapping

from rewards.verdict import Status
from rewards.workbench.scoring.tally import RewardTally, Tally

_NEARLY_ALL = 0.9
_FEWEST = 10  # of fewer rows nearly all are soon alike

_CAUSES = {
    Status.WRONG: "do completions and references belong together? {columns}",
    Status.NO_ANSWER: "was the model told how to mark its answer, and is this the column that "
    "holds its text? {columns}",
    Status.BAD_FORMAT: "was the model told to write in this format, or does its chat template "
    "write the opening tag (format(prefilled=True))?",
    Status.BAD_REFERENCE: "is this the column that holds the references? {columns}",
    Status.NOT_APPLICABLE: "do these rows have what the reward reads? {columns}",
    Status.TIMEOUT: "are these programs or answers that could end in time at all?",
    Status.ERROR: "the reason says what is wrong; the reward may not fit these rows",
}


def warning_signs(tally: Tally, columns: Mapping[str, str | None]) -> tuple[str, ...]:
    """One sentence for each reward of which one status, or one reason, covers nearly all rows.

    Args:
        tally: the counts.
        columns: which column each role was read from.
    """
    found = (_of_reward(label, counts, columns) for label, counts in tally.rewards.items())
    return tuple(sign for sign in found if sign)


def _of_reward(label: str, counts: RewardTally, columns: Mapping[str, str | None]) -> str:
    rows = counts.statuses.total()
    if rows < _FEWEST or not counts.statuses:
        return ""
    status, count = counts.statuses.most_common(1)[0]
    cause = _CAUSES.get(Status(status))
    if cause is None or count <= _NEARLY_ALL * rows:
        return ""
    reasons = {why: many for (of, why), many in counts.reasons.items() if of == status}
    reason, many = max(reasons.items(), key=lambda one: one[1], default=("", 0))
    same = f", {many / rows:.0%} for one reason ({reason})" if many > _NEARLY_ALL * rows else ""
    read = ", ".join(f"{role} from {name!r}" for role, name in columns.items() if name)
    cause = cause.format(columns=f"(read: {read})" if read else "")
    return f"{label}: {count / rows:.0%} of the rows are {status}{same}; {cause.strip()}"
