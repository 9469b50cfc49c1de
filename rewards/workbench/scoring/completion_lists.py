"""Rows that hold a list of completions: one verdict each, in the same order, and a summary.

A completion column that holds a list of strings, or of lists of chat messages, makes its reward's
column a list of verdicts in the same order. Beside it stands a summary of them all, with

* pass@k: the probability that at least one of k completions drawn without replacement is correct:
  1 - C(n - c, k) / C(n, k) for c correct ones of n (Chen et al. 2021, "Evaluating Large
  Language Models Trained on Code", equation 1), for k = 1, 2, 4, … and n;
* majority: the answer that most completions gave (Wang et al. 2023, "Self-Consistency"); ties: the
  answer that came first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import comb

from rewards.columns import COLUMN_ALIASES, Role, columns_for
from rewards.text.shorten import shorten
from rewards.verdict import Status
from rewards.workbench.rows.json_text import escape_halves, write_json
from rewards.workbench.rows.rows import TOO_DEEP, RawRow, parse_row

SUMMARY_SUFFIX = "_summary"
_COMPARISONS = 512
_PER_COMPLETION = ("completion_ids", *COLUMN_ALIASES[Role.LABEL])


def summary_name(label: str) -> str:
    """The column that holds the summary of a reward's verdicts."""
    return f"{label}{SUMMARY_SUFFIX}"


def holds_several(value: object) -> bool:
    """Whether a completion column holds a list of completions, not one.

    >>> holds_several(["a", "b"]), holds_several([{"role": "assistant", "content": "a"}])
    (True, False)
    """
    return (
        isinstance(value, list)
        and bool(value)
        and all(one is None or isinstance(one, str | list) for one in value)
    )


def each_verdict(written: object) -> list[Mapping[str, object]]:
    """The verdicts that a reward's column holds: one, or one for each completion."""
    found: list[Mapping[str, object]] = written if isinstance(written, list) else [written]  # type: ignore[list-item]
    return found


def unfold(row: dict[str, object], completion: str) -> list[dict[str, object]]:
    """A row for each of its completions; the row itself where there is one.

    Token ids, labels and verdicts that come in a list of the same length go with their
    completions, all other columns to each of them; token ids of another length to none.

    >>> unfold({"answer": "2", "completion": ["2", "3"]}, "completion")
    [{'answer': '2', 'completion': '2'}, {'answer': '2', 'completion': '3'}]
    """
    value = row.get(completion)
    count = len(value) if isinstance(value, list) and holds_several(value) else 0
    per_completion = {
        name: cell
        for name, cell in row.items()
        if isinstance(cell, list)
        and len(cell) == (count or 1)
        and ((count and name in {completion, *_PER_COMPLETION}) or _are_verdicts(cell))
    }
    if not per_completion:
        return [row]
    if find_ids_flaw(row, completion):
        row = row | {"completion_ids": None}
        per_completion.pop("completion_ids", None)
    return [
        row | {name: cell[at] for name, cell in per_completion.items()} for at in range(count or 1)
    ]


def find_ids_flaw(row: Mapping[str, object], completion: str) -> str:
    """Why the token ids of a row with several completions are not theirs, in words, or ""."""
    completions, ids = row.get(completion), row.get("completion_ids")
    if ids is None or not isinstance(completions, list) or not holds_several(completions):
        return ""
    if not isinstance(ids, list) or not all(one is None or isinstance(one, list) for one in ids):
        return "the column 'completion_ids' holds no list for each of the completions"
    if len(ids) != len(completions):
        return (
            f"the column 'completion_ids' holds {len(ids)} lists for {len(completions)} completions"
        )
    return ""


def unfold_named(row: dict[str, object], named: str | None) -> list[dict[str, object]]:
    """As `unfold`, with the completion's column found by its usual names unless one is named."""
    names = columns_for(Role.COMPLETION, row, column=named)
    return unfold(row, next((name for name in names if row[name] is not None), ""))


def unfold_text(raw: RawRow, completion: str) -> list[RawRow]:
    """As `unfold`, of a row that was not parsed, as texts."""
    row = parse_row(raw)
    each = [] if isinstance(row, str) else unfold(row, completion)
    if not each or each[0] is row:
        return [raw]
    try:
        return [RawRow(raw.line, escape_halves(write_json(one))) for one in each]
    except RecursionError:  # it could just be read
        return [RawRow(raw.line, shorten(raw.text), TOO_DEEP)] * len(each)


def summarise(
    verdicts: Sequence[Mapping[str, object]],
    same_answer: Callable[[str, str], bool],
    *,
    completions: int | None = None,
) -> dict[str, object]:
    """The summary of the verdicts of one row's completions.

    Those without a score (errors, not applicable) count for nothing but `completions`.

    Args:
        verdicts: as they are written.
        same_answer: whether two extracted answers say the same.
        completions: how many there are, where that is not one for each verdict.

    >>> right = {"score": 1.0, "status": "correct", "extracted": "2"}
    >>> wrong = {"score": 0.0, "status": "wrong", "extracted": "3"}
    >>> made = summarise([wrong, right, right], str.__eq__)
    >>> made["pass@1"], made["pass@2"], made["majority"]
    (0.6666666666666666, 1.0, {'answer': '2', 'votes': 2, 'score': 1.0})
    """
    judged = [one for one in verdicts if one["score"] is not None]
    scores = [float(one["score"]) for one in judged]  # type: ignore[arg-type]
    correct = sum(one["status"] == Status.CORRECT.value for one in judged)
    made: dict[str, object] = {
        "completions": len(verdicts) if completions is None else completions,
        "judged": len(judged),
        "correct": correct,
        "mean_score": sum(scores) / len(scores) if scores else None,
    }
    # How much, not whether: nothing passes or fails there.
    graded = any(one["status"] == Status.SCORED.value for one in judged)
    for k in [] if graded else _sizes(len(judged)):
        made[f"pass@{k}"] = pass_at(k, len(judged), correct)
    made["majority"] = _majority(judged, same_answer)
    return made


def pass_at(k: int, completions: int, correct: int) -> float:
    """The probability that at least one of `k` drawn completions is correct; see the top.

    >>> pass_at(1, 4, 1), pass_at(2, 4, 1)
    (0.25, 0.5)
    """
    drawn = comb(completions, k)
    return (drawn - comb(completions - correct, k)) / drawn


def _sizes(completions: int) -> list[int]:
    """1, 2, 4, … up to the number of completions, and that number."""
    powers = [2**n for n in range(completions.bit_length())] if completions else []
    return sorted({*powers, completions} - {0})


def _majority(
    judged: Sequence[Mapping[str, object]], same_answer: Callable[[str, str], bool]
) -> dict[str, object] | None:
    votes: dict[str, int] = {}
    scores: dict[str, object] = {}
    named: dict[str, str] = {}  # each text, and the first one that says the same
    comparisons = 0
    for one in judged:
        answer = one["extracted"]
        if not isinstance(answer, str):
            continue
        if answer not in named:
            # Beyond this many, answers are told apart by their text, so that time stays in bounds.
            known = list(votes)[: max(0, _COMPARISONS - comparisons)]
            comparisons += len(known)
            named[answer] = next((other for other in known if same_answer(other, answer)), answer)
        answer = named[answer]
        votes[answer] = votes.get(answer, 0) + 1
        scores.setdefault(answer, one["score"])
    if not votes:
        return None
    winner = max(votes, key=votes.__getitem__)
    return {"answer": winner, "votes": votes[winner], "score": scores[winner]}


def _are_verdicts(cell: list[object]) -> bool:
    return all(isinstance(one, dict) and {"score", "status"} <= one.keys() for one in cell)
