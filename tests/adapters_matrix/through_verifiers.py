"""verifiers: the vf-eval command on a taskset, the reward plugged in, a stub for the model."""

import asyncio
import json
import os
import sys
import tempfile
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


async def evaluate(spec):
    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    folder = Path(tempfile.mkdtemp())
    (folder / "rlvr_rows").mkdir()
    (folder / "rlvr_rows" / "__init__.py").write_text(TASKSET)
    out = folder / "out"
    plugged = {"chosen": {"fn": "rewards.adapters.verifiers:rlvr", "weight": 1}}
    here = Path(__file__).parent
    bin_folder = Path(sys.executable).parent
    process = await asyncio.create_subprocess_exec(
        *(bin_folder / "vf-eval", "rlvr_rows", "--env.agent.harness.id", "null", "-m", "stub"),
        *("--client.base-url", f"http://127.0.0.1:{port}/v1", "--push", "False"),
        *("--env.agent.runtime.type", "subprocess", "-o", out),
        *("--env.taskset.task.rewards", json.dumps(plugged)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={
            **os.environ,
            "RLVR_REWARD": spec,
            "PRIME_API_KEY": "none",
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "PYTHONPATH": f"{folder}:{here}",
        },
    )
    said, _ = await process.communicate()
    await runner.cleanup()
    scores = {}
    for file in out.rglob("traces.jsonl"):
        for line in file.read_text().splitlines():
            trace = json.loads(line)
            trace = (trace.get("traces") or [trace])[0]
            at = int(json.dumps(trace).split("row ")[1].split('"')[0])
            found = trace["rewards"].get("chosen")
            (record,) = trace["info"]["rlvr"].values()
            assert bool(record["unscored"]) == (found is None)
            scores[at] = None if found is None else found["score"]
    if len(scores) != len(ROWS):
        raise SystemExit(said.decode()[-3000:])
    return [scores[at] for at in range(len(ROWS))]


if __name__ == "__main__":
    main("verifiers", "verifiers", lambda spec: asyncio.run(evaluate(spec)), "vf-eval, plugged in")
