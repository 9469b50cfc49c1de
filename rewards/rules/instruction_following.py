"""Whether a response follows the instructions of its prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from rewards.columns import Role
from rewards.errors import InputError
from rewards.extraction.stated import UNFINISHED
from rewards.extraction.turns import is_blank
from rewards.instructions.arguments import BadInstructionError, Found
from rewards.instructions.checking import check_instruction
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.verdict import Status, Verdict


class _Instruction(NamedTuple):
    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class InstructionFollowing(Reward):
    """Whether the response follows its row's instructions: those of IFEval, all twenty-five.

    The response is what follows the reasoning. Rows of google/IFEval work as they are: the column
    `instruction_id_list` names the instructions and `kwargs` holds the arguments of each (dicts, or
    JSON text). Source: Zhou et al. 2023 (arXiv 2311.07911), table 1 and section 2.2.

    Where this differs from the paper's own program: keywords are texts, not patterns; JSON is read
    strictly; of the three fixed answers exactly one must stand there; sentences are counted without
    NLTK; and a language that shares its script with others is told by py3langid
    (`pip install 'rlvr[extra]'`), without which such a row scores `None`.

    Attributes:
        mode: `"strict"` takes the response as it is; `"loose"` also without its first line, its
            last line, both, and without `*`: an instruction counts when any of these follows it
            (section 2.2).
        score: `"all"` gives 1.0 when every instruction is followed, `"share"` the share of them.

    >>> instruction_following.verify("No commas here.", ["punctuation:no_comma"]).score
    1.0

    Raises:
        InputError: an option has a value that it cannot have.
    """

    name: str = "instruction_following"
    mode: Literal["strict", "loose"] = "strict"
    score: Literal["all", "share"] = "all"

    role: ClassVar[Role | None] = Role.INSTRUCTIONS
    also_reads: ClassVar[tuple[str, ...]] = ("kwargs",)

    def __post_init__(self) -> None:
        if self.mode not in {"strict", "loose"} or self.score not in {"all", "share"}:
            raise InputError(
                f"mode={self.mode!r} is 'strict' or 'loose', score={self.score!r} 'all' or 'share'"
            )

    def judge(self, sample: Sample) -> Verdict:
        """Check one response."""
        try:
            instructions = _read_instructions(sample.reference, sample.row.get("kwargs"))
            # Also for an empty response, so that a bad row is found whatever stands in it.
            response = sample.answer_part()
            found = [self._check(instruction, response or "") for instruction in instructions]
        except BadInstructionError as error:
            return Verdict(None, Status.BAD_REFERENCE, reason=str(error))
        names = [instruction.name for instruction in instructions]
        expected = ", ".join(names)
        if response is None or is_blank(response):
            reason = UNFINISHED if response is None else "the response is empty"
            return Verdict(0.0, Status.NO_ANSWER, expected=expected, reason=reason)
        followed = sum(result.followed is True for result in found)
        told = [
            f"{'yes' if result.followed else 'no'} {name} ({result.said})"
            for name, result in zip(names, found, strict=True)
        ]
        reason = f"{followed} of {len(found)} followed: {'; '.join(told)}"
        unknown = [result.said for result in found if result.followed is None]
        failed = any(result.followed is False for result in found)
        if unknown and (self.score == "share" or not failed):
            return Verdict(
                None, Status.NOT_APPLICABLE, expected=expected, reason=f"cannot tell: {unknown[0]}"
            )
        if followed == len(found):
            return Verdict(1.0, Status.CORRECT, expected=expected, reason=reason)
        score = followed / len(found) if self.score == "share" else 0.0
        return Verdict(score, Status.WRONG, expected=expected, reason=reason)

    def _check(self, instruction: _Instruction, response: str) -> Found:
        strict = check_instruction(instruction.name, response, instruction.arguments)
        if self.mode == "strict" or strict.followed is not False:
            return strict
        for variant in _loosened(response):
            found = check_instruction(instruction.name, variant, instruction.arguments)
            if found.followed and not is_blank(variant):
                return Found(True, f"loosely: {found.said}")
        return strict


def _loosened(response: str) -> Iterator[str]:
    """The paper's variants of a response, but for the response itself."""
    lines = response.split("\n")
    cuts = (lines, lines[1:], lines[:-1], lines[1:-1])
    for number, cut in enumerate(cuts):
        text = "\n".join(cut).strip()
        if number:
            yield text
        if "*" in text:
            yield text.replace("*", "")


def _read_instructions(names: object, arguments: object) -> list[_Instruction]:
    names, arguments = _as_list(names), _as_list(arguments)
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise BadInstructionError("instruction_id_list must be a list of names, not empty")
    if arguments is None:
        arguments = [{} for _ in names]
    if not isinstance(arguments, list) or len(arguments) != len(names):
        raise BadInstructionError(f"kwargs must hold one mapping for each of {len(names)} names")
    read: list[_Instruction] = []
    for name, given in zip(names, arguments, strict=True):
        plain = _from_json(given) if isinstance(given, str) else given
        if plain is not None and not isinstance(plain, Mapping):
            raise BadInstructionError(f"kwargs of {name} is no mapping: {given!r:.60}")
        read.append(_Instruction(name, plain or {}))
    return read


def _as_list(value: object) -> object:
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _from_json(value)
    is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    return list(value) if is_list else value  # type: ignore[call-overload]


def _from_json(text: str) -> object:
    import json  # not needed to import the package

    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInstructionError(f"{text!r:.60} is no JSON: {error}") from error


instruction_following = InstructionFollowing()
