"""Rewards of the user's own that hang, crash, eat memory, lie or cannot be pickled: one row each.

Time limits are short here and what should be done in time takes no time at all, so that nothing
depends on the machine's speed.
"""

from __future__ import annotations

import hashlib
import json
import signal
from pathlib import Path

import pytest

from rewards.workbench.scoring import RowLimits, ScoreOptions, score_file
from rewards.workbench.scoring.row_limits import PATIENCE_ROWS
from rewards.workbench.scoring.unfinished_output import sums_path

SHARED = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "math"
TIMEOUT = ["--row-timeout", "0.5", "--row-memory", "150"]

MISBEHAVING = """
import ctypes, functools, os, threading, time

def hangs(completions, id, **_):
    while 3 in id:
        time.sleep(0.01)
    return [1.0] * len(id)

def spins(completions, id, **_):
    while 3 in id:
        pass
    return [1.0] * len(id)

def crashes(completions, id, **_):
    if 3 in id:
        ctypes.string_at(0)
    return [1.0] * len(id)

def exits(completions, id, **_):
    if 3 in id:
        os._exit(0)
    return [1.0] * len(id)

def quits(completions, id, **_):
    if 3 in id:
        raise SystemExit("enough")
    return [1.0] * len(id)

def interrupts(completions, id, **_):
    if 3 in id:
        raise KeyboardInterrupt
    return [1.0] * len(id)

def eats(completions, id, **_):
    hoard = []
    while 3 in id:
        hoard.append(bytearray(2**24))
    return [1.0] * len(id)

def lies(completions, id, **_):
    return [1.0 for one in id if one != 3]

def always_lies(completions, **_):
    return [1.0]

class _Locked:
    def __init__(self):
        self.lock = threading.Lock()
    def __call__(self, completions, id, **_):
        with self.lock:
            return (1.0 if one != 3 else 1j for one in id)

unpicklable = _Locked()
closure = functools.partial(lambda limit, completions, id, **_: [
    1.0 if one != limit else lambda: 1 for one in id
], 3)
"""

REASONS = {
    "hangs": "misbehaving:hangs was ended after 0.5 s (its limit)",
    "spins": "misbehaving:spins was ended after 0.5 s (its limit)",
    "crashes": "misbehaving:crashes ended its worker process",
    "exits": "misbehaving:exits ended its worker process",
    "quits": "SystemExit: enough",
    "interrupts": "misbehaving:interrupts failed: KeyboardInterrupt",
    "eats": "misbehaving:eats took more than 150 MB (its limit)",
    "lies": "lies does not return one value per completion: it returned 0 values for this row "
    "given twice",
    "unpicklable": "unpicklable returned a complex, not a number",
    "closure": "closure returned a function, not a number",
}


def test_each_costs_the_guilty_row_and_only_there(place):
    place.write_reward("misbehaving", MISBEHAVING)
    place.write_rows("in.jsonl", 6)
    rewards = [part for name in REASONS for part in ("--reward", f"misbehaving:{name}")]
    arguments = ["score", "in.jsonl", *rewards, "--reward", "accuracy", *TIMEOUT]
    result = place.run(*arguments, "--workers", "2", "--output", "out.jsonl", "--json")
    assert result.returncode == 1, result.stderr
    assert json.loads(result.stdout)["error_rows"] == 1
    rows = place.read("out.jsonl")
    assert [row["id"] for row in rows] == list(range(6))
    for name, reason in REASONS.items():
        others = [row[name] for row in rows if row["id"] != 3]
        assert [one["score"] for one in others] == [1.0] * 5, name
        assert rows[3][name]["status"] == "error"
        said = rows[3][name]["reason"]
        assert said == reason or said.startswith(f"{reason} (misbehaving.py:")
    assert {row["accuracy"]["status"] for row in rows} == {"correct", "wrong", "no_answer"}
    again = place.run(*arguments, "--workers", "1", "--output", "again.jsonl")
    assert again.returncode == 1, again.stderr
    assert (place / "again.jsonl").read_bytes() == (place / "out.jsonl").read_bytes()


def test_one_that_always_lies_gets_no_score(place):
    place.write_reward("misbehaving", MISBEHAVING)
    place.write_rows("in.jsonl", 65)  # the last chunk is one row, and one value fits one row
    result = place.run(
        "score", "in.jsonl", "--reward", "misbehaving:always_lies", "--output", "out.jsonl"
    )
    assert result.returncode == 1, result.stderr
    found = [row["always_lies"]["status"] for row in place.read("out.jsonl")]
    assert found[:64] == ["error"] * 64


def test_a_batch_that_is_only_too_long_is_judged_in_smaller_ones(place):
    place.write_reward(
        "slow_rows",
        "import pathlib, time\n"
        "def slow(completions, id, **_):\n"
        "    with pathlib.Path('sizes').open('a') as file: file.write(f'{len(id)} ')\n"
        "    time.sleep(0.02 * len(id))\n"
        "    return [float(one) for one in id]\n",
    )
    place.write_rows("in.jsonl", 128)
    result = place.run(
        "score", "in.jsonl", "--reward", "slow_rows:slow", "--row-timeout", "1",
        "--output", "out.jsonl", "--workers", "1",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert [row["slow"]["score"] for row in place.read("out.jsonl")] == list(map(float, range(128)))
    sizes = (place / "sizes").read_text().split()
    assert sizes[0] == "64"
    assert "16" in sizes
    assert "64" not in sizes[sizes.index("16") :]


HANGS_FROM = """
import os
def hangs(completions, id, **_):
    while any(one >= 20 for one in id):
        pass
    return [1.0] * len(id)
def fine(completions, **_):
    return [1.0] * len(completions)
"""


class _StopError(Exception):
    pass


@pytest.mark.slow  # scoring/test_supervision.py says the same without processes
def test_one_that_always_hangs_is_given_up_at_the_same_row_however_often_interrupted(
    place, monkeypatch
):
    place.write_reward("hanging", HANGS_FROM)
    rows = [{"id": n, "completion": "x"} if n != 40 else "broken" for n in range(80)]
    source = place.write("in.jsonl", *rows)
    monkeypatch.chdir(place.folder)
    monkeypatch.syspath_prepend(place.folder)

    def options(name, workers):
        return ScoreOptions(
            input=source,
            output=place / name,
            rewards=["hanging:hangs", "hanging:fine"],
            workers=workers,
            limits=RowLimits(timeout_s=0.2),
        )

    summary = score_file(options("calm.jsonl", 2))
    calm = place.read("calm.jsonl")
    reasons = [row["hangs"]["reason"] for row in calm]
    assert reasons[:20] == ["hangs returned 1"] * 20
    hung = "hanging:hangs was ended after 0.2 s (its limit)"
    given_up = f"not called: hanging:hangs was ended after 0.2 s on {PATIENCE_ROWS} rows one after"
    assert reasons[20:30] == [hung] * PATIENCE_ROWS
    assert all(reason.startswith(given_up) for reason in reasons[30:40] + reasons[41:])
    assert reasons[40].startswith("broken JSON")
    assert summary.tally.rewards["fine"].statuses == {"correct": 79, "error": 1}

    # A run that stopped in the middle of the rows that hang, as a torn last line leaves it.
    def stop(progress):
        if progress.rows:
            raise _StopError

    with pytest.raises(_StopError):
        score_file(options("out.jsonl", 2), on_progress=stop)
    partial, header = place / "out.jsonl.partial", place / "out.jsonl.partial.json"
    lines, described = partial.read_bytes().splitlines(keepends=True), header.read_bytes()
    for kept in (24, 33):
        whole = b"".join(lines[:kept])
        partial.write_bytes(whole + lines[kept][:-5])
        digest = hashlib.blake2b(whole, digest_size=16).hexdigest()
        sums_path(place / "out.jsonl").write_text(f"{len(whole)} {kept} {digest}\n")
        header.write_bytes(described)
        score_file(options("out.jsonl", 1))
        assert (place / "out.jsonl").read_bytes() == (place / "calm.jsonl").read_bytes()
        (place / "out.jsonl").unlink()


def test_in_this_process_what_it_raises_costs_a_row(place):
    place.write_reward(
        "raising_here",
        "def quits(completions, id, **_):\n"
        "    if 3 in id: raise SystemExit(5)\n"
        "    return [1.0] * len(id)\n"
        "def eats(completions, id, **_):\n"
        "    if 3 in id: raise MemoryError\n"
        "    return [1.0] * len(id)\n",
    )
    place.write_rows("in.jsonl", 5)
    result = place.run(
        "score", "in.jsonl", "--reward", "raising_here:quits", "--reward", "raising_here:eats",
        "--output", "out.jsonl", "--workers", "0",
    )  # fmt: skip
    assert result.returncode == 1, result.stderr
    rows = place.read("out.jsonl")
    for name, reason in (
        ("quits", "SystemExit: 5 (raising_here.py:2)"),
        ("eats", "raising_here:eats asked for more memory than there is"),
    ):
        assert [row[name]["score"] for row in rows] == [1.0, 1.0, 1.0, None, 1.0]
        assert rows[3][name]["reason"] == reason


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGTERM to catch")
def test_sigterm_is_no_exception_of_the_reward(place):
    place.write_reward(
        "sleeping_here",
        "import pathlib, time\ndef sleeps(completions, **_):\n"
        "    pathlib.Path('asleep').touch()\n"
        "    time.sleep(60)\n",
    )
    place.write_rows("in.jsonl", 5)
    process = place.start(
        "score", "in.jsonl", "--reward", "sleeping_here:sleeps", "--output", "out.jsonl",
        "--workers", "0",
    )  # fmt: skip
    place.wait_until((place / "asleep").exists, process)
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143, errors


def test_a_module_that_cannot_be_imported_by_a_worker_is_one_clear_error(place):
    place.write_reward(
        "only_once",
        "import pathlib\n"
        "with pathlib.Path('imports').open('a') as file: file.write('x')\n"
        "if len(pathlib.Path('imports').read_text()) > 1: raise OSError('busy')\n"
        "def fn(completions, **_): return [1.0] * len(completions)\n",
    )
    place.write_rows("in.jsonl", 300)
    result = place.run(
        "score", "in.jsonl", "--reward", "only_once:fn", "--output", "out.jsonl", "--workers", "2"
    )
    assert result.returncode == 2, result.stderr
    assert "OSError: busy" in result.stderr
    assert (place / "imports").read_text() == "xx"  # not tried again for each row


@pytest.mark.parametrize(
    ("option", "value"),
    [("timeout", "0"), ("timeout", "nan"), ("timeout", "inf"), ("memory", "0"), ("memory", 10**12)],
)
def test_a_limit_that_cannot_be_kept_is_refused(place, option, value):
    place.write_rows("in.jsonl", 5)
    result = place.run_here(
        "score", "in.jsonl", "--reward", "accuracy", "--output", "out.jsonl",
        f"--row-{option}", value,
    )  # fmt: skip
    assert result.returncode == 2
    assert f"a row {option} of" in result.stderr


def test_limits_belong_to_the_plan_only_where_they_matter(place, monkeypatch):
    place.write_reward("fine_rows", "def fn(completions, **_): return [1.0] * len(completions)\n")
    source = place.write_rows("in.jsonl", 200)
    monkeypatch.chdir(place.folder)
    monkeypatch.syspath_prepend(place.folder)

    def stop(progress):
        if progress.rows:
            raise _StopError

    for reward, matters in (("accuracy", False), ("fine_rows:fn", True)):
        first, second = (
            ScoreOptions(
                input=source, output=place / f"{matters}.jsonl", rewards=[reward], workers=0,
                limits=RowLimits(timeout_s=seconds),
            )
            for seconds in (10.0, 5.0)
        )  # fmt: skip
        with pytest.raises(_StopError):
            score_file(first, on_progress=stop)
        if matters:
            with pytest.raises(ValueError, match="row timeout"):
                score_file(second)
        else:
            assert score_file(second).resumed_rows


@pytest.mark.slow
def test_trls_own_rewards_score_plain_strings(place):
    pytest.importorskip("trl")
    pytest.importorskip("math_verify")
    source = SHARED / "maintainers.jsonl"
    if not source.exists():
        pytest.skip(f"no {source}")
    result = place.run(
        "score", source, "--reward", "trl.rewards:accuracy_reward",
        "--reward", "trl.rewards:think_format_reward", "--output", "out.jsonl", "--workers", "2",
    )  # fmt: skip
    rows = place.read("out.jsonl")
    assert rows, result.stderr

    from trl import rewards as theirs  # a second

    messages = [[{"role": "assistant", "content": row["completion"]}] for row in rows]
    golds = [row["gold"] for row in rows]
    for name, scores in {
        "accuracy_reward": theirs.accuracy_reward(messages, golds),
        "think_format_reward": theirs.think_format_reward(messages),
    }.items():
        assert [row[name]["score"] for row in rows] == scores
    assert {1.0, 0.0, None} == {row["accuracy_reward"]["score"] for row in rows}
