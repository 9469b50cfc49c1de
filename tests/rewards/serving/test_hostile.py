"""Clients that mean harm get a clear error, and the server answers everybody else."""

import json
import socket
import threading
import time
from contextlib import ExitStack, suppress

import pytest
from reward_servers import reward_server

ASKED = {"reward": "accuracy", "completion": r"\boxed{42}", "reference": "42"}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A server whose limits are quickly met."""
    folder = tmp_path_factory.mktemp("small")
    options = ("--workers", "1", "--body-mb", "1", "--body-s", "2", "--connections", "50")
    hang = ("--reward", "hang=mine.py:hang", "--row-timeout", "1")
    with reward_server(folder, *options, *hang) as started:
        yield started


@pytest.fixture(autouse=True)
def lives(small):
    yield
    code, said = small.call("/verify", ASKED)
    assert (code, said["verdict"]["score"]) == (200, 1.0)


def raw(server, data, *, wait_s=30):
    """What a server answers to bytes as they are, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait_s) as connection:
        connection.sendall(data)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


def head(length, path="/verify", **more):
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json"]
    lines += [f"content-length: {length}", *(f"{name}: {value}" for name, value in more.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_a_huge_body_is_refused_by_its_length(small):
    answer = raw(small, head(10**12))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"1,000,000 bytes" in answer


def test_a_huge_body_in_pieces_is_refused_where_it_grows_too_large(small):
    start = head(0).replace(b"content-length: 0", b"transfer-encoding: chunked")
    with socket.create_connection(("127.0.0.1", small.port), timeout=30) as connection:
        connection.sendall(start)
        piece = b"%x\r\n%s\r\n" % (2**16, b"[" * 2**16)
        answer = b""
        try:
            for _ in range(100):
                connection.sendall(piece)
        except OSError:
            pass  # it was closed, which is as well
        try:
            answer = connection.recv(65536)
        except OSError:
            return
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_slow_body_is_not_waited_for(small):
    answer = raw(small, head(100) + b'{"reward"')
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_body_in_drops_is_not_waited_for(small):
    with socket.create_connection(("127.0.0.1", small.port), timeout=30) as connection:
        connection.sendall(head(10_000))
        stop = threading.Event()

        def drip():
            while not stop.wait(0.2):
                with suppress(OSError):
                    connection.sendall(b" ")

        dripping = threading.Thread(target=drip)
        dripping.start()
        answer = connection.recv(65536)
        stop.set()
        dripping.join()
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"reward": 1}',
        b'{"reward": "accuracy"}',
        b'{"reward": "accuracy", "completions": "text"}',
        b'{"reward": "accuracy", "completions": ["x"], "columns": []}',
        b'{"reward": "accuracy", "completions": ["x"], "columns": {"answer": "1"}}',
        b'{"reward": "accuracy", "completions": ["x"], "columns": {"answer": ["1", "2"]}}',
        b'{"reward": "accuracy", "completions": ["x"], "prompts": ["q", "q"]}',
        b'{"reward": "accuracy", "completion": "x", "row": 5}',
        b'{"reward": "accuracy(tolerance=__import__(\\"os\\"))", "completion": "x"}',
        b'{"reward": "accuracy(' + b"(" * 3000 + b')", "completion": "x"}',
        b'{"reward": "' + b"x" * 100_000 + b'", "completion": "x"}',
        b'{"a": ' + b"1" * 10_000 + b"}",
        b'{"reward": "accuracy", "trainer_state": {"global_step": "1"}, "completions": ["x"]}',
    ],
)
@pytest.mark.parametrize(
    "path", ["/verify", "/get_reward", "/run_code", "/submit", "/test_program"]
)
def test_wrong_types_are_named(small, path, body):
    code, _, data = small.exchange(path, body)
    assert code in {400, 422}, data
    assert json.loads(data)["detail"]
    assert len(data) < 5000


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
@pytest.mark.parametrize("path", ["/verify", "/remote_rm"])
def test_deep_json_is_refused(small, path, bracket):
    code, _, data = small.exchange(path, b'{"response": ' + bracket * 100_000)
    assert code == 422
    assert b"levels of nesting" in data


def test_odd_completions_are_verdicts(small):
    completions = [1, None, {}, {"a": 1}, [[]], [1], True, [{"role": 1, "content": {}}], ""]
    columns = {"answer": ["42"] * len(completions)}
    sent = {"reward": "accuracy", "completions": completions, "columns": columns}
    code, said = small.call("/verify", sent)
    assert code == 200
    assert len(said["verdicts"]) == len(completions)
    assert not any(one["score"] for one in said["verdicts"])


def test_columns_may_have_any_name(small):
    names = ("self", "completions", "prompts", "log_extra", "trainer_state", "answer", "__class__")
    columns = {name: ["42"] for name in names}
    sent = {"reward": "accuracy", "completions": [r"\boxed{42}"], "columns": columns}
    assert small.call("/verify", sent)[1]["verdicts"][0]["score"] == 1.0
    sent = {**ASKED, "row": dict.fromkeys((*names, "reference", "completion", "prompt"), "42")}
    assert small.call("/verify", sent)[1]["verdict"]["score"] == 1.0


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/verify/../docs/..", "//etc/passwd", "/\\"],
)
def test_tricks_with_paths_find_nothing(small, path):
    answer = raw(
        small, f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n".encode()
    )
    assert answer.split()[1] in {b"404", b"400", b"405"}
    assert b"root:" not in answer


def test_no_http_is_refused(small):
    assert b"HTTP/1.1 400 " in raw(small, b"\x16\x03\x01\x02\x00" + b"A" * 500 + b"\r\n\r\n")


def test_an_endless_head_is_refused(small):
    data = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n" + b"x: y\r\n" * 20_000
    try:
        answer = raw(small, data)
    except ConnectionError:
        return
    assert b"HTTP/1.1 400 " in answer


def test_a_page_that_comes_by_another_name_is_refused(small):
    code, said = small.call("/health", headers={"host": "evil.example"})
    assert code == 421
    assert "evil.example" in said["detail"]


@pytest.mark.parametrize("sent", [b"", b"POST /verify HTTP/1.1\r\n", head(100) + b"{"])
def test_connections_that_ask_nothing_keep_nobody_out(small, sent):
    """More of them than there may be: the one silent for longest goes, and says when to come."""
    with ExitStack() as opened:
        made = []
        for _ in range(60):
            one = socket.create_connection(("127.0.0.1", small.port), timeout=30)
            made.append(opened.enter_context(one))
            one.sendall(sent)
        assert small.call("/verify", ASKED)[0] == 200
        if not sent:  # what was sent and not yet read makes the system drop the answer
            first = made[0].recv(1000)
            assert first.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after" in first


def test_a_request_that_has_arrived_keeps_its_place(small):
    asked = {"reward": "hang", "completions": ["hang", "ok"]}
    codes = []
    asking = threading.Thread(target=lambda: codes.append(small.call("/verify", asked)))
    asking.start()
    while asking.is_alive() and not small.call("/health")[1]["rows"]:
        time.sleep(0.02)
    with ExitStack() as opened:
        for _ in range(80):
            opened.enter_context(socket.create_connection(("127.0.0.1", small.port), timeout=30))
        asking.join()
    [(code, said)] = codes
    assert (code, [one["score"] for one in said["verdicts"]]) == (200, [None, 1.0])


@pytest.mark.slow
def test_many_connections_that_send_nothing(small):
    """More than there may be: those are closed, and after a while so are the silent ones."""
    silent, refused = [], 0
    try:
        for _ in range(300):
            connection = socket.create_connection(("127.0.0.1", small.port), timeout=30)
            silent.append(connection)
        time.sleep(1)
        for connection in silent:
            connection.setblocking(False)
            with suppress(BlockingIOError):
                refused += connection.recv(100).startswith(b"HTTP/1.1 503 ")
        assert refused >= 200
        for connection in silent:  # the server's patience with a silent client ends by itself
            connection.settimeout(40)
            try:
                while connection.recv(1000):
                    pass
            except ConnectionError:
                pass
    finally:
        for connection in silent:
            connection.close()


def test_many_requests_at_once_are_all_answered(small):
    codes = []

    def ask():
        try:
            codes.append(small.call("/verify", ASKED)[0])
        except OSError:
            codes.append(0)  # one connection too many

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 40


def test_a_reward_that_hangs_costs_its_own_row_alone(small):
    sent = {"reward": "hang", "completions": ["ok", "hang", "ok"]}
    said = small.call("/verify", sent)[1]["verdicts"]
    assert [one["score"] for one in said] == [1.0, None, 1.0]
    assert said[1]["status"] == "error"
    assert said[1]["reason"] == "hang was ended after 1 s (its limit)"


def test_a_deadline_of_the_client_holds(small):
    sent = {"reward": "hang", "completions": ["hang"]}
    code, headers, data = small.exchange("/verify?timeout_s=0.3", sent)
    assert (code, headers["retry-after"]) == (504, "1")
    assert b"0.3 s" in data
    assert small.call("/verify?timeout_s=soon", sent)[0] == 422
    assert small.call("/verify?timeout_s=nan", sent)[0] == 422


def test_a_client_that_leaves_is_counted_and_its_work_dropped(small):
    content = json.dumps({"reward": "hang", "completions": ["hang"] * 40}).encode()
    with socket.create_connection(("127.0.0.1", small.port), timeout=30) as connection:
        connection.sendall(head(len(content)) + content)
        while not small.call("/health")[1]["rows"]:
            time.sleep(0.05)
    for _ in range(600):  # 40 rows of two seconds each would take longer
        if not small.call("/health")[1]["rows"]:
            break
        time.sleep(0.05)
    assert small.call("/health")[1]["rows"] == 0
    assert b"rlvr_clients_left_total 0" not in small.exchange("/metrics")[2]
