r"""open-instruct: a `VerifierFunction` under a name that rows' `dataset` column says.

```python
from rewards.adapters.open_instruct import reward

Near = reward("accuracy(tolerance=1e-3)", name="near")
```

open-instruct finds it among the subclasses of `VerifierFunction`: import the file before the
verifiers are built, and keep the class under a name. It is called for one sample, in a thread
inside the generating Ray actor. There are no missing scores: such a row scores `unscored`, and a
warning counts them. `reasoning` has the status and the reason.
"""

from __future__ import annotations

from typing import Any

from rewards.adapters.bridge import Row, Source, bridge, peer_module


def reward(
    source: Source | None = None,
    *,
    name: str = "rlvr",
    weight: float = 1.0,
    unscored: float = 0.0,
) -> Any:
    """The verifier's class for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        name: what the `dataset` column of a row says for it.
        weight: what open-instruct multiplies its score with.
        unscored: the score of a row that has none.
    """
    crossed = bridge("open_instruct", source, unscored=unscored)
    truths = peer_module(
        "open_instruct.ground_truth_utils", install="install allenai/open-instruct from source"
    )
    base: Any = truths.VerifierFunction

    class RlvrVerifier(base):  # type: ignore[misc]
        """A reward of ours as open-instruct calls its own."""

        def __init__(self, verifier_config: Any = None) -> None:
            super().__init__(name, weight=weight, verifier_config=verifier_config)

        def __call__(
            self,
            tokenized_prediction: list[int],
            prediction: str,
            label: object,
            query: str | None = None,
            rollout_state: dict[str, object] | None = None,  # noqa: ARG002 - for environments
        ) -> Any:
            row = Row(prediction, {"label": label}, query, tokenized_prediction)
            verdict = crossed.verdict(row)
            return truths.VerificationResult(
                score=crossed.number(verdict),
                reasoning=f"{verdict.status.value}: {verdict.reason}",
            )

    return RlvrVerifier
