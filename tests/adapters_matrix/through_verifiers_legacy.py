"""verifiers before 0.4: its vf-eval command on our environment `rlvr` and a file, a stub model."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from fixed_rows import ROWS, main
from through_verifiers import served_model


async def evaluate(folder, spec):
    async with served_model() as port:
        arguments = {"data": str(folder / "rows.jsonl"), "reward": spec, "unscored": -1.0}
        process = await asyncio.create_subprocess_exec(
            *(Path(sys.executable).parent / "vf-eval", "rlvr", "-a", json.dumps(arguments)),
            *("-m", "stub", "-b", f"http://127.0.0.1:{port}/v1", "-k", "STUB_KEY"),
            *("-n", str(len(ROWS)), "-r", "1", "-s", "-C", "rlvr", "--disable-tui"),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "STUB_KEY": "none"},
        )
        said, _ = await process.communicate()
    found = {}
    for file in folder.rglob("results.jsonl"):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            at = int(json.dumps(row["prompt"]).split("row ")[1].split('"')[0])
            ((name, record),) = row["rlvr"].items()
            assert row["metrics"][name] == row["reward"] == record["score"]
            assert bool(record["unscored"]) == (row["reward"] == -1.0)
            found[at] = None if record["unscored"] else row["reward"]
    if len(found) != len(ROWS):
        raise SystemExit(said.decode()[-3000:])
    return [found[at] for at in range(len(ROWS))]


def judge(spec):
    with tempfile.TemporaryDirectory() as name:
        lines = [
            json.dumps({"question": f"row {at}", "answer": reference, "id": at})
            for at, (_, reference) in enumerate(ROWS)
        ]
        (Path(name) / "rows.jsonl").write_text("\n".join(lines) + "\n")
        return asyncio.run(evaluate(Path(name), spec))


if __name__ == "__main__":
    main("verifiers before 0.4, our environment", "verifiers", judge, "vf-eval rlvr, a file")
