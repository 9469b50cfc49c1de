"""Reward servers that tests start: real processes on a free port of loopback."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MINE = '''
import os, time


def shout(completions, **_):
    """1 for what ends in an exclamation mark."""
    return [float(text.endswith("!")) for text in completions]


def slow(completions, **_):
    time.sleep(float(os.environ.get("SLOW_S", "3")))
    return [1.0 for _ in completions]


def hang(completions, **_):
    if any("hang" in text for text in completions):
        time.sleep(1000)
    return [1.0 for _ in completions]
'''


class Server:
    """A server that listens."""

    def __init__(self, process, url):
        self.process, self.url = process, url

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def call(self, path, content=None, *, headers=None, timeout=60):
        """(code, what the JSON says) of a request."""
        code, _, data = self.exchange(path, content, headers=headers, timeout=timeout)
        return code, json.loads(data)

    def exchange(self, path, content=None, *, headers=None, timeout=60):
        data = content if isinstance(content, bytes | None) else json.dumps(content).encode()
        request = urllib.request.Request(
            self.url + path,
            data=data,
            headers={"content-type": "application/json", **(headers or {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()


@contextmanager
def reward_server(folder, *options, **variables):
    """A server in a folder, with the rewards of `MINE` in it; ended as SIGTERM ends it."""
    (folder / "mine.py").write_text(MINE)
    command = [sys.executable, str(ROOT / "rlvr.py"), "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command,
        cwd=folder,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
    )
    try:
        yield Server(process, _address(process))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        finally:
            process.kill()
            process.stderr.close()
            process.wait()


def _address(process, patience_s=90):
    said = b""
    until = time.monotonic() + patience_s
    while time.monotonic() < until and process.poll() is None:
        ready, _, _ = select.select([process.stderr], [], [], 1)
        if ready:
            said += os.read(process.stderr.fileno(), 65536)
            if found := re.search(rb"listening on (http://\S+)", said):
                return found[1].decode()
    raise AssertionError(f"no server: {said.decode(errors='replace')}")
