"""One verdict with the stages that led to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from rewards.completion import completion_text
from rewards.errors import InputError
from rewards.named.spec import reward_named
from rewards.reward import Reward, Sample
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
        (verdict,) = reward.verdicts(
            completions=[completion], prompts=[prompt], references=[reference], columns={}
        )
    if verdict.extracted is not None:
        stages.append(Stage("extracted", verdict.extracted))
    if verdict.expected is not None:
        stages.append(Stage("expected", verdict.expected))
    stages.append(Stage("reason", verdict.reason))
    return Explanation(reward=reward.name, stages=tuple(stages), verdict=verdict)
