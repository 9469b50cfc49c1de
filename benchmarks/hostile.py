"""A hostile client against `rlvr serve`: what it gets, and what an honest client beside it feels.

    python -m benchmarks.hostile [--connections 10000] [--seconds 15]

While the attacker's connections are open, an honest client asks `/verify` again and again, tries
again on 503 as clients do, and each verdict must be right. One attack after the other:

- silent: connections that send nothing;
- half a head: a request's first lines, never the rest;
- half a body: a whole head that announces a body, and never the body;
- huge body, wrong types, path tricks: what the answer to each is.

Both sides need as many descriptors as there are connections: RLIMIT_NOFILE is raised as far as the
system grants, and the number is lowered to what there is.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil

from benchmarks.environment import environment

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "hostile.json"
HEAD = b"POST /verify HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
SILENT = {
    "silent": b"",
    "half a head": HEAD,
    "half a body": HEAD + b'content-length: 100\r\n\r\n{"reward"',
}
SENT = {
    "huge body": HEAD + b"content-length: 1000000000000\r\n\r\n",
    "no JSON": HEAD + b"content-length: 1\r\n\r\n{",
    "wrong types": HEAD + b'content-length: 21\r\n\r\n{"reward": [{"a": 1}]',
    "path trick": b"GET /../../etc/passwd HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00AAAA\r\n\r\n",
}
_SPARE = 500  # descriptors for all else


@contextmanager
def server() -> Iterator[tuple[psutil.Process, int]]:
    """A server with its usual limits: its process and its port."""
    command = [sys.executable, "-m", "rlvr", "serve", "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = next(line for line in process.stderr or () if "listening" in line)
            yield psutil.Process(process.pid), int(re.findall(r":(\d+)", said)[-1])
        finally:
            process.terminate()
            process.wait(60)


def ask(port: int) -> tuple[float, int]:
    """Ask for a verdict until there is one: seconds, and how often in vain.

    Raises:
        RuntimeError: the verdict is wrong.
    """
    started, in_vain = time.perf_counter(), 0
    body = json.dumps({"reward": "accuracy", "completion": r"\boxed{42}", "reference": "42"})
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("POST", "/verify", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status == 200 and json.loads(said)["verdict"]["score"] == 1.0:
                return time.perf_counter() - started, in_vain
            if answer.status not in {429, 503, 504}:
                raise RuntimeError(f"no verdict, or a wrong one: {answer.status} {said!r}")
        in_vain += 1
        time.sleep(0.05)


def ask_for(port: int, seconds: float) -> dict[str, float]:
    """What an honest client feels for a while."""
    found, until = [ask(port)], time.perf_counter() + seconds
    while time.perf_counter() < until:
        found.append(ask(port))
    taken = sorted(one for one, _ in found)
    return {
        "verdicts": len(found),
        "asked again": sum(again for _, again in found),
        "p50_s": statistics.median(taken),
        "p99_s": taken[int(0.99 * (len(taken) - 1))],
        "max_s": taken[-1],
    }


def crowd(port: int, sent: bytes, count: int) -> list[socket.socket]:
    """Connections that send so much and no more."""
    made = []
    for _ in range(count):
        with suppress(OSError):
            one = socket.create_connection(("127.0.0.1", port), timeout=30)
            made.append(one)
            one.sendall(sent)
    return made


def ended(crowded: list[socket.socket]) -> dict[str, int]:
    """How the connections stand: by the status they were told, closed, or open."""
    counts: Counter[str] = Counter()
    for one in crowded:
        one.setblocking(False)
        try:
            answer = one.recv(100)
            counts[answer[9:12].decode("latin-1") if answer else "closed"] += 1
        except BlockingIOError:
            counts["open"] += 1
        except OSError:
            counts["closed"] += 1
    return dict(counts)


def answered(port: int, sent: bytes) -> str:
    """The first line of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(sent)
        return connection.recv(65536).partition(b"\r\n")[0].decode("latin-1")


def main(arguments: list[str] | None = None) -> dict[str, object]:
    """Attack, print, and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each attack")
    parser.add_argument("--output", type=Path, default=RESULT)
    options = parser.parse_args(arguments)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = options.connections
    if hard != resource.RLIM_INFINITY:
        count = min(count, hard - _SPARE)
    found: dict[str, object] = {
        "environment": environment(),
        "load_before": os.getloadavg(),
        "connections": count,
    }
    with server() as (process, port):
        found["before"] = ask_for(port, options.seconds)
        found["memory_before_mb"] = process.memory_info().rss / 2**20
        for name, sent in SILENT.items():
            started = time.perf_counter()
            crowded = crowd(port, sent, count)
            opened_s = time.perf_counter() - started
            honest = ask_for(port, options.seconds)
            found[name] = {
                "opened": len(crowded),
                "opened_in_s": opened_s,
                "honest client": honest,
                "memory_mb": process.memory_info().rss / 2**20,
                "attacker's connections": ended(crowded),
            }
            print(name, found[name], flush=True)
            for one in crowded:
                one.close()
        found["answers"] = {name: answered(port, sent) for name, sent in SENT.items()}
        found["after"] = ask_for(port, options.seconds)
        found["memory_after_mb"] = process.memory_info().rss / 2**20
    options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


if __name__ == "__main__":
    main()
