"""verifiers: the vf-eval command on a taskset, the reward plugged in, a stub for the model."""

import asyncio
import json
import os
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from fixed_rows import ROWS, main

TASKSET = """
import verifiers.v1 as vf
from fixed_rows import ROWS

class Data(vf.TaskData):
    answer: str

class Question(vf.Task[Data]):
    pass

class Rows(vf.Taskset[Question, vf.TasksetConfig]):
    def load(self):
        return [
            Question(Data(idx=at, prompt=f"row {at}", answer=reference), self.config.task)
            for at, (_, reference) in enumerate(ROWS)
        ]

__all__ = ["Rows"]
"""


async def chat(request):
    body = await request.json()
    at = int(json.dumps(body["messages"]).split("row ")[1].split('"')[0])
    message = {"role": "assistant", "content": ROWS[at][0]}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    base = {"id": "x", "created": 0, "model": "stub"}
    if not body.get("stream"):
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        whole = {**base, "object": "chat.completion", "choices": [choice], "usage": usage}
        return web.json_response(whole)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for choices in (
        [{"index": 0, "delta": message, "finish_reason": None}],
        [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        [],
    ):
        chunk = {
            **base,
            "object": "chat.completion.chunk",
            "choices": choices,
            "usage": None if choices else usage,
        }
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


@asynccontextmanager
async def served_model():
    """The port of a model on this machine that gives each row's completion."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield site._server.sockets[0].getsockname()[1]
    finally:
        await runner.cleanup()


async def evaluate(folder, taskset, *options, **environment):
    """What traces.jsonl says of each row: its rewards, and what the adapter noted."""
    out = folder / "out"
    bin_folder = Path(sys.executable).parent
    async with served_model() as port:
        process = await asyncio.create_subprocess_exec(
            *(bin_folder / "vf-eval", taskset, "-m", "stub", *options),
            *("--client.base-url", f"http://127.0.0.1:{port}/v1", "--push", "False", "-o", out),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={
                **os.environ,
                "PRIME_API_KEY": "none",
                "PATH": f"{bin_folder}:{os.environ['PATH']}",
                "PYTHONPATH": f"{folder}:{Path(__file__).parent}",
                **environment,
            },
        )
        said, _ = await process.communicate()
    found = {}
    for file in out.rglob("traces.jsonl"):
        for line in file.read_text().splitlines():
            trace = json.loads(line)
            trace = (trace.get("traces") or [trace])[0]
            at = int(json.dumps(trace).split("row ")[1].split('"')[0])
            found[at] = (trace["rewards"], trace["info"]["rlvr"])
    if len(found) != len(ROWS):
        raise SystemExit(said.decode()[-3000:])
    return [found[at] for at in range(len(ROWS))]


def scores(traces, called=None):
    """The scores under that name, or under that of the reward."""
    found = []
    for rewards, records in traces:
        ((name, record),) = records.items()
        kept = rewards.get(called or name)
        assert bool(record["unscored"]) == (kept is None)
        found.append(None if kept is None else kept["score"])
    return found


def judge(spec):
    plugged = {"chosen": {"fn": "rewards.adapters.verifiers:rlvr", "weight": 1}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rlvr_rows").mkdir()
        (folder / "rlvr_rows" / "__init__.py").write_text(TASKSET)
        options = ("--env.agent.harness.id", "null", "--env.agent.runtime.type", "subprocess")
        options += ("--env.taskset.task.rewards", json.dumps(plugged))
        traces = asyncio.run(evaluate(folder, "rlvr_rows", *options, RLVR_REWARD=spec))
    return scores(traces, "chosen")


if __name__ == "__main__":
    main("verifiers", "verifiers", judge, "vf-eval, plugged in")
