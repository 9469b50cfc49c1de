"""What a verifier says about one completion."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import TypeAlias


class Status(str, Enum):
    """Why a completion got its score.

    The first four and `TIMEOUT` are the completion's doing and score a number, and `SCORED` is a
    number that says how much and not whether, such as a penalty that is not due (0), or what a
    user's own function may return (0.3, -1); `BAD_REFERENCE` is the data's, `NOT_APPLICABLE` means
    the row has nothing for this reward, and `ERROR` is ours: those three score `None`, which a
    trainer leaves out of the reward.

    >>> f"{Status.WRONG}"
    'wrong'
    """

    CORRECT = "correct"
    WRONG = "wrong"
    NO_ANSWER = "no_answer"
    BAD_FORMAT = "bad_format"
    TIMEOUT = "timeout"
    SCORED = "scored"
    BAD_REFERENCE = "bad_reference"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"

    def __str__(self) -> str:
        return self.value

    @property
    def is_scored(self) -> bool:
        """Whether a verdict with this status carries a number.

        >>> Status.TIMEOUT.is_scored, Status.ERROR.is_scored
        (True, False)
        """
        return self not in _UNSCORED


_UNSCORED = (Status.BAD_REFERENCE, Status.NOT_APPLICABLE, Status.ERROR)


VerdictFields: TypeAlias = dict[str, object]
"""A verdict as files hold it: the fields that `Verdict.to_dict(seconds=False)` gives."""


class Basis(str, Enum):
    """What a verdict of `correct` or `wrong` rests on.

    `PROOF`: exact values, bounds, or the same text. `WORDS`: texts that are not written alike,
    which may still mean the same. `UNDECIDED`: it could not be told, and counts as wrong.
    `JUDGE`: a second opinion (see `SecondOpinion`).
    """

    PROOF = "proof"
    WORDS = "words"
    UNDECIDED = "undecided"
    JUDGE = "judge"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Stage:
    """One step on the way to a verdict, for `rlvr explain`.

    Attributes:
        name: what was done, in a word or two: "answer part", "box".
        text: what came out of it, or why nothing did.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One completion judged: its score, and enough to explain it.

    Attributes:
        score: the reward, or `None` when the row says nothing about the policy (see `Status`).
        status: why.
        extracted: what was read out of the completion, as text; `None` if nothing was.
        expected: what the reference was read as, as text; `None` if there is none.
        reason: one sentence a person can follow.
        seconds: wall seconds the judgement took.
        found_in: the place where the answer stood (`box`, `hashes`, …; see
            `rewards.extraction.places`), or `None` for a reward that looks at no such places.
        basis: what a comparison of answers rests on, or `None` for a reward that compares none.

    >>> Verdict(1.0, Status.CORRECT, extracted="42", expected="42", reason="same text").score
    1.0

    Raises:
        ValueError: the score and the status disagree about whether there is a number.
    """

    score: float | None
    status: Status
    extracted: str | None = None
    expected: str | None = None
    reason: str = ""
    seconds: float = 0.0
    found_in: str | None = None
    basis: Basis | None = None

    def __post_init__(self) -> None:
        if (self.score is not None) != self.status.is_scored:
            raise ValueError(f"a {self.status.name} verdict cannot have the score {self.score!r}")

    def __bool__(self) -> bool:
        """Refused: a verdict that says "wrong" would count as true.

        Raises:
            TypeError: always; the message says what to write.
        """
        raise TypeError(
            "a Verdict is neither true nor false; write verdict.score == 1.0, or verdict.status is "
            "Status.CORRECT"
        )

    def repeated(self, seconds: float, found_in: str | None) -> Verdict:
        """The same verdict on another completion: how long it took, where its answer stood.

        >>> judged = Verdict(1.0, Status.CORRECT, "42", "42", "same text")
        >>> judged.repeated(0.01, "box").found_in
        'box'
        """
        verdict = object.__new__(Verdict)
        _put_score(verdict, self.score)
        _put_status(verdict, self.status)
        _put_extracted(verdict, self.extracted)
        _put_expected(verdict, self.expected)
        _put_reason(verdict, self.reason)
        _put_seconds(verdict, seconds)
        _put_found_in(verdict, found_in)
        _put_basis(verdict, self.basis)
        return verdict

    def to_dict(self, *, seconds: bool = True) -> dict[str, str | float | None]:
        """The verdict as plain JSON values, in the order of its fields.

        Without `seconds` it is what files hold: the same from run to run.

        >>> Verdict(0.0, Status.NO_ANSWER, reason="no box").to_dict()["status"]
        'no_answer'
        """
        written: dict[str, str | float | None] = {
            "score": self.score,
            "status": self.status.value,
            "extracted": self.extracted,
            "expected": self.expected,
            "reason": self.reason,
        }
        if seconds:
            written["seconds"] = self.seconds
        if self.found_in is not None:
            written["found_in"] = self.found_in
        if self.basis is not None:
            written["basis"] = self.basis.value
        return written

    def _repr_html_(self) -> str:
        """As a table, for notebooks; every text in it is escaped."""
        import html  # for notebooks alone

        cells = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
            for name, value in self.to_dict(seconds=False).items()
            if value is not None or name == "score"
        )
        return f"<table>{cells}</table>"

    @classmethod
    def from_dict(cls, written: object) -> Verdict:
        """The verdict that `to_dict` made this of; its texts may be other JSON values, as text.

        >>> Verdict.from_dict({"score": 1, "status": "correct", "reason": "same text"}).score
        1.0

        Raises:
            ValueError: it is no verdict: the score or the status is missing, is none, or does not
                go with the other.
        """
        if not isinstance(written, Mapping) or not {"score", "status"} <= written.keys():
            raise ValueError("a verdict has a score and a status")
        score, seconds = written["score"], written.get("seconds", 0.0)
        if isinstance(score, bool) or not isinstance(score, int | float | None):
            raise ValueError(f"a score is a number or None, not {score!r:.80}")  # noqa: TRY004
        try:
            number = None if score is None else float(score)
        except OverflowError:
            raise ValueError("a score of more than 1e308") from None
        if number is not None and not math.isfinite(number):
            raise ValueError(f"{number} is no score")
        return cls(
            number,
            Status(written["status"]),
            extracted=_as_text(written.get("extracted")),
            expected=_as_text(written.get("expected")),
            reason=_as_text(written.get("reason")) or "",
            seconds=float(seconds) if isinstance(seconds, int | float) else 0.0,
            found_in=_as_text(written.get("found_in")),
            basis=None if written.get("basis") is None else Basis(written["basis"]),
        )


# What a frozen dataclass forbids and its own `__init__` does at twice the price: most verdicts of a
# batch repeat one that is remembered.
(
    _put_score,
    _put_status,
    _put_extracted,
    _put_expected,
    _put_reason,
    _put_seconds,
    _put_found_in,
    _put_basis,
) = (vars(Verdict)[field.name].__set__ for field in fields(Verdict))


def _as_text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
