"""`rlvr select` from the outside."""

from __future__ import annotations

import gzip
import json
import signal
import sys
import time

import pytest

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of files are POSIX")


def verdict(score):
    return {"score": score, "status": "correct" if score == 1 else "wrong", "reason": "said so"}


def row(prompt, completion, score=1.0, **more):
    return {"prompt": prompt, "completion": completion, "accuracy": verdict(score), **more}


@pytest.fixture
def scored(place):
    """Twelve prompts with three sums each, scored as a user scores them."""
    rows = [
        {"prompt": f"{n}+{n}?", "completion": f"{word} \\boxed{{{2 * n + wrong}}}", "answer": 2 * n}
        for n in range(12)
        for word, wrong in (("It is clearly", 0), ("Hence", 0), ("Maybe", 1))
    ]
    place.write("in.jsonl", *rows)
    done = place.run_here(
        "score", "in.jsonl", "--reward", "accuracy", "--output", "scored.jsonl", "--workers", "0"
    )
    assert done.returncode == 0, done.stderr
    return place


def test_scored_file_to_chat_rows(scored):
    result = scored.run(
        "select", "scored.jsonl", "--per-prompt", "1", "--prefer", "shortest",
        "--output", "sft.jsonl", "--json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert scored.read("sft.jsonl") == [
        {
            "messages": [
                {"role": "user", "content": f"{n}+{n}?"},
                {"role": "assistant", "content": f"Hence \\boxed{{{2 * n}}}"},
            ]
        }
        for n in range(12)
    ]
    summary = json.loads(result.stdout)
    assert summary["rows"] == 36
    assert summary["kept"] == summary["prompts"] == summary["prompts_kept"] == 12
    assert {k: n for k, n in summary["rejected"].items() if n} == {
        "below_min_score": 12,
        "over_cap": 12,
    }
    assert summary["rewards"] == ["accuracy"]
    assert "12 of 36 rows kept by accuracy, of 12 of 12 prompts" in result.stderr
    assert "\x1b" not in result.stderr
    assert not list(scored.folder.glob("*.tmp"))


def select(place, *more, name="in.jsonl", output="out.jsonl"):
    return place.run_here("select", name, "--output", output, *more)


def test_rows_stay_as_they_are(place):
    said = '{"score": 1, "status": "correct"}'
    text = f'{{"prompt": "p",  "completion": "4", "x": 1.10, "accuracy": {said}}}'
    place.write("in.jsonl", row("p", "5", 0.0), text)
    assert select(place, "--format", "rows").returncode == 0
    assert (place / "out.jsonl").read_text() == text + "\n"


def test_all_rewards_or_those_named_must_pass(place):
    place.write(
        "in.jsonl",
        row("p", "a", other=verdict(0.5)),
        row("p", "b", other=verdict(1.0)),
        row("p", "c", 0.0, other=verdict(1.0)),
    )
    kept = {}
    for more in ((), ("--reward", "accuracy"), ("--reward", "other", "--min-score", "0.5")):
        result = select(place, "--format", "prompt-completion", "--overwrite", *more)
        assert result.returncode == 0, result.stderr
        kept[more[1:2]] = "".join(one["completion"] for one in place.read("out.jsonl"))
    assert kept == {(): "b", ("accuracy",): "ab", ("other",): "abc"}


def test_gzip_shards_and_a_group_column(place):
    place.write("a.jsonl", row("Say p", "1", id=7), row("Say q", "2", id=8))
    rows = place.write("b.jsonl", row("Tell p", "3", id=7))
    (place / "b.jsonl.gz").write_bytes(gzip.compress(rows.read_bytes()))
    result = place.run_here(
        "select", "a.jsonl", "b.jsonl.gz", "--group-column", "id", "--per-prompt", "1",
        "--output", "out.jsonl.gz",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    lines = gzip.decompress((place / "out.jsonl.gz").read_bytes()).decode().splitlines()
    assert [json.loads(line)["messages"][1]["content"] for line in lines] == ["1", "2"]


def test_nothing_kept_is_exit_code_1_and_an_empty_file(place):
    place.write("in.jsonl", row("p", "4", 0.0))
    result = select(place)
    assert result.returncode == 1
    assert (place / "out.jsonl").read_bytes() == b""
    assert "0 of 1 rows kept" in result.stderr


def test_broken_rows_are_named_and_the_rest_is_kept(place):
    place.write("in.jsonl", row("p", "4"), "{broken", row("p", ""), row(None, "5"))
    result = select(place)
    assert result.returncode == 0
    assert len(place.read("out.jsonl")) == 1
    assert "left out: in.jsonl:2: broken JSON" in result.stderr
    assert "left out: in.jsonl:3: the completion is blank" in result.stderr
    assert "left out: in.jsonl:4: the row has no 'prompt'" in result.stderr


def test_notes(place):
    place.write("in.jsonl", row("<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n", "4"))
    result = select(place, "--prefer", "diverse")
    assert "--prefer diverse does nothing without --per-prompt" in result.stderr
    assert "chat template has already been applied to the prompts of 1 verified" in result.stderr


BAD = {
    "no verdicts": ([{"prompt": "p", "completion": "4"}], (), "score it first: rlvr score"),
    "unknown reward": ([row("p", "4")], ("--reward", "fmt"), "'fmt'; there are accuracy"),
    "no prompt": ([{"completion": "4", "accuracy": verdict(1)}], (), "needs a prompt column"),
    "no completion": ([{"prompt": "p", "accuracy": verdict(1)}], (), "lacks a completion column"),
    "no group": ([row("p", "4")], ("--group-column", "g"), "no column 'g'"),
    "all broken": (["{", "["], (), "in.jsonl:1: broken JSON"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input(place, kind):
    rows, more, expected = BAD[kind]
    place.write("in.jsonl", *rows)
    result = select(place, *more)
    assert result.returncode == 2
    assert result.stderr.startswith("rlvr: ")
    assert result.stderr.count("\n") == 1
    assert expected in result.stderr
    assert [one.name for one in place.folder.iterdir()] == ["in.jsonl"]


def test_does_not_write_over_what_is_there(place):
    place.write("in.jsonl", row("p", "4"))
    before = (place / "in.jsonl").read_bytes()
    assert select(place).returncode == 0
    assert "--overwrite" in select(place).stderr
    assert select(place, "--overwrite").returncode == 0
    same = select(place, "--overwrite", output="in.jsonl")
    assert same.returncode == 2
    assert "the same file" in same.stderr
    assert (place / "in.jsonl").read_bytes() == before


@posix
def test_a_full_disk_leaves_nothing(place):
    import resource  # POSIX

    place.write("in.jsonl", *(row(str(n), "4" * 100) for n in range(2000)))
    result = place.run(
        "select", "in.jsonl", "--output", "out.jsonl",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )  # fmt: skip
    assert result.returncode == 2
    assert "out.jsonl: the disk is full" in result.stderr
    assert result.stderr.count("\n") == 1
    assert [one.name for one in place.folder.iterdir()] == ["in.jsonl"]


@posix
@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_interrupted_leaves_nothing(place, sent, code):
    place.write("in.jsonl", *(row(str(n), "4" * 300) for n in range(60_000)))
    process = place.start("select", "in.jsonl", "--output", "out.jsonl")
    place.wait_until(lambda: list(place.folder.glob("out.jsonl.*.tmp")), process)
    process.send_signal(sent)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    assert [one.name for one in place.folder.iterdir()] == ["in.jsonl"]


@pytest.mark.slow
def test_memory_stays_flat_however_long_the_texts_are(place):
    import psutil  # for this test

    peaks = []
    for length in (10, 5_000):
        name = f"{length}.jsonl"
        place.write(name, *(row(str(n % 50), f"{n} " * (length // 5)) for n in range(10_000)))
        process = place.start(
            "select", name, "--per-prompt", "2", "--prefer", "shortest", "--output", f"o{name}"
        )
        seen = psutil.Process(process.pid)
        peak = 0
        while process.poll() is None:
            try:
                peak = max(peak, seen.memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.01)
        process.communicate()
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 16 * 2**20, peaks


@pytest.mark.slow
@pytest.mark.parametrize("form", ["chat", "prompt-completion"])
def test_trl_reads_it(place, form):
    pytest.importorskip("trl")
    data_utils = pytest.importorskip("trl.data_utils")
    datasets = pytest.importorskip("datasets")
    asked = [{"role": "user", "content": "2+2?"}]
    place.write("in.jsonl", row(asked, "4"), row(asked, "It is 4."))
    assert select(place, "--format", form).returncode == 0
    dataset = datasets.Dataset.from_json(str(place / "out.jsonl"), cache_dir=str(place / "cache"))
    assert len(dataset) == 2
    assert data_utils.is_conversational(dataset[0])
