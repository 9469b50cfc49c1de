"""The report over loopback, for rows that are too many for a page.

The server listens on 127.0.0.1 alone, answers only who knows the word in its address (other users
of the machine may reach the port, and pages of the web may try), and changes nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from rewards.errors import InputError
from rewards.workbench.reporting.figures import RunFigures
from rewards.workbench.reporting.listed_rows import RowCutter
from rewards.workbench.reporting.row_store import Question, RowStore
from rewards.workbench.reporting.scored_rows import ReportColumns

HOST = "127.0.0.1"
_PLAIN = "text/plain; charset=utf-8"
_MOST_ROWS = 200
_RESERVED = frozenset({"q", "words", "sort", "reward", "start", "count", "key", "name", "prompt"})

Fields = dict[str, str]


class Answers:
    """What the server answers, without the network.

    Args:
        store: the rows.
        runs: the figures of each file.
        cutter: cuts rows to size.
        named: columns that the user named.
    """

    def __init__(
        self, store: RowStore, runs: list[RunFigures], cutter: RowCutter, named: ReportColumns
    ) -> None:
        self.store, self.runs, self.cutter, self.named = store, runs, cutter, named
        self.paths: dict[str, Callable[[Question, Fields], str]] = {
            "rows": self._rows,
            "groups": self._groups,
            "position": self._position,
            "prompt": self._prompt,
        }

    def answer(self, path: str, query: str) -> str | None:
        """JSON for a path and its query; `None` where there is no such path.

        Raises:
            ValueError: the query asks for what is not there.
        """
        if path not in self.paths:
            return None
        return self.paths[path](*read_question(query))

    def download(self, query: str) -> Iterable[str]:
        """The rows that pass, whole, as lines of JSON."""
        question, _ = read_question(query)
        return self.store.texts(self.store.numbers(question))

    def _rows(self, question: Question, fields: Fields) -> str:
        numbers = self.store.numbers(question)
        start = max(0, int(fields.get("start", "0")))
        count = min(_MOST_ROWS, max(0, int(fields.get("count", "50"))))
        items = self._listed(numbers[start : start + count])
        return f'{{"matching":{len(numbers)},"total":{self.store.rows},"items":{items}}}'

    def _groups(self, question: Question, fields: Fields) -> str:
        return json.dumps(self.store.groups(question, fields.get("key", "")))

    def _position(self, question: Question, fields: Fields) -> str:
        run, _, place = fields.get("name", "").partition(":")
        line, _, nth = place.partition(".")
        number = self.store.place(int(run) - 1, int(line), int(nth or "0"))
        numbers = self.store.numbers(question)
        return json.dumps(numbers.index(number) if number in numbers else -1)

    def _prompt(self, _: Question, fields: Fields) -> str:
        return self._listed(self.store.of_prompt(int(fields.get("prompt", "-1"))))

    def _listed(self, numbers: Iterable[int]) -> str:
        rows = self.store.fetch(list(numbers), self.named)
        return (
            "[" + ",".join(self.cutter.listed(row, run, self.runs[run]) for run, row in rows) + "]"
        )


def read_question(query: str) -> tuple[Question, Fields]:
    """The question in a query string, and its other fields."""
    pairs = parse_qsl(query, keep_blank_values=True)
    fields = {key: value for key, value in pairs if key in _RESERVED}
    sort = fields.get("sort", "")
    question = Question(
        filters=tuple((key, value) for key, value in pairs if key not in _RESERVED),
        words=tuple(value for key, value in pairs if key == "words"),
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        reward=fields.get("reward", ""),
    )
    return question, fields


class ReportServer(ThreadingHTTPServer):
    """Serves a page and the answers it asks for.

    Args:
        page: the HTML.
        answers: to its questions.
        port: to listen on; 0 for any that is free.

    Raises:
        InputError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, page: bytes, answers: Answers, *, port: int = 0) -> None:
        self.page, self.answers = page, answers
        self.word = secrets.token_urlsafe(16)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise InputError(
                f"port {port}: {error.strerror or error}; name another with --port, or leave it out"
            ) from None

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/{self.word}/"


class _Handler(BaseHTTPRequestHandler):
    server: ReportServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a question."""
        own = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        url = urlsplit(self.path)
        _, word, *rest = url.path.split("/")
        # A page of the web may point its own name here (DNS rebinding): the name gives it away.
        if self.headers.get("Host") not in own or not secrets.compare_digest(
            word.encode(), self.server.word.encode()
        ):
            self._send(HTTPStatus.FORBIDDEN, b"ask for the address that rlvr report printed")
            return
        path = "/".join(rest)
        try:
            if path == "":
                self._send(HTTPStatus.OK, self.server.page, "text/html; charset=utf-8")
            elif path == "download":
                self._stream(self.server.answers.download(url.query))
            else:
                answer = self.server.answers.answer(path, url.query)
                if answer is None:
                    self._send(HTTPStatus.NOT_FOUND, b"no such path")
                else:
                    self._send(HTTPStatus.OK, answer.encode("utf-8"), "application/json")
        except (ValueError, OverflowError) as error:
            self._send(HTTPStatus.BAD_REQUEST, str(error).encode("utf-8", "replace"))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the reader has seen enough

    def _send(
        self, status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8"
    ) -> None:
        self._head(status, kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, lines: Iterable[str]) -> None:
        self._head(HTTPStatus.OK, "application/jsonl")
        self.send_header("Content-Disposition", 'attachment; filename="rows.jsonl"')
        self.send_header("Connection", "close")
        self.end_headers()
        for line in lines:
            self.wfile.write(line.encode("utf-8"))
        self.close_connection = True

    def _head(self, status: HTTPStatus, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")

    def log_message(self, *_: object) -> None:
        """Nothing: a terminal is no place for every question of a page."""
