"""inspect_ai: eval() with our scorer, and `inspect score` on the log by the registered name."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from fixed_rows import ROWS, main
from inspect_ai import Task, eval  # noqa: A004 - inspect_ai's own
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import read_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.solver import generate


def number(value):
    if value != value:  # noqa: PLR0124 - NaN: unscored
        return None
    return {"C": 1.0, "I": 0.0, "N": 0.0}.get(value, value)


def judge(spec):
    from rewards.adapters.inspect_ai import reward

    outputs = [ModelOutput.from_content("mockllm/model", completion) for completion, _ in ROWS]
    for one in outputs:  # else it asks tiktoken, which downloads
        one.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    samples = [Sample(input=f"row {at}", target=one) for at, (_, one) in enumerate(ROWS)]
    task = Task(
        dataset=MemoryDataset(samples), solver=generate(), scorer=reward(spec, name="chosen")
    )
    folder = tempfile.mkdtemp()
    model = get_model("mockllm/model", custom_outputs=outputs)
    (log,) = eval(task, model=model, log_dir=folder, max_samples=1)
    found = [number(one.scores["chosen"].value) for one in log.samples]
    assert log.results.scores[0].unscored_samples == found.count(None)
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "inspect"), "score", log.location),
            *("--scorer", "rewards/rlvr", "-S", f"reward={json.dumps(spec)}"),
            *("--action", "append", "--overwrite"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    again = read_eval_log(log.location)
    names = {name for one in again.samples for name in one.scores} - {"chosen"}
    (name,) = names
    assert [number(one.scores[name].value) for one in again.samples] == found
    return found


if __name__ == "__main__":
    os.environ.setdefault("INSPECT_DISPLAY", "none")
    main("inspect_ai", "inspect-ai", judge, "eval(), `inspect score` on its log")
