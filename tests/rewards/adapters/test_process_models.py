"""Adapters where peers call them: threads, event loops, forked and daemonic processes, alarms."""

import asyncio
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from rewards.adapters import areal, slime, verifiers, verl
from rewards.adapters.counting import counts
from rewards.reward import Reward
from rewards.verdict import Status, Verdict

# The last is one that the worker for symbolic questions decides.
ROWS = [
    (r"\boxed{42}", "42"),
    (r"\boxed{41}", "42"),
    (r"\boxed{42}", ""),
    (r"\boxed{\int_0^1 x^2 dx}", r"\frac13"),
]
SCORES = [1.0, 0.0, 0.0, 1.0]

needs_fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this platform"
)


def scores(spec="accuracy"):
    judge = verl.reward(spec)
    return [
        judge(data_source="x", solution_str=text, ground_truth=gold)["score"] for text, gold in ROWS
    ]


def by_areal(judge):
    return [judge("q", text, [], [], answer=gold) for text, gold in ROWS]


class Waiting(Reward):
    """Judges when it is told to."""

    def __init__(self, gate):
        object.__setattr__(self, "name", "waiting")
        object.__setattr__(self, "column", None)
        object.__setattr__(self, "gate", gate)

    def judge(self, sample):
        assert self.gate.wait(60)
        return Verdict(1.0, Status.CORRECT)


def test_threads():
    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(lambda _: scores(), range(16))] == [SCORES] * 16


@pytest.mark.parametrize("peer", ["slime", "verl", "verifiers"])
def test_an_event_loop_goes_on_while_a_verdict_is_made(peer):
    gate = threading.Event()
    reward = Waiting(gate)
    sample = SimpleNamespace(
        response="x", label="1", prompt="q", metadata={}, last_reply="x", info={}
    )
    calls = {
        "slime": lambda: slime.reward(reward)(SimpleNamespace(reward_key=None), sample),
        "verl": lambda: verl.reward_async(reward)("d", "x", "1"),
        "verifiers": lambda: verifiers.reward(reward)({"answer": "1"}, sample),
    }

    async def all_at_once():
        waiting = asyncio.ensure_future(calls[peer]())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        gate.set()  # only a loop that is not blocked comes here
        return await asyncio.wait_for(waiting, 60)

    assert asyncio.run(all_at_once())


@needs_fork
def test_a_pool_of_forked_processes():
    scores()  # the parent has workers of its own, which a child must not use
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        found = [*pool.map(by_areal, [areal.reward("accuracy")] * 4, timeout=120)]
    assert found == [SCORES] * 4


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_daemonic_process(method):
    context = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_scores, args=(sender,), daemon=True)
    process.start()
    assert receiver.poll(120)
    assert receiver.recv() == SCORES
    process.join(60)


def _send_scores(sender):
    sender.send(by_areal(pickle.loads(pickle.dumps(areal.reward("accuracy")))))


@needs_fork
def test_a_fork_while_another_thread_counts():
    """The lock of the counts may be held by a thread that the child does not have."""
    stop = threading.Event()

    def judge_on():
        while not stop.is_set():
            verl.reward("accuracy")("x", r"\boxed{1}", "1")

    threads = [threading.Thread(target=judge_on) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if child == 0:
                fine = verl.reward("accuracy")("x", r"\boxed{1}", "1")["score"] == 1.0
                os._exit(0 if fine and counts("verl") else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no alarms on this platform")
def test_a_foreign_alarm_is_left_alone():
    """Peers time rewards with SIGALRM: ours neither take the handler away nor lose theirs."""
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        mine = signal.getsignal(signal.SIGALRM)
        signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
        while len(rung) < 10:
            assert scores() == SCORES
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert signal.getsignal(signal.SIGALRM) is mine
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_unguarded_script(tmp_path):
    """What needs no `if __name__ == "__main__"`: peers import reward files wherever they like."""
    script = tmp_path / "reward_file.py"
    script.write_text(
        "from rewards.adapters.verl import reward\n"
        "compute_score = reward('accuracy')\n"
        r"print(compute_score('x', r'\boxed{\int_0^1 x^2 dx}', r'\frac13')['score'])" + "\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["1.0"]
