r"""Answers made to eat time and memory: judged in a thread, each within its budget."""

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from time import process_time

import psutil
import pytest

from rewards import Accuracy, accuracy

BOMBS = {
    "power tower": r"9^{9^{9^9}}",
    "factorials": "((9!)!)!",
    "binomial": r"\binom{10^9}{5\cdot10^8}",
    "parentheses": "(" * 300 + "1" + ")" * 300,
    "digits": "1" * 200_000,
    "a megabyte": "x+" * 500_000 + "1",
    "a megabyte of text": "a b " * 250_000,
    "expansion": r"(x+y+z+1)^{60}",
    "long sum": r"\sum_{k=1}^{10^9} \frac{1}{k^2+1}",
    "sum of sums": r"\sum_{i=1}^{10^5}\sum_{j=1}^{10^5} \frac{1}{i+j}",
    "product": r"\prod_{k=1}^{10^8} (1+\frac{1}{k^3})",
    "integral": r"\int_0^1 \int_0^1 \int_0^1 \frac{e^{xyz}}{\sin(x+y+z)+2} dx dy dz",
    "fractions": r"\frac{1}{" * 200 + "x" + "}" * 200,
    "roots": r"\sqrt{" * 200 + "2" + "}" * 200,
    "exponents": "x^{" * 200 + "2" + "}" * 200,
    "many terms": "+".join(f"x_{{{i}}}^{{{i}}}" for i in range(400)),
    "many items": ",".join(str(i) for i in range(1_000)),
    "decimal": "0." + "3" * 3_000,
    "scientific": "1e999999999",
    "percent signs": "5" + r"\%" * 1_500,
    "backslashes": "\\" * 3_000,
    "matrix": r"\begin{pmatrix}" + r"1&" * 900 + r"1\end{pmatrix}",
    "bars": "|" * 3_000,
    "plus minus": r"\pm" * 60 + "1",
    "plus minus sum": "+".join([r"\pm 1"] * 60),
}
COMPLETIONS = {name: f"\\boxed{{{bomb}}}" for name, bomb in BOMBS.items()} | {
    "5,000 boxes": r"\boxed{1} " * 5_000,
    "3,000 unclosed boxes": r"\boxed{" * 3_000,
}


@pytest.mark.parametrize("completion", COMPLETIONS.values(), ids=COMPLETIONS)
@pytest.mark.parametrize("reference", ["42", "x^2+1"])
@pytest.mark.usefixtures("no_collections")
def test_bomb_in_a_thread(completion, reference):
    memory = psutil.Process().memory_info().rss
    found = []
    started = process_time()
    thread = threading.Thread(
        target=lambda: found.append(accuracy.verify(completion, reference)), daemon=True
    )
    thread.start()
    thread.join(60)
    assert found, "still running"
    assert found[0].score == 0.0, found[0].reason
    assert found[0].reason
    assert process_time() - started < 0.3  # of this process: sympy's has its own budget
    assert psutil.Process().memory_info().rss - memory < 50 << 20


def test_bomb_as_a_reference():
    completions = [r"\boxed{42}"] * len(BOMBS)
    scores = Accuracy(cpu_s=0.3)(completions=completions, solution=list(BOMBS.values()))
    assert set(scores) <= {0.0, None}


def test_bombs_in_a_batch_leave_the_others_alone():
    completions, wanted = [], []
    for bomb in COMPLETIONS.values():
        completions += [bomb, r"\boxed{42}"]
        wanted += [0.0, 1.0]
    assert Accuracy(cpu_s=0.3)(completions=completions, solution=["42"] * len(wanted)) == wanted


def test_nothing_is_left_behind(tmp_path):
    """After an unguarded script ends, no process it started lives on."""
    script = tmp_path / "score.py"
    script.write_text(
        textwrap.dedent(
            r"""
            import psutil
            from rewards import accuracy
            print(accuracy.verify(r"\boxed{\int_0^1 x^2 dx}", r"\frac13").score)
            print(*(p.pid for p in psutil.Process().children(recursive=True)))
            """
        )
    )
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": root},
        check=True,
    )
    score, pids = done.stdout.splitlines()
    assert score == "1.0"
    assert pids
    _, alive = psutil.wait_procs(
        [psutil.Process(int(p)) for p in pids.split() if psutil.pid_exists(int(p))], timeout=10
    )
    assert not alive


@pytest.mark.slow
def test_memory_is_flat_over_a_hundred_thousand_completions():
    process = psutil.Process()

    def score(start):
        numbers = range(start, start + 1_000)
        accuracy(
            completions=[rf"we get \boxed{{\frac{{{n}}}{{7}}}}" for n in numbers],
            solution=[f"{n}/7" for n in numbers],
        )

    for start in range(0, 20_000, 1_000):  # every cache is full after these
        score(start)
    before = process.memory_info().rss
    for start in range(20_000, 120_000, 1_000):
        score(start)
    assert process.memory_info().rss - before < 20 << 20
