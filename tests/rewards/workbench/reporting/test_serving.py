"""The served report: what it answers is what the page would find, and nobody else is answered."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import contextmanager
from urllib.parse import quote, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("jinja2", reason="jinja2 is not installed")

from rewards.errors import InputError
from rewards.workbench.reporting import ReportOptions, serve_report
from rewards.workbench.reporting import row_store as store_module
from rewards.workbench.reporting.figures import RunFigures
from rewards.workbench.reporting.row_store import Question, RowStore
from rewards.workbench.reporting.scored_rows import ReportColumns, understand_row

HOSTILE = ["' OR 1=1 --", '"; DROP TABLE facts; --', "</script><script>x", "\\", "%", "é\ud800"]


def a_row(make_row, number):
    row = make_row(
        number,
        status=["correct", "wrong", "error"][number % 3],
        text=f"Completion {number} says {number}",
        label=number % 2 == 0,
        prompt=f"What is {number // 4}?",
        source=HOSTILE[number % len(HOSTILE)],
        batch=number % 7,
        step=number // 10,
    )
    row["form"] = row["accuracy"] | {"score": number / 100, "status": "scored", "expected": None}
    return row


@contextmanager
def serving(options, **more):
    with serve_report(options, **more) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def served(make_reports, make_row):
    reports = make_reports()
    path = reports.write([a_row(make_row, n) for n in range(100)])
    with serving(ReportOptions(files=(path,))) as server:
        yield server


def ask(server, path="", *, host=None, word=None, **fields):
    """The status and the body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    query = urlencode(fields, quote_via=quote, errors="surrogatepass") if fields else ""
    headers = {"Host": host or f"127.0.0.1:{server.server_port}"}
    connection.request("GET", f"/{word or server.word}/{path}?{query}", headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode("utf-8")
    connection.close()
    return answer.status, body


def rows(server, **fields):
    status, body = ask(server, "rows", **fields)
    assert status == 200, body
    return json.loads(body)


def lines(server, **fields):
    return [row["line"] for row in rows(server, **fields)["items"]]


def test_the_page_comes_without_rows_and_may_ask_for_them(served):
    status, page = ask(served)
    assert status == 200
    assert "connect-src 'self'" in page
    assert 'class="rows">' not in page
    assert "Why 0, or no score" in page
    assert urlsplit(served.address).hostname == "127.0.0.1"


def test_rows_are_paged(served):
    found = rows(served, start=95, count=50)
    assert (found["matching"], found["total"], len(found["items"])) == (100, 100, 5)
    assert found["items"][0]["text"] == "Completion 95 says 95"
    assert found["items"][0]["verdicts"]["accuracy"][1] == "error"
    assert len(rows(served, count=10**9)["items"]) == 100


@pytest.mark.parametrize(
    ("fields", "test"),
    [
        ({"status.accuracy": "wrong"}, lambda n: n % 3 == 1),
        ({"status.accuracy": "error", "by.batch": "3"}, lambda n: n % 3 == 2 and n % 7 == 3),
        ({"why.accuracy": "reason …", "status.accuracy": "wrong"}, lambda n: n % 3 == 1),
        ({"label.accuracy": "false positive"}, lambda n: n % 3 == 0 and n % 2),
        ({"label.accuracy": "not judged"}, lambda n: n % 3 == 2),
        ({"step": "2-4"}, lambda n: 2 <= n // 10 <= 4),
        ({"step": "9"}, lambda n: n // 10 == 9),
        ({"file": "scored.jsonl"}, lambda _: True),
        ({"file": "other"}, lambda _: False),
        ({"words": "says 17"}, lambda n: n == 17),
        ({"words": "what is 3?"}, lambda n: n // 4 == 3),
        *(
            ({"by.source": value}, lambda n, at=at: n % len(HOSTILE) == at)
            for at, value in enumerate(HOSTILE[:-1])
        ),
    ],
)
def test_filters(served, fields, test):
    assert lines(served, count=200, **fields) == [n + 1 for n in range(100) if test(n)]


def test_sorts_and_leaves_rows_without_a_value_last(served):
    assert lines(served, sort="-line", count=3) == [100, 99, 98]
    assert lines(served, sort="-score", reward="form", count=3) == [100, 99, 98]
    scores = [
        row["verdicts"]["accuracy"][0] for row in rows(served, sort="score", count=200)["items"]
    ]
    assert scores == sorted(s for s in scores if s is not None) + [None] * 33
    assert lines(served, sort="' OR 1", count=2) == [1, 2]


def test_groups_by_any_column_and_by_reason(served):
    _, body = ask(served, "groups", key="by.batch", **{"status.accuracy": "wrong"})
    groups = json.loads(body)
    assert sum(group["rows"] for group in groups) == 33
    assert {group["value"] for group in groups} == set("0123456")
    assert all(group["means"][0] == 0.0 for group in groups)
    _, body = ask(served, "groups", key="why.accuracy")
    assert json.loads(body) == [
        {"value": "reason …", "rows": 66, "means": [0.0, pytest.approx(0.495)]}
    ]
    _, body = ask(served, "groups", key="status.form")
    assert [(g["value"], g["rows"]) for g in json.loads(body)] == [("scored", 100)]


def test_where_a_row_stands_and_what_else_its_prompt_has(served):
    assert ask(served, "position", name="1:50") == (200, "49")
    assert ask(served, "position", name="1:50", **{"status.accuracy": "wrong"}) == (200, "16")
    assert ask(served, "position", name="1:51", **{"status.accuracy": "wrong"}) == (200, "-1")
    assert ask(served, "position", name="7:50") == (200, "-1")
    (row,) = rows(served, start=9, count=1)["items"]
    _, body = ask(served, "prompt", prompt=row["prompt"])
    assert [other["line"] for other in json.loads(body)] == [9, 10, 11, 12]


def test_downloads_whole_rows(served):
    status, body = ask(served, "download", **{"by.batch": "3", "status.accuracy": "correct"})
    found = [json.loads(line) for line in body.splitlines()]
    assert status == 200
    assert [row["id"] for row in found] == [n for n in range(100) if n % 7 == 3 and n % 3 == 0]
    assert found[0]["accuracy"]["extracted"] == str(found[0]["id"])


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("rows", {"by.nothing": "x"}),
        ("rows", {"status.none": "x"}),
        ("rows", {"x": "1"}),
        ("rows", {"step": "many"}),
        ("rows", {"prompt.x": "1"}),
        ("rows", {"start": "a"}),
        ("groups", {"key": "by.accuracy; DROP TABLE facts"}),
        ("groups", {}),
        ("position", {"name": "x"}),
        ("prompt", {"prompt": "x"}),
        ("prompt", {"prompt": "9" * 30}),
        ("rows", {"step": "nan-x"}),
    ],
)
def test_what_is_not_there_is_refused_with_a_word(served, path, fields):
    status, body = ask(served, path, **fields)
    assert status == 400
    assert body
    assert rows(served)["total"] == 100


def test_nobody_else_is_answered(served):
    port = served.server_port
    assert ask(served, "rows", word="guess")[0] == 403
    assert ask(served, "rows", word="%c3%a9")[0] == 403
    assert ask(served, "rows", host=f"evil.example:{port}")[0] == 403
    assert ask(served, "rows", host=f"localhost:{port}")[0] == 200
    assert ask(served, "../../etc/passwd")[0] == 404
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(method, f"/{served.word}/rows")
        assert connection.getresponse().status == 501
        connection.close()


def test_listens_on_loopback_alone(served):
    assert served.server_address[0] == "127.0.0.1"
    with socket.socket() as other:
        other.settimeout(5)
        assert other.connect_ex(("127.0.0.1", served.server_port)) == 0


def test_a_port_that_is_taken(served, reports, make_row):
    path = reports.write([make_row(1)])
    with (
        pytest.raises(InputError, match=rf"port {served.server_port}: .*--port"),
        serve_report(ReportOptions(files=(path,)), port=served.server_port),
    ):
        pass


def test_several_files_and_lists_of_completions(reports, make_row):
    several = make_row(1, text=["a", "b"], prompt="p")
    several["accuracy"] = [several["accuracy"]] * 2
    first = reports.write([several], "a.jsonl")
    second = reports.write([make_row(1, text="c", prompt="p")], "b.jsonl")
    with serving(ReportOptions(files=(first, second))) as server:
        found = rows(server)["items"]
        assert [(row["run"], row["line"], row["nth"]) for row in found] == [
            *((0, 1, 1), (0, 1, 2), (1, 1, 0))
        ]
        assert [row["text"] for row in rows(server, file="b.jsonl")["items"]] == ["c"]
        assert ask(server, "position", name="1:1.2") == (200, "1")


def test_the_database_is_gone_in_the_end(reports, make_row, monkeypatch, tmp_path):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with serving(ReportOptions(files=(reports.write([make_row(1)]),))):
        assert list((tmp_path / "temporary").iterdir())
    assert not list((tmp_path / "temporary").iterdir())


def test_deep_rows_are_served(reports, make_row):
    depths = (100, *range(700, 1100, 7), 3000)
    deep = [json.dumps(make_row(1))[:-1] + f', "deep": {"[" * n}{"]" * n}}}' for n in depths]
    with serving(ReportOptions(files=(reports.write([make_row(1), *deep]),))) as server:
        found = rows(server, count=200)
        assert found["matching"] == len(found["items"]) > 1
        assert ask(server, "rows", words="deep")[0] == 200


VALUES = st.none() | st.booleans() | st.integers(-3, 10**20) | st.text(max_size=4)


@settings(max_examples=25, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=12))
def test_every_value_of_a_column_leads_back_to_its_rows(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("store")
    verdict = {"score": 1.0, "status": "correct", "extracted": None, "expected": None, "reason": ""}
    figures = RunFigures(folder, "f")
    with RowStore(folder, rewards=["r"], columns=["x"], runs=["f"]) as store:
        for number, value in enumerate(values):
            row = understand_row(number, 0, {"x": value, "r": verdict}, ReportColumns())
            figures.add(row)
            store.add(row, 0, figures)
        store.finish()
        groups = store.groups(Question(), "by.x")
        assert sum(group["rows"] for group in groups) == sum(v is not None for v in values)
        for group in groups:
            found = store.numbers(Question(filters=(("by.x", group["value"]),)))
            assert len(found) == group["rows"]
        texts = [json.loads(line)["x"] for line in store.texts(range(len(values)))]
        assert texts == values


def test_more_columns_than_are_kept(make_row, tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "MAX_COLUMNS", 2)
    with RowStore(tmp_path, rewards=[], columns=["a", "b", "c"], runs=["f"]) as store:
        assert store.columns == ("a", "b")
