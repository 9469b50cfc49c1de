"""What an operator decides, and what becomes of requests when processes end."""

import json
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from reward_servers import ROOT, reward_server

from rewards.errors import InputError
from rewards.serving.options import ServeOptions

TOKEN = "a-token-of-many-characters"
ASKED = {"reward": "accuracy", "completion": r"\boxed{42}", "reference": "42"}


def start(*options):
    command = [sys.executable, str(ROOT / "rlvr.py"), "serve", "--port", "0", *options]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=90, cwd=ROOT, check=False
    )


@pytest.mark.slow
def test_others_need_a_token(tmp_path):
    done = start("--host", "0.0.0.0")
    assert done.returncode == 2
    assert "RLVR_SERVE_TOKEN" in done.stderr
    (tmp_path / "short").write_text("abc\n")
    assert "16 characters" in start("--token-file", str(tmp_path / "short")).stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.org", ""])
def test_only_loopback_goes_without_a_token(host):
    with pytest.raises(InputError, match="token"):
        ServeOptions(host=host)
    assert ServeOptions(host=host, token=TOKEN).host == host


def test_a_token_is_not_shown():
    assert TOKEN not in repr(ServeOptions(token=TOKEN))


@pytest.mark.slow
def test_rewards_of_the_operator_are_looked_at_before_the_start():
    done = start("--reward", "mine=nowhere.py:fn")
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert "NAME=REWARD" in start("--reward", "accuracy").stderr


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    with reward_server(folder, "--workers", "1", "--queue", "3", RLVR_SERVE_TOKEN=TOKEN) as started:
        yield started


def test_what_a_token_opens(guarded):
    assert guarded.call("/verify", ASKED)[0] == 401
    assert guarded.call("/verify", ASKED, headers={"authorization": "Bearer wrong"})[0] == 401
    assert guarded.call("/metrics")[0] == 401
    good = {"authorization": f"Bearer {TOKEN}"}
    assert guarded.call("/verify", ASKED, headers=good)[1]["verdict"]["score"] == 1.0
    # Clients that can be told an address and no header.
    assert guarded.call(f"/key/{TOKEN}/verify", ASKED)[0] == 200
    assert guarded.call("/key/wrong/verify", ASKED)[0] == 401
    assert guarded.call("/health")[0] == guarded.call("/v1/ping")[0] == 200


@pytest.mark.parametrize(
    ("path", "content", "code"),
    [
        ("/verify", ASKED, 429),
        ("/get_reward", {"query": ["q"], "prompts": ["q"], "labels": ["1"]}, 429),
        ("/remote_rm", {"response": "x", "label": "1"}, 429),
        ("/run_code", {"code": "print(1)"}, 504),
        ("/test_program", {"program": "x = 1", "tests": ["assert x"]}, 503),
    ],
)
def test_a_full_server_says_so_as_each_client_wants_it(guarded, path, content, code):
    key = f"/key/{TOKEN}"
    busy = threading.Thread(target=guarded.call, args=(f"{key}/verify", _sleepers(3)))
    busy.start()
    while guarded.call("/health")[1]["rows"] < 3:
        time.sleep(0.01)
    answered, headers, data = guarded.exchange(key + path, content)
    busy.join()
    assert answered == code, data
    assert headers["retry-after"] == "1"
    assert "wait" in json.loads(data)["detail"]


def _sleepers(count):
    source = "import time\ntime.sleep(1)\ndef f():\n    return 1"
    return {
        "reward": "code",
        "completions": [f"```python\n{source}\n```"] * count,
        "columns": {"tests": [["assert f() == 1"]] * count},
    }


@pytest.mark.slow
def test_what_is_under_way_is_finished_at_sigterm(tmp_path):
    with reward_server(tmp_path, "--workers", "2") as server:
        answers = []
        asking = threading.Thread(
            target=lambda: answers.append(server.call("/verify", _sleepers(4)))
        )
        asking.start()
        while not server.call("/health")[1]["rows"]:
            time.sleep(0.01)
        family = psutil.Process(server.process.pid).children(recursive=True)
        server.process.send_signal(signal.SIGTERM)
        asking.join()
        assert server.process.wait(60) == 0
    [(code, said)] = answers
    assert code == 200
    assert [one["score"] for one in said["verdicts"]] == [1.0] * 4
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive


@pytest.mark.slow
def test_processes_that_are_killed_lose_nothing(tmp_path):
    count = 60
    tests = ["assert f(1) == 2"]
    sources = [f"def f(x):\n    return x + {1 if at % 3 else 2}" for at in range(count)]
    code = {
        "reward": "code",
        "completions": [f"```python\n{source}\n```" for source in sources],
        "columns": {"tests": [tests] * count},
    }
    mathematics = {
        "reward": "accuracy",
        "completions": [rf"\boxed{{\int_0^1 {at} x dx}}" for at in range(count)],
        "columns": {"answer": [f"{at}/2" for at in range(count)]},
    }
    with reward_server(tmp_path, "--workers", "2") as server:
        answers = {}
        asking = [
            threading.Thread(
                target=lambda key=key, sent=sent: answers.update(
                    {key: server.call("/verify", sent)}
                )
            )
            for key, sent in {"code": code, "math": mathematics}.items()
        ]
        for one in asking:
            one.start()
        killed = 0
        while any(one.is_alive() for one in asking):
            time.sleep(0.5)
            family = psutil.Process(server.process.pid).children(recursive=True)
            if family and killed < 8:
                victim = family[killed % len(family)]
                killed += 1
                try:
                    victim.kill()
                except psutil.NoSuchProcess:
                    continue
        for one in asking:
            one.join()
    assert killed >= 3
    assert {key: code for key, (code, _) in answers.items()} == {"code": 200, "math": 200}, answers
    scores = [one["score"] for one in answers["code"][1]["verdicts"]]
    assert scores == [float(at % 3 > 0) for at in range(count)]
    scores = [one["score"] for one in answers["math"][1]["verdicts"]]
    assert scores == [1.0] * count
