"""An interrupted `rlvr score` goes on where it ended, to the same bytes."""

from __future__ import annotations

import random
import resource
import shutil
import signal

import pytest

from rewards.workbench.scoring.dispatch import CHUNK_ROWS

ROWS = 800
ARGUMENTS = ("--reward", "accuracy", "--reward", "slow:slow", "--workers", "2")


@pytest.fixture(scope="module")
def calm_run(make_place):
    """An input, a slow reward and the output of an uninterrupted run."""
    place = make_place("calm")
    place.write_reward("slow")
    place.write_rows("in.jsonl", ROWS)
    result = score(place, "calm.jsonl")
    assert result.returncode == 0, result.stderr
    return place


@pytest.fixture
def run_of_rows(calm_run, place):
    """A copy of it for one test."""
    shutil.copytree(calm_run.folder, place.folder, dirs_exist_ok=True)
    return place


def score(place, output, *more, **options):
    return place.run("score", "in.jsonl", *ARGUMENTS, "--output", output, *more, **options)


def start(place, output):
    return place.start("score", "in.jsonl", *ARGUMENTS, "--output", output)


def assert_same(place, output):
    assert (place / output).read_bytes() == (place / "calm.jsonl").read_bytes()
    assert not list(place.folder.glob("*partial*"))


def interrupt(place, output, number, share):
    """Send a signal once so much of the output is there; returns the ended process's words."""
    process = start(place, output)
    wanted = int(share * place.size("calm.jsonl"))
    place.wait_until(lambda: place.size(f"{output}.partial") > wanted, process)
    children = place.family(process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    place.assert_gone(children)
    assert not (place / output).exists()
    return process.returncode, errors


def test_killed_at_random_points_it_resumes_to_the_same_bytes(run_of_rows):
    chance = random.Random(0)
    for share in sorted(chance.uniform(0.0, 0.8) for _ in range(3)):
        code, _ = interrupt(run_of_rows, "out.jsonl", signal.SIGKILL, share)
        assert code == -signal.SIGKILL
        # And torn in the middle of a line, as a full page or a crash leaves it.
        with (run_of_rows / "out.jsonl.partial").open("ab") as file:
            file.write(b'{"id": 12, "compl')
    result = score(run_of_rows, "out.jsonl")
    assert result.returncode == 0, result.stderr
    assert "by earlier runs" in result.stderr
    assert_same(run_of_rows, "out.jsonl")


def test_interrupted_from_the_keyboard_it_says_how_to_go_on(run_of_rows):
    code, errors = interrupt(run_of_rows, "out.jsonl", signal.SIGINT, 0.2)
    assert code == 130, errors
    assert errors.count("\n") == 1, errors
    assert "run the same command again to continue" in errors
    code, errors = interrupt(run_of_rows, "out.jsonl", signal.SIGTERM, 0.5)
    assert code == 143, errors
    result = score(run_of_rows, "out.jsonl", "--json")
    assert result.returncode == 0, result.stderr
    assert_same(run_of_rows, "out.jsonl")


def test_a_full_disk_is_one_line_and_can_be_resumed(run_of_rows):
    limit = run_of_rows.size("calm.jsonl") // 2

    def limit_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    result = score(run_of_rows, "out.jsonl", preexec_fn=limit_files)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1, result.stderr
    assert "the disk is full" in result.stderr
    kept = (run_of_rows / "out.jsonl.partial").read_bytes()
    assert limit / 2 < len(kept) <= limit
    assert kept.endswith(b"\n")
    assert kept.count(b"\n") % CHUNK_ROWS == 0  # so that the run goes on with the same chunks
    assert score(run_of_rows, "out.jsonl").returncode == 0
    assert_same(run_of_rows, "out.jsonl")


@pytest.mark.slow
def test_gzipped_output_resumes_too(run_of_rows):
    interrupt(run_of_rows, "out.jsonl.gz", signal.SIGKILL, 0.3)
    assert score(run_of_rows, "out.jsonl.gz").returncode == 0
    assert score(run_of_rows, "again.jsonl.gz").returncode == 0
    packed = (run_of_rows / "out.jsonl.gz").read_bytes()
    assert packed == (run_of_rows / "again.jsonl.gz").read_bytes()
    assert not list(run_of_rows.folder.glob("*partial*"))


def test_two_at_a_time_the_second_is_told(run_of_rows):
    first = start(run_of_rows, "out.jsonl")
    run_of_rows.wait_until(lambda: run_of_rows.size("out.jsonl.partial") > 0, first)
    first.send_signal(signal.SIGSTOP)
    second = score(run_of_rows, "out.jsonl")
    first.send_signal(signal.SIGCONT)
    assert second.returncode == 2
    assert "another rlvr is writing it" in second.stderr
    assert second.stderr.count("\n") == 1
    _, errors = first.communicate(timeout=120)
    assert first.returncode == 0, errors
    assert_same(run_of_rows, "out.jsonl")


def test_a_finished_output_is_not_replaced_unasked(run_of_rows):
    again = score(run_of_rows, "calm.jsonl")
    assert again.returncode == 2
    assert "already exists" in again.stderr
    assert not list(run_of_rows.folder.glob("*partial*"))
    before = (run_of_rows / "calm.jsonl").stat().st_ino
    assert score(run_of_rows, "calm.jsonl", "--overwrite").returncode == 0
    assert (run_of_rows / "calm.jsonl").stat().st_ino != before


def test_a_partial_file_that_is_not_ours_is_left_alone(run_of_rows):
    (run_of_rows / "out.jsonl.partial").write_text("my notes\n")
    result = score(run_of_rows, "out.jsonl")
    assert result.returncode == 2
    assert "is missing or damaged" in result.stderr
    assert (run_of_rows / "out.jsonl.partial").read_text() == "my notes\n"
