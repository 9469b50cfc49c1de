"""Asking somebody else about the verdicts that rest on words, and about no others."""

from __future__ import annotations

import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from rewards.composite import Batch, Combination, check_rewards
from rewards.errors import InputError
from rewards.extraction.percent_prompt import question_text
from rewards.logs import warn_once
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.verdict import Basis, Status, Verdict

Judge: TypeAlias = Callable[[str, str, str], "bool | None"]
"""Question, reference, answer in; whether they say the same out, `None` for "cannot tell"."""

_REMEMBERED = 65_536
_MAX_QUESTION_CHARS = 8_000
# What makes model judges say yes to anything: "One Token to Fool LLM-as-a-Judge"
# (arXiv 2507.08794). None of it is an answer, so nobody is asked.
_OPENERS = re.compile(
    r"(?:thought process|let'?s (?:solve|think|break|work)|step[- ]by[- ]step|solution|answer"
    r"|final answer|reasoning|sure|okay|解|かいせつ|respuesta|the answer is)\b[^\n]{0,80}[:.…]?",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget)\b[^.]{0,60}\b(?:instructions?|above|previous|rules?)\b"
    r"|\b(?:reference|correct|right|expected|gold)\s(?:answer|solution|response)\b"
    r"|\bas\sthe\sreference\b|\b(?:grade|verdict|judge?ment)\b"
    r"|\b(?:reply|respond|answer|output|say|return|grade|mark|score)\b[^.]{0,40}"
    r"\b(?:equal|correct|yes|true|100|full marks)\b|</?(?:candidate|reference|question|system)\b",
    re.IGNORECASE,
)


class _Asked(NamedTuple):
    question: str
    reference: str
    answer: str


class _Memory:
    """What was asked before, what came of it, and how often; a pickled one starts anew."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.opinions: OrderedDict[_Asked, bool | None] = OrderedDict()
        self.counts: Counter[str] = Counter()

    def __reduce__(self) -> tuple[type[_Memory], tuple[()]]:
        return _Memory, ()


@dataclass(frozen=True)
class SecondOpinion(Combination):
    r"""An accuracy whose refusals for want of a proof are shown to a judge of yours.

    The judge is asked only where the verdict is `wrong` and rests on words (the reference or the
    answer is read as text) or could not be decided. A proven verdict is never asked about, nor is
    one without an answer, an answer that holds no letter or digit, an opening phrase
    ("Thought process:") or an order to the judge. `True` makes the verdict `correct`, with the
    basis `judge` and a reason that says so; anything else leaves it as it was. A judge that fails
    changes nothing, and is counted.

    A model judge can be talked into things: use it to find out what rules miss, and for rewards
    only where that is worth the risk. Nothing asks anybody unless you build this.

    Attributes:
        first: the reward that judges first, such as `accuracy`.
        judge: any callable of question, reference and answer, or a `ChatJudge`. Called from
            several threads at a time.
        concurrency: how many questions may be on their way at once.

    >>> from rewards.rules.accuracy import accuracy
    >>> kind = SecondOpinion(accuracy, judge=lambda question, reference, answer: True)
    >>> kind.verify(r"\boxed{the odd ones}", r"\text{all odd numbers}").score
    1.0
    >>> kind.verify(r"\boxed{3}", "4").score, kind.counts["asked"]
    (0.0, 1)

    Raises:
        InputError: `first` is no reward, or `judge` cannot be called.
    """

    first: Reward
    # In place of the method of that name, which nobody calls on a combination.
    judge: Judge = field(kw_only=True)  # type: ignore[assignment]
    concurrency: int = field(default=8, kw_only=True)
    _memory: _Memory = field(default_factory=_Memory, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_rewards("SecondOpinion", [self.first])
        if not callable(self.judge):
            raise InputError(f"judge is a callable or a ChatJudge, not {self.judge!r:.80}")
        if self.concurrency < 1:
            raise InputError(f"concurrency={self.concurrency} must be above 0")
        self._set_name(f"{self.first.name}_second_opinion")

    @property
    def parts(self) -> tuple[Reward, ...]:
        """The reward that judges first."""
        return (self.first,)

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]  # as the first has it
        """The lowest and the highest score there can be."""
        low, high = self.first.bounds
        return low, max(high, 1.0)

    @property
    def counts(self) -> Mapping[str, int]:
        """How often, in this process: `asked`, `remembered`, `changed`, `unsure`, `failed`."""
        with self._memory.lock:
            found = dict(self._memory.counts)
        return {
            name: found.get(name, 0)
            for name in ("asked", "remembered", "changed", "unsure", "failed")
        }

    def combine(self, batch: Batch) -> list[Verdict]:
        """The verdicts of the first reward, changed where the judge disagrees with a refusal."""
        verdicts = batch.ask_all(self.first)
        questions = [
            _question(verdict, sample)
            for verdict, sample in zip(verdicts, batch.samples, strict=True)
        ]
        opinions = self._opinions([asked for asked in questions if asked is not None])
        return [
            self._changed(verdict) if asked is not None and opinions.get(asked) else verdict
            for verdict, asked in zip(verdicts, questions, strict=True)
        ]

    def _changed(self, verdict: Verdict) -> Verdict:
        with self._memory.lock:
            self._memory.counts["changed"] += 1
        why = f"second opinion: it says the same; without it: {verdict.reason}"
        return replace(verdict, score=1.0, status=Status.CORRECT, reason=why, basis=Basis.JUDGE)

    def _opinions(self, questions: Sequence[_Asked]) -> dict[_Asked, bool | None]:
        """What the judge says, each question asked once."""
        memory = self._memory
        with memory.lock:
            known = {
                asked: memory.opinions[asked] for asked in questions if asked in memory.opinions
            }
            memory.counts["remembered"] += sum(asked in known for asked in questions)
        new = [asked for asked in dict.fromkeys(questions) if asked not in known]
        if len(new) > 1 and self.concurrency > 1:
            with ThreadPoolExecutor(min(self.concurrency, len(new))) as pool:
                answered = list(pool.map(self._ask, new))
        else:
            answered = [self._ask(asked) for asked in new]
        for asked, (opinion, keep) in zip(new, answered, strict=True):
            known[asked] = opinion
            if keep:
                with memory.lock:
                    memory.opinions[asked] = opinion
                    while len(memory.opinions) > _REMEMBERED:
                        memory.opinions.popitem(last=False)
        return known

    def _ask(self, asked: _Asked) -> tuple[bool | None, bool]:
        """The judge's opinion, and whether it is one to remember."""
        counts, opinion = ["asked"], None
        try:
            opinion = self.judge(*asked)
        except Exception as error:  # noqa: BLE001 - somebody else's code, or a network
            counts.append("failed")
            warn_once(f"{self.name}: the judge failed ({type(error).__name__}: {error})")
        else:
            if not isinstance(opinion, bool):
                opinion = None
                counts.append("unsure")
        with self._memory.lock:
            self._memory.counts.update(counts)
        return opinion, "failed" not in counts


def _question(verdict: Verdict, sample: Sample | None) -> _Asked | None:
    """What to ask about a verdict, or `None` where nobody is to be asked."""
    if verdict.status not in {Status.WRONG, Status.TIMEOUT}:
        return None
    if verdict.basis not in {Basis.WORDS, Basis.UNDECIDED}:
        return None
    answer, reference = verdict.extracted, verdict.expected
    if not answer or not reference or not any(char.isalnum() for char in answer):
        return None
    if _OPENERS.fullmatch(answer.strip(" *_:.#\n")) or _ORDERS.search(answer):
        return None
    question = "" if sample is None else question_text(sample.prompt)[:_MAX_QUESTION_CHARS]
    return _Asked(question, reference, answer)
