r"""NeMo-Gym: a resources server whose `/verify` is a reward.

```python
# app.py of the resources server
from rewards.adapters.nemo_gym import reward

Server = reward("accuracy(tolerance=1e-3)")
if __name__ == "__main__":
    Server.run_webserver()
```

NeMo-Gym 0.4 asks it over HTTP with the model's response and the row's columns: verdicts are made in
a thread beside the server's loop. The answer is the request with `reward`, `status`, `reason`,
`prediction`, `expected`, `unscored` (numbers among them are averaged), and `mask_sample` for a
rollout without a score, which newer versions leave out of the loss.

The row is the request's own columns; the reference `expected_answer`.
"""

from __future__ import annotations

from typing import Any

from rewards.adapters.bridge import Row, Source, bridge, last_message, peer_module


def reward(source: Source | None = None, *, unscored: float = 0.0) -> Any:
    """The server's class for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        unscored: the reward of a rollout that has none.
    """
    crossed = bridge("nemo_gym", source, unscored=unscored)
    servers = peer_module("nemo_gym.base_resources_server", install="pip install nemo-gym")
    pydantic = peer_module("pydantic", install="pip install pydantic")
    ask: Any = servers.BaseVerifyRequest
    answer: Any = servers.BaseVerifyResponse
    base: Any = servers.SimpleResourcesServer

    # Built by hand: the server reads the types off the method, and no name here is a global one.
    loose = pydantic.ConfigDict(extra="allow")
    request = type(ask)("RlvrRequest", (ask,), {"model_config": loose, "__module__": __name__})
    response = type(answer)(
        "RlvrResponse", (answer,), {"model_config": loose, "__module__": __name__}
    )

    async def verify(self: Any, body: Any) -> Any:  # noqa: ARG001 - a method
        cells = dict(body.model_extra or {})
        prompt = body.responses_create_params.input
        verdict = await crossed.verdict_apart(Row(_written(body.response), cells, _asked(prompt)))
        record: dict[str, Any] = dict(crossed.record(verdict))
        given = body.model_dump()
        missing = {"mask_sample": verdict.score is None}
        return response(**{**given, **record, **missing, "reward": record.pop("score")})

    verify.__annotations__ = {"body": request, "return": response}
    return type(base)(
        "RlvrServer", (base,), {"verify": verify, "__module__": __name__, "__annotations__": {}}
    )


def _written(response: Any) -> str:
    """The text of the model's last message."""
    messages = [item for item in response.output if getattr(item, "type", "") == "message"]
    if not messages:
        return ""
    parts = messages[-1].content
    return "".join(part.text for part in parts if getattr(part, "type", "") == "output_text")


def _asked(prompt: Any) -> object:
    if isinstance(prompt, str) or prompt is None:
        return prompt
    dumped = [one if isinstance(one, dict) else one.model_dump() for one in prompt]
    return last_message(dumped)[0] or None
