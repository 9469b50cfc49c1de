"""verifiers: the vf-eval command on our own taskset `rlvr` and a file, a stub for the model."""

import asyncio
import json
import tempfile
from pathlib import Path

from fixed_rows import ROWS, main
from through_verifiers import evaluate, scores


def judge(spec):
    with tempfile.TemporaryDirectory() as name:
        rows = Path(name) / "rows.jsonl"
        lines = [
            json.dumps({"question": f"row {at}", "answer": reference, "id": at, "image": {"a": 1}})
            for at, (_, reference) in enumerate(ROWS)
        ]
        rows.write_text("\n".join(lines) + "\n")
        options = ("--env.taskset.data", rows, "--env.taskset.task.reward", spec)
        return scores(asyncio.run(evaluate(rows.parent, "rlvr", *options)))


if __name__ == "__main__":
    main("verifiers, our taskset", "verifiers", judge, "vf-eval rlvr, a file")
