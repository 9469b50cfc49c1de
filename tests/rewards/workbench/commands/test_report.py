"""`rlvr report` as a user runs it: score a file, report on it, look at the page."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from urllib.request import urlopen

import pytest

from rewards.workbench.reporting.packed_rows import unpack_rows

pytest.importorskip("jinja2", reason="jinja2 is not installed")


@pytest.fixture(scope="module")
def scored(make_place):
    """Two scored files: judged by answer, and by form as well."""
    place = make_place("report")
    place.write_rows("rows.jsonl", 30, label=True, source="sums")
    score = ("score", "rows.jsonl", "--workers", "0", "--reward", "accuracy")
    assert place.run_here(*score, "--output", "a.jsonl").returncode == 0
    done = place.run_here(*score, "--reward", "format", "--output", "b.jsonl.gz")
    assert done.returncode == 0
    return place


def test_scored_rows_become_a_page(scored):
    done = scored.run("report", "a.jsonl", "--output", "report.html")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        "30 rows, 30 of them listed: report.html",
        "columns read: completion 'completion', reference 'answer', label 'label'",
    ]
    page = (scored / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>")
    assert "Verdicts against labels" in page
    assert "By <bdi>source</bdi>" in page
    assert "Why 0, or no score" in page
    (packed,) = re.findall(r'class="rows">([^<]*)<', page)
    assert any("I could not work it out." in rows for rows in unpack_rows([packed]))


def test_json_says_what_the_page_says(scored):
    done = scored.run_here(
        *("report", "a.jsonl", "b.jsonl.gz", "--output", "two.html", "--json", "--max-rows", "10")
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["output"] == "two.html"
    assert summary["listed_rows"] == 10
    first, second = summary["runs"]
    accuracy = first["rewards"]["accuracy"]
    tally = [json.loads(line)["accuracy"]["status"] for line in (scored / "a.jsonl").open("rb")]
    assert accuracy["statuses"] == {status: tally.count(status) for status in set(tally)}
    assert accuracy["labels"]["false_negative"] == 30 - tally.count("correct")
    assert list(second["rewards"]) == ["accuracy", "format"]
    (comparison,) = summary["comparisons"]
    assert (comparison["matched"], comparison["changed_rows"]) == (30, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rows.jsonl",), "rows.jsonl: holds no verdicts; score it first: rlvr score rows.jsonl"),
        (("none.jsonl",), "none.jsonl: no such file"),
        (("a.jsonl", "--by", "topic"), "no row has the column 'topic' to group by"),
        (("a.jsonl", "b.jsonl.gz", "--match", "uid"), "has no column 'uid' to match rows by"),
        (("a.jsonl", "--output", "rows.jsonl"), "rows.jsonl: exists and is no HTML page"),
        (("a.jsonl", "--output", "nowhere/x.html"), "nowhere: no such folder; create it first"),
        (("a.jsonl", "--output", "."), ".: is a directory; name a file in it"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(scored, arguments, message):
    done = scored.run_here("report", "--output", "bad.html", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (scored / "bad.html").exists()


def test_without_jinja_the_mend_is_named(scored, monkeypatch):
    monkeypatch.setattr("rewards.extras.find_spec", lambda name: None)
    done = scored.run_here("report", "a.jsonl", "--output", "x.html")
    assert done.returncode == 2
    assert "rlvr report needs the package jinja2: pip install 'rlvr[report]'" in done.stderr


def test_a_report_is_served_until_it_is_interrupted(scored):
    command = [sys.executable, "-m", "rlvr", "report", "a.jsonl", "--serve"]
    with subprocess.Popen(
        command, cwd=scored.folder, env=scored.environment, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            line = server.stderr.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/\S+/", line)[0]
            with urlopen(address + "rows?count=2", timeout=60) as answer:
                assert len(json.loads(answer.read())["items"]) == 2
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 130


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.jsonl",), "a page needs a place: name a file for --output, or use --serve"),
        (("a.jsonl", "--serve", "--output", "x.html"), "--serve shows the report and writes no"),
        (("none.jsonl", "--serve"), "none.jsonl: no such file"),
    ],
)
def test_a_page_or_a_server(scored, arguments, message):
    done = scored.run_here("report", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
