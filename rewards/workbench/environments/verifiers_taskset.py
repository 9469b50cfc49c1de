"""The taskset `rlvr` of verifiers and prime-rl: a file of rows, judged by any reward.

```bash
vf-eval rlvr --env.taskset.data rows.jsonl --env.taskset.task.reward accuracy -m MODEL
```

verifiers 0.4 imports the module that the taskset is called by and takes the classes that its
`__all__` names; `rlvr` hands out these. A row is asked in one turn, by a chat loop without tools
(`null`) in a process of this machine, unless `--env.agent.harness.id` and
`--env.agent.runtime.type` say otherwise. The verdict goes where `rewards.adapters.verifiers` puts
it, under the reward's own name.
"""

# No annotations from the future: verifiers and pydantic read them while the classes are made.

import json
import os
from collections.abc import Iterator, Mapping

import verifiers.v1 as vf

from rewards.adapters.bridge import ENVIRONMENT_VARIABLE, bridge
from rewards.adapters.verifiers import reward
from rewards.errors import InputError
from rewards.workbench.environments.prompted_rows import prompted_rows


class RowData(vf.TaskData):  # type: ignore[misc,unused-ignore]
    """What a task starts from: the prompt, and the row apart from verifiers' own fields."""

    row: str
    """The row as JSON text: between verifiers' processes no number has more than 64 bits."""


class RowTaskConfig(vf.TaskConfig):  # type: ignore[misc,unused-ignore]
    """How a task is judged."""

    reward: str | None = None
    """The reward: `accuracy(tolerance=1e-3)`; by default what `RLVR_REWARD` names."""


class RowTask(vf.Task[RowData, vf.State, RowTaskConfig]):  # type: ignore[misc,unused-ignore]
    """One row."""

    @vf.reward(weight=1.0)  # type: ignore[untyped-decorator,unused-ignore]
    async def rlvr(self, trace: vf.Trace) -> dict[str, float]:
        """The score by the reward's name; nothing where there is none."""
        judge = reward(self.config.reward)
        prompt = self.data.model_dump(exclude_none=True)["prompt"]
        found = await judge({**json.loads(self.data.row), "prompt": prompt}, trace)
        return found if isinstance(found, Mapping) else {judge.__name__: found}


class RowsConfig(vf.TasksetConfig):  # type: ignore[misc,unused-ignore]
    """Which rows are asked."""

    data: str = ""
    """A file or folder of rows, or an address: whatever `rlvr score` reads."""
    prompt_column: str | None = None
    """The column of the prompts; by default the first of their usual names."""
    task: RowTaskConfig = RowTaskConfig()


class RowsTaskset(vf.Taskset[RowTask, RowsConfig]):  # type: ignore[misc,unused-ignore]
    """The rows of a file."""

    def load(self) -> Iterator[RowTask]:
        """The rows as tasks, in order.

        Raises:
            InputError: there is no such reward, no row, or a row without a prompt.
        """
        spec = self.config.task.reward
        if spec is None and not os.environ.get(ENVIRONMENT_VARIABLE):
            raise InputError(
                "which reward? --env.taskset.task.reward accuracy, or the variable "
                f"{ENVIRONMENT_VARIABLE}"
            )
        bridge("verifiers", spec)  # before anything is asked of a model
        for one in prompted_rows(self.config.data, prompt_column=self.config.prompt_column):
            yield RowTask(RowData(prompt=one.prompt, row=json.dumps(one.cells)), self.config.task)


class RowsEnvConfig(vf.SingleAgentEnvConfig):  # type: ignore[misc,unused-ignore]
    """One turn, without tools, on this machine; verifiers' own default is a shell in a cloud."""

    agent: vf.AgentConfig = vf.AgentConfig(harness={"id": "null"}, runtime=vf.SubprocessConfig())


class RowsEnv(vf.SingleAgentEnv, vf.Env[RowsEnvConfig]):  # type: ignore[misc,unused-ignore]
    """The environment of these rows."""
