"""What a verifier says about one completion."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum


class Status(str, Enum):
    """Why a completion got its score.

    The first four and `TIMEOUT` are the completion's doing and score a number, and `SCORED` is a
    number that says how much and not whether, as a user's own function may return it (0.3, -1);
    `BAD_REFERENCE` is the data's, `NOT_APPLICABLE` means the row has nothing for this reward, and
    `ERROR` is ours: those three score `None`, which a trainer leaves out of the reward.
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

    @property
    def is_scored(self) -> bool:
        """Whether a verdict with this status carries a number.

        >>> Status.TIMEOUT.is_scored, Status.ERROR.is_scored
        (True, False)
        """
        return self not in _UNSCORED


_UNSCORED = (Status.BAD_REFERENCE, Status.NOT_APPLICABLE, Status.ERROR)


class Basis(str, Enum):
    """What a verdict of `correct` or `wrong` rests on.

    `PROOF`: exact values, bounds, or the same text. `WORDS`: texts that are not written alike,
    which may still mean the same. `UNDECIDED`: it could not be told, and counts as wrong. `JUDGE`: a
    second opinion (see `SecondOpinion`).
    """

    PROOF = "proof"
    WORDS = "words"
    UNDECIDED = "undecided"
    JUDGE = "judge"


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

    def to_dict(self) -> dict[str, str | float | None]:
        """The verdict as plain JSON values, in the order of its fields.

        >>> Verdict(0.0, Status.NO_ANSWER, reason="no box").to_dict()["status"]
        'no_answer'
        """
        basis = None if self.basis is None else self.basis.value
        return asdict(self) | {"status": self.status.value, "basis": basis}
