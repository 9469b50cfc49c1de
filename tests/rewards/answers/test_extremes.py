"""Work has a bound: whatever a function is applied to, it is charged for before it is done."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from extremes import expressions

from rewards import accuracy
from rewards.answers import compare, read_answer, read_reference

ROOT = Path(__file__).resolve().parents[3]
REFERENCES = ["3", "x^{3/2}", r"\sqrt2+10^{-3000}"]
MOST_CALLS = 1_200_000  # a second or so, were each of them dear


def calls_made(reference: str, text: str) -> int:
    """How many functions of Python and C one reading and comparison calls."""
    count = 0

    def note(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        compare(read_reference(reference), read_answer(text))
    finally:
        sys.setprofile(None)
    return count


def test_the_work_of_a_comparison_is_bounded():
    counts = {
        text[:99]: calls_made(REFERENCES[index % 3], text)
        for index, text in enumerate(expressions()[::13])
    }
    assert len(counts) > 200
    assert {text: count for text, count in counts.items() if count > MOST_CALLS} == {}


@pytest.mark.parametrize(
    "text",
    [
        r"\operatorname{artanh}(10^{-10000})",
        r"\sinh(10^{-4\cdot10^9})",
        r"\sum_{k=1}^{200}(1e19999)",
        r"\operatorname{artanh}(10^{-10^{11}})",
        "9^{9^{9^9}}",
        r"\sin(10^{10^{10}})",
        r"\Gamma(10^{10^{10}})",
        r"\operatorname{lcm}(1e19999+1,1e19998+1,1e19997+1,1e19996+1,1e19995+1)",
    ],
)
@pytest.mark.parametrize("reference", ["3", "x^{3/2}"])
def test_what_once_took_minutes_is_decided_at_once(reference, text):
    assert calls_made(reference, text) < 60_000
    (score,) = accuracy(completions=[rf"\boxed{{{text}}}"], solution=[reference])
    assert score == 0.0


MEASURED = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_extremes import slowest_in_a_thread
compare_once = slowest_in_a_thread(["1+1"])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
slowest = slowest_in_a_thread()
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown // 1024, *slowest)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the memory is measured in kB of Linux")
def test_all_of_them_stay_within_time_and_memory():
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], check=True, capture_output=True, text=True, cwd=ROOT
    )
    grown_mb, seconds, *what = done.stdout.split()
    # Of CPU, and machines differ: what is bounded takes a part of it, what is not takes minutes.
    assert float(seconds) < 1.0, what
    assert int(grown_mb) < 50


def slowest_in_a_thread(texts: list[str] | None = None) -> tuple[float, str]:
    """The CPU seconds of the dearest comparison, made in a thread of its own."""
    slowest = (0.0, "")

    def compare_all() -> None:
        nonlocal slowest
        for text in texts or expressions():
            for reference in REFERENCES:
                start = time.thread_time()
                compare(read_reference(reference), read_answer(text))
                slowest = max(slowest, (time.thread_time() - start, text[:100]))

    thread = threading.Thread(target=compare_all)
    thread.start()
    thread.join()
    return slowest
