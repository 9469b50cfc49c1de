"""One verdict with the stages that led to it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, replace
from functools import wraps
from io import StringIO
from traceback import format_exception

from rewards.completion import completion_text
from rewards.errors import InputError
from rewards.named.spec import reward_named
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.verdict import Stage, Verdict


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """How a verdict came about.

    Attributes:
        reward: the reward's name.
        stages: what happened, in order.
        verdict: the end of it.
    """

    reward: str
    stages: tuple[Stage, ...]
    verdict: Verdict

    def to_dict(self) -> dict[str, object]:
        """The explanation as plain JSON."""
        return {
            "reward": self.reward,
            "stages": [asdict(stage) for stage in self.stages],
            "verdict": self.verdict.to_dict(),
        }


def explain_verdict(
    source: str, completion: object, *, reference: object = None, prompt: object = None
) -> Explanation:
    """Judge one completion and show the way to the verdict.

    Args:
        source: a reward's name, or `module:object`.
        completion: a string or chat messages.
        reference: what is right.
        prompt: the prompt.

    Raises:
        InputError: there is no such reward, or it needs a reference.
    """
    reward = reward_named(source)
    written = completion_text(completion)
    stages = [Stage("completion", written.text)]
    if isinstance(reward, Reward):
        if reward.role is not None and reference is None:
            raise InputError(f"{reward.name} needs a reference; give one with --reference")
        verdict = reward.verify(completion, reference, prompt=prompt)
        sample = Sample(written.text, reference, prompt, written.has_reasoning_field)
        stages += reward.stages(sample)
    else:
        watched = _Watched(reward.function)
        with redirect_stdout(watched.printed), redirect_stderr(watched.printed):
            (verdict,) = replace(reward, function=watched.function).verdicts(
                completions=[completion], prompts=[prompt], references=[reference], columns={}
            )
        stages += watched.stages()
    if verdict.extracted is not None:
        stages.append(Stage("extracted", verdict.extracted))
    if verdict.expected is not None:
        stages.append(Stage("expected", verdict.expected))
    stages.append(Stage("reason", verdict.reason))
    return Explanation(reward=reward.name, stages=tuple(stages), verdict=verdict)


def _traceback(error: BaseException) -> str:
    """The traceback of a user's function, from its own first line on."""
    own = error.__traceback__.tb_next if error.__traceback__ is not None else None
    return "".join(format_exception(type(error), error, own or error.__traceback__))


class _Watched:
    """A user's function, with what it prints and how it raises kept for people to read.

    Attributes:
        printed: what it wrote to standard output and standard error.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        self.printed = StringIO()
        self._raised = ""

        @wraps(function)  # so that it is asked for the same columns
        def watched(**columns: object) -> object:
            try:
                found = function(**columns)
            except BaseException as error:
                self._raised = self._raised or _traceback(error)
                raise
            return self._waited(found) if inspect.iscoroutine(found) else found

        self.function = watched

    async def _waited(self, found: Awaitable[object]) -> object:
        try:
            return await found
        except BaseException as error:
            self._raised = self._raised or _traceback(error)
            raise

    def stages(self) -> list[Stage]:
        """What was printed, and the traceback of what was raised first."""
        texts = {"printed": self.printed.getvalue(), "traceback": self._raised}
        return [Stage(name, text.rstrip()) for name, text in texts.items() if text.strip()]
