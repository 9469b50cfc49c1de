"""The environment `rlvr` of verifiers before 0.4: a file of rows, judged by any reward.

```bash
vf-eval rlvr -m MODEL -a '{"data": "rows.jsonl", "reward": "accuracy"}'
```

Those versions import the module that the environment is called by and ask for its
`load_environment`; `rlvr` hands out this one. A row is asked in one turn. A score is a number,
so a missing one becomes `unscored` and is counted; the verdict is in the rollout's state under
`rlvr` (`--state-columns rlvr` saves it).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from rewards.adapters.bridge import Row, bridge, peer_module
from rewards.extras import require_package
from rewards.workbench.environments.prompted_rows import prompted_rows

_INSTALL = "pip install 'verifiers<0.4'"


def load_environment(
    data: str,
    reward: str | None = None,
    *,
    prompt_column: str | None = None,
    system_prompt: str | None = None,
    unscored: float = 0.0,
) -> Any:
    """The environment; its arguments are what `vf-eval -a` gives as JSON.

    Args:
        data: a file or folder of rows, or an address: whatever `rlvr score` reads.
        reward: the reward: `accuracy(tolerance=1e-3)`; by default what `RLVR_REWARD` names.
        prompt_column: the column of the prompts; by default the first of their usual names.
        system_prompt: what stands before every prompt.
        unscored: the score of a completion that has none.

    Raises:
        InputError: there is no such reward, no row, or a row without a prompt.
        MissingExtraError: `datasets`, or a verifiers of that age, is not installed.
    """
    crossed = bridge("verifiers", reward, unscored=unscored)
    require_package("datasets", needed_by="verifiers' environments", extra="train")
    from datasets import Dataset

    envs = peer_module("verifiers.envs.singleturn_env", install=_INSTALL)
    rubrics = peer_module("verifiers.rubrics.rubric", install=_INSTALL)
    rows = Dataset.from_list(
        [
            # As text: a table has one type a column, and rows need not.
            {"prompt": _messages(one.prompt), "info": json.dumps({"row": dict(one.cells)})}
            for one in prompted_rows(data, prompt_column=prompt_column)
        ]
    )

    async def judged(prompt: Any, completion: Any, info: Any, state: Any) -> float:
        cells = (json.loads(info) if isinstance(info, str) else info)["row"]
        verdict = await crossed.verdict_apart(Row(_plain(completion), cells, _plain(prompt)))
        state["rlvr"] = {crossed.name: crossed.record(verdict)}
        return crossed.number(verdict)

    judged.__name__ = crossed.name
    funcs: list[Callable[..., Awaitable[float]]] = [judged]
    return envs.SingleTurnEnv(
        dataset=rows,
        eval_dataset=rows,
        system_prompt=system_prompt,
        rubric=rubrics.Rubric(funcs=funcs),
    )


def _messages(prompt: str | list[dict[str, object]]) -> list[dict[str, object]]:
    return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt


def _plain(messages: Any) -> object:
    """Messages as dicts; some of those versions have classes of their own for them.

    >>> _plain([{"role": "assistant", "content": "4"}]), _plain("4")
    ([{'role': 'assistant', 'content': '4'}], '4')
    """
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        return messages
    return [
        one if isinstance(one, Mapping) else one.model_dump(exclude_none=True) for one in messages
    ]
