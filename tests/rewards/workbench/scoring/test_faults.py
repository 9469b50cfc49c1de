"""Faults put into a scoring run: whatever happens, a second run gives what an undisturbed one does.

A run is a forked process into which one fault is put: it is killed, refused a file operation,
finds its files altered, links or pipes in their places, a full disk, hostile rows, a damaged
cache, another run at the same time. What must hold then, by kind:

* the output is not there, or it is whole and right
* the same command ends well, or says in one line why not; then `--overwrite` ends well
* nothing else is written to, and nothing is left lying about
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import resource
import signal
import sqlite3
import sys
import traceback
from pathlib import Path

import pytest

from rewards.errors import RlvrError
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.scoring import ScoreOptions, score_file
from rewards.workbench.scoring import unfinished_output as unfinished

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork") or sys.platform != "linux", reason="forks"),
]

ROWS = 300  # five chunks
SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet")
REWARDS = ("accuracy", "format")
SAID, FAILED, HUNG = 2, 70, 30  # exit codes, seconds


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What an undisturbed run writes, by suffix."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write_rows(folder / "in.jsonl")
    # What is imported at its first use is there then, in every process that is forked.
    warm = ScoreOptions(
        input=folder / "in.jsonl", output=folder / "warm.jsonl", rewards=REWARDS, workers=0
    )
    score_file(warm)
    return {suffix: undisturbed(folder, suffix) for suffix in SUFFIXES}


def write_rows(path, count=ROWS):
    rows = [
        {"id": n, "completion": rf"<think>é</think>\boxed{{{n % 3}}}", "answer": "1"}
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def undisturbed(folder, suffix):
    assert run(folder, suffix) == (0, "")
    return (folder / f"out{suffix}").read_bytes()


def start(folder, suffix, fault=None, **options):
    """The id of a process that scores, with a fault in it."""
    child = os.fork()
    if child:
        return child
    code = FAILED
    try:
        signal.alarm(HUNG)
        if fault is not None:
            fault(folder)
        score_file(
            ScoreOptions(
                input=folder / "in.jsonl",
                output=folder / f"out{suffix}",
                rewards=REWARDS,
                workers=0,
                **options,
            )
        )
        code = 0
    except (RlvrError, OSError, KeyboardInterrupt) as error:
        message = str(error)
        code = SAID
        (folder.parent / "said").write_text(message, encoding="utf-8")
    except BaseException:  # noqa: BLE001 - shown by the test that waits
        (folder.parent / "said").write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        os._exit(code)


def wait(child):
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) != signal.SIGALRM, "it hangs"
        return -os.WTERMSIG(status)
    return os.WEXITSTATUS(status)


def run(folder, suffix, fault=None, **options):
    """How a run ended, and what it said."""
    said = folder.parent / "said"
    said.unlink(missing_ok=True)
    code = wait(start(folder, suffix, fault, **options))
    text = said.read_text(encoding="utf-8") if said.exists() else ""
    assert code != FAILED, text
    return code, text


@pytest.fixture
def folder(tmp_path, expected):
    made = tmp_path / "work"
    made.mkdir()
    write_rows(made / "in.jsonl")
    return made


def assert_held(folder, suffix, expected, *, kept=()):
    """What must hold after a fault; `kept` names files that were there before."""
    output = folder / f"out{suffix}"
    if output.is_file() and not output.is_symlink():
        assert output.read_bytes() == expected[suffix]
    code, said = run(folder, suffix)
    if code:
        assert code == SAID
        assert said
        assert "\n" not in said
        for name in kept:
            (folder / name).unlink() if not (folder / name).is_dir() else (folder / name).rmdir()
        code, said = run(folder, suffix, overwrite=True)
    assert (code, said) == (0, "")
    assert output.read_bytes() == expected[suffix]
    left = {path.name for path in folder.iterdir()} - {"in.jsonl", output.name, *kept}
    assert left == set()


def at_file_operation(number, act):
    """A fault at the `number`-th file operation in the folder."""

    def fault(folder):
        seen = 0
        watched = {"open", "os.rename", "os.remove", "os.truncate"}

        def hook(event, arguments):
            nonlocal seen
            if event not in watched or not arguments:
                return
            path = arguments[0]
            if isinstance(path, str | bytes | Path) and os.fsdecode(path).startswith(str(folder)):
                seen += 1
                if seen == number:
                    act()

        sys.addaudithook(hook)

    return fault


def at_write(number, act):
    """A fault in the middle of the `number`-th write."""

    def fault(_folder):
        written = 0
        write_all = unfinished._write_all

        def write(file, data):
            nonlocal written
            written += 1
            if written == number:
                write_all(file, data[: len(data) // 2])
                act()
            write_all(file, data)

        unfinished._write_all = write

    return fault


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt():
    raise KeyboardInterrupt


def refuse(number):
    def act():
        raise OSError(number, os.strerror(number))

    return act


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("number", range(1, 15))
def test_killed_at_a_file_operation(folder, expected, suffix, number):
    run(folder, suffix, at_file_operation(number, die))
    assert_held(folder, suffix, expected)


@pytest.mark.parametrize("number", range(1, 13))
def test_killed_in_the_middle_of_a_write(folder, expected, number):
    run(folder, ".jsonl", at_write(number, die))
    assert_held(folder, ".jsonl", expected)


@pytest.mark.parametrize("number", range(1, 13))
def test_interrupted_in_the_middle_of_a_write(folder, expected, number):
    code, _ = run(folder, ".jsonl", at_write(number, interrupt))
    assert code in {0, SAID}
    assert_held(folder, ".jsonl", expected)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("number", [1, 2, 5, 8])
def test_a_write_is_refused(folder, expected, number, error):
    code, said = run(folder, ".jsonl", at_write(number, refuse(error)))
    assert code == SAID
    assert "disk is full" in said or "cannot be written" in said
    assert_held(folder, ".jsonl", expected)


@pytest.mark.parametrize("error", [errno.EACCES, errno.EROFS, errno.EMFILE])
@pytest.mark.parametrize("number", [3, 5, 7, 9, 11])
def test_a_file_operation_is_refused(folder, expected, number, error):
    run(folder, ".jsonl", at_file_operation(number, refuse(error)))
    assert_held(folder, ".jsonl", expected)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("size", [0, 100, 20_000, 60_000])
def test_the_disk_is_full(folder, expected, suffix, size):
    def fault(_folder):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    child = start(folder, suffix, fault)
    assert wait(child) in {SAID, FAILED}  # the word itself may not fit
    assert_held(folder, suffix, expected)


def cut(data):
    return data[: len(data) // 2]


ALTERATIONS = {
    "cut": cut,
    "emptied": lambda _: b"",
    "garbage": lambda data: b"\0\xff" * (len(data) // 2),
    "more": lambda data: data + b'{"id": 9}\n',
    "a byte": lambda data: data[:50] + bytes([data[50] ^ 1]) + data[51:],
    "swapped": lambda data: b"".join(reversed(data.splitlines(keepends=True))),
    "a line less": lambda data: b"".join(data.splitlines(keepends=True)[1:]),
    "a line twice": lambda data: data.splitlines(keepends=True)[0] + data,
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("of", ["partial", "partial.json", "partial.sums"])
@pytest.mark.parametrize("how", ALTERATIONS)
def test_an_unfinished_output_is_altered(folder, expected, of, how):
    run(folder, ".jsonl", at_write(8, die))
    file = folder / f"out.jsonl.{of}"
    file.write_bytes(ALTERATIONS[how](file.read_bytes()))
    assert_held(folder, ".jsonl", expected)


@pytest.mark.parametrize("of", ["partial", "partial.json", "partial.sums"])
def test_a_part_of_an_unfinished_output_is_gone(folder, expected, of):
    run(folder, ".jsonl", at_write(8, die))
    (folder / f"out.jsonl.{of}").unlink()
    assert_held(folder, ".jsonl", expected)


PLANTED = {
    "link": lambda path, other: path.symlink_to(other),
    "dangling link": lambda path, other: path.symlink_to(other.with_name("nowhere")),
    "pipe": lambda path, _: os.mkfifo(path),
    "folder": lambda path, _: path.mkdir(),
}


@pytest.mark.parametrize("at", ["partial", "partial.json.new", "partial.sums"])
@pytest.mark.parametrize("what", PLANTED)
def test_something_else_lies_in_its_place(folder, expected, at, what):
    other = folder.parent / "other"
    other.write_text("mine")
    path = folder / f"out.jsonl.{at}"
    PLANTED[what](path, other)
    code, said = run(folder, ".jsonl")
    assert code == SAID
    assert "no regular file" in said or "cannot be written" in said
    assert other.read_text() == "mine"
    assert not other.with_name("nowhere").exists()
    assert_held(folder, ".jsonl", expected, kept=[path.name])


DEEP = '{"completion": ' + "[" * 5000 + "]" * 5000 + ', "answer": "1"}'
HOSTILE = {
    "deep": DEEP,
    "cut": '{"completion": "x", "ans',
    "no object": "[1, 2]",
    "a number": '{"completion": "x", "answer": ' + "9" * 5000 + "}",
    "half a letter": r'{"completion": "\ud800", "answer": "1"}',
    "nothing": '{"completion": null, "answer": "1"}',
    "an object": '{"completion": {"a": 1}, "answer": "1"}',
    "long": '{"completion": "' + "x" * 2**20 + '", "answer": "1"}',
    "nul": '{"completion": "\\u0000", "answer": "1"}',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_row_costs_that_row(folder, what):
    lines = (folder / "in.jsonl").read_text(encoding="utf-8").splitlines()
    lines.insert(150, HOSTILE[what])
    (folder / "in.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert run(folder, ".jsonl") == (0, "")
    with open_rows(folder / "out.jsonl") as rows:
        found = [json.loads(row.text) for row in rows]
    assert len(found) == ROWS + 1
    scores = [row["accuracy"]["score"] for row in found]
    assert scores[:150] + scores[151:] == [float(n % 3 == 1) for n in range(ROWS)]


def bomb(folder):
    row = b'{"completion": "' + b"x" * 2**26 + b'", "answer": "1"}\n'
    return gzip.compress((folder / "in.jsonl").read_bytes() + row * 2)


PACKED = {
    "cut": lambda folder: cut(gzip.compress((folder / "in.jsonl").read_bytes())),
    "altered": lambda folder: gzip.compress((folder / "in.jsonl").read_bytes())[:-4] + b"abcd",
    "empty": lambda _: b"",
    "zip": lambda _: b"PK\x03\x04" + b"\0" * 40,
    "bomb": bomb,
}


@pytest.mark.parametrize("what", PACKED)
def test_a_damaged_or_hostile_input(folder, what):
    (folder / "in.jsonl").write_bytes(PACKED[what](folder))

    def fault(_folder):
        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
        limit = pages * resource.getpagesize() + 2**30  # beyond what the tests before this loaded
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    code, said = run(folder, ".jsonl", fault)
    if what == "bomb":
        assert (code, said) == (0, "")
    else:
        assert code == SAID
        assert "\n" not in said
        assert not (folder / "out.jsonl").exists()


def forge(path):
    with sqlite3.connect(path) as file:
        (table,) = file.execute("select name from sqlite_master where type='table'").fetchone()
        columns = [one[1] for one in file.execute(f"pragma table_info({table})")]
        file.execute(f"update {table} set {columns[1]} = replace({columns[1]}, '0.0', '1.0')")


def alter(how):
    return lambda path: path.write_bytes(ALTERATIONS[how](path.read_bytes()))


def replaced_by(what):
    def act(path):
        path.unlink()
        PLANTED[what](path, path.with_name("in.jsonl"))

    return act


CACHES = {
    **{f"it is {how}": alter(how) for how in ("cut", "emptied", "garbage", "a byte")},
    "a verdict is forged": forge,
    "it is a folder": replaced_by("folder"),
    "it is a pipe": replaced_by("pipe"),
}


@pytest.mark.parametrize("what", CACHES)
def test_a_damaged_cache_gives_no_verdict(folder, expected, what):
    cache = folder.parent / "cache"
    assert run(folder, ".jsonl", cache=cache) == (0, "")
    (folder / "out.jsonl").unlink()
    CACHES[what](cache)
    code, said = run(folder, ".jsonl", cache=cache)
    assert code == 0 or (code == SAID and "\n" not in said)
    assert_held(folder, ".jsonl", expected)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("delay", [0, 2, 4])
def test_two_at_a_time(folder, expected, suffix, delay):
    def slowly(_folder):
        append = unfinished.PartialOutput.append

        def late(self, lines):
            import time

            time.sleep(0.02 * (delay + 1))
            append(self, lines)

        unfinished.PartialOutput.append = late

    first = start(folder, suffix, slowly)
    second = start(folder, suffix, slowly)
    codes = {wait(first), wait(second)}
    assert codes <= {0, SAID}
    assert 0 in codes
    assert_held(folder, suffix, expected)


@pytest.mark.parametrize("name", ["o" * 240, "o" * 250, "o" * 300, "nowhere/out", "in", "."])
def test_an_output_that_cannot_be(folder, name):
    options = ScoreOptions(
        input=folder / "in.jsonl",
        output=folder / (f"{name}.jsonl" if name != "." else name),
        rewards=("accuracy",),
        workers=0,
    )
    with pytest.raises((RlvrError, OSError)) as caught:
        score_file(options)
    assert "\n" not in str(caught.value)
    assert [path.name for path in folder.iterdir()] == ["in.jsonl"]
