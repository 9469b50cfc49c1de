"""A remote reward is the local one, seen from a trainer."""

import asyncio
import pickle
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest
from reward_servers import ROOT, reward_server

from rewards import Schedule, Status, accuracy, format
from rewards.adapters.remote import RemoteReward, reward
from rewards.errors import InputError, MissingColumnError

COMPLETIONS = [r"\boxed{1}", r"\boxed{3}", "none", r"\boxed{\int_0^1 2x dx}"] * 20
ANSWERS = ["1", "2", "3", "1"] * 20


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    pytest.importorskip("fastapi")
    folder = tmp_path_factory.mktemp("remote")
    with reward_server(folder, "--workers", "2", "--reward", "shout=mine.py:shout") as started:
        yield started


def told(**columns):
    """What a trainer hands over and what it is told."""
    extra, metrics = {}, {}
    given = {
        "completions": COMPLETIONS,
        "prompts": ["q"] * len(COMPLETIONS),
        "answer": ANSWERS,
        "trainer_state": SimpleNamespace(global_step=1, max_steps=10),
        "log_extra": extra.__setitem__,
        "log_metric": metrics.__setitem__,
        **columns,
    }
    return given, extra, metrics


def test_scores_and_logs_are_the_local_ones(server):
    here, extra_here, metrics_here = told()
    there, extra_there, metrics_there = told()
    remote = reward("accuracy", url=server.url)
    assert remote.__name__ == "accuracy"
    assert remote(**there) == accuracy(**here)
    assert (extra_there, metrics_there) == (extra_here, metrics_here)


def test_small_batches_keep_their_order(server):
    remote = reward("accuracy", url=server.url, batch_rows=3)
    assert remote(**told()[0]) == accuracy(**told()[0])


def test_one_completion(server):
    remote = reward("accuracy", url=server.url)
    assert remote.verify(r"\boxed{42}", "42").score == 1.0
    assert remote.verify(r"\boxed{42}", "").status is Status.BAD_REFERENCE
    gate = reward("format", url=server.url)
    assert gate.verify("<think>x</think> y").score == format.verify("<think>x</think> y").score


def test_a_reward_that_the_operator_named(server):
    remote = reward("shout", url=server.url)
    assert remote(completions=["a!", "b"], anything=[1, 2]) == [1.0, 0.0]


def test_columns_that_no_reward_reads_are_not_sent(server):
    remote = reward("accuracy", url=server.url)
    given = told(image=[object()] * len(COMPLETIONS))[0]
    assert remote(**given) == accuracy(**told()[0])


def test_arrays_and_nan_are_what_they_are_here(server):
    answers = np.array([1.0, float("nan")])
    given = {"completions": [r"\boxed{1}", r"\boxed{1}"], "answer": answers}
    remote = reward("accuracy", url=server.url)
    assert remote(**given) == accuracy(**given) == [1.0, None]


def test_async(server):
    remote = reward("accuracy", url=server.url)

    async def both():
        return await asyncio.gather(
            remote.as_coroutine()(**told()[0]), remote.verdicts_async(**told()[0])
        )

    scores, verdicts = asyncio.run(both())
    assert scores == [one.score for one in verdicts] == accuracy(**told()[0])
    assert asyncio.iscoroutinefunction(remote.as_coroutine())
    assert remote.as_coroutine().__name__ == "accuracy"


def test_pickled_and_in_threads(server):
    remote = pickle.loads(pickle.dumps(reward("accuracy", url=server.url)))
    found = []
    threads = [threading.Thread(target=lambda: found.append(remote(**told()[0]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [accuracy(**told()[0])] * 4


def test_inside_of_a_combination(server):
    from rewards import WeightedSum

    local = WeightedSum((accuracy, format), (0.5, 0.5))
    remote = WeightedSum((reward("accuracy", url=server.url), format), (0.5, 0.5))
    assert remote(**told()[0]) == local(**told()[0])
    assert Schedule(reward("accuracy", url=server.url), end=0.5)(**told()[0])


def test_mistakes_are_raised_as_they_are_here(server):
    remote = reward("accuracy", url=server.url)
    with pytest.raises(MissingColumnError, match="needs a reference column"):
        remote(completions=["x"])
    with pytest.raises(InputError, match="2 values for 1"):
        remote(completions=["x"], answer=["1", "2"])
    with pytest.raises(InputError, match="no such reward"):
        reward("accuracies", url=server.url)(completions=["x"], answer=["1"])
    with pytest.raises(InputError, match="import path"):
        reward("os:system", url=server.url).warm_up()
    with pytest.raises(InputError, match="completions must be a list"):
        remote(completions="x", answer=["1"])
    assert remote(completions=[]) == []


@pytest.mark.parametrize("url", ["localhost:80", "", "ftp://x", "http://"])
def test_no_address(url):
    with pytest.raises(InputError, match="no address"):
        reward("accuracy", url=url)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_server_that_is_gone_gives_no_score_and_a_reason():
    remote = reward("accuracy", url=f"http://127.0.0.1:{free_port()}", patience_s=0.5)
    [verdict] = remote.verdicts(completions=[r"\boxed{1}"], answer=["1"])
    assert (verdict.score, verdict.status) == (None, Status.ERROR)
    assert "no reward server answered" in verdict.reason
    assert "Connection refused" in verdict.reason
    assert remote(completions=["x", "y"], answer=["1", "2"]) == [None, None]
    assert remote.verify("x", "1").score is None


def test_a_server_that_is_gone_is_replaced_by_another(server):
    urls = (f"http://127.0.0.1:{free_port()}", server.url)
    remote = reward("accuracy", url=urls, batch_rows=7)
    assert remote(**told()[0]) == accuracy(**told()[0])


@pytest.fixture
def moody():
    """A server that fails before it answers: (address, what it was asked, what it still does)."""
    asked, moods = [], []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            asked.append(body)
            mood = moods.pop(0) if moods else 200
            if mood == "hang up":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self._say(mood, b'{"verdict": {"score": 1.0, "status": "correct"}}')

        def do_GET(self):
            self._say(200, b'{"columns": ["answer"], "whole_batch": false}')

        def _say(self, code, data):
            self.send_response(code)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    ThreadingHTTPServer.daemon_threads = True
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}", asked, moods
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.mark.parametrize("mood", [429, 502, 503, 504, "hang up"])
def test_what_may_pass_is_tried_again(moody, mood):
    url, asked, moods = moody
    moods += [mood, mood]
    assert reward("accuracy", url=url).verify("x", "1").score == 1.0
    assert len(asked) == 3
    assert len({*asked}) == 1


@pytest.mark.parametrize("mood", [400, 401, 403, 404, 413, 422])
def test_what_will_not_pass_is_not_tried_again(moody, mood):
    url, asked, moods = moody
    moods.append(mood)
    with pytest.raises(InputError, match=str(mood)):
        reward("accuracy", url=url).verify("x", "1")
    assert len(asked) == 1


def test_an_answer_of_another_length_is_no_verdict(moody):
    url, _, _ = moody
    with pytest.raises((InputError, KeyError)):
        reward("accuracy", url=url).verdicts(completions=["x"], answer=["1"])


def test_options_are_checked():
    with pytest.raises(InputError, match="batch_rows"):
        RemoteReward(spec="accuracy", urls=("http://x",), batch_rows=0)


def test_a_client_needs_the_standard_library_alone():
    code = (
        "import sys; from rewards.adapters.remote import reward; "
        "reward('accuracy', url='http://x'); "
        "assert not {'fastapi', 'uvicorn', 'requests', 'httpx', 'ray'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=ROOT)
