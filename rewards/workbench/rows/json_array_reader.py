"""Rows from a JSON array of objects, alone in its file or in an object around it, one at a time.

Of an object around it the first array of objects counts, whatever stands before. A pretty-printed
object without one is a row itself.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path

from rewards.errors import DataFileError
from rewards.text.shorten import shorten
from rewards.workbench.rows import rows
from rewards.workbench.rows.rows import RawRow
from rewards.workbench.rows.text_reader import TextReader

# An array of objects; or an object that starts with one, as `{"data": [{…`, on lines of its own.
_ARRAY = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*"[^"\\]{1,40}"\s*:\s*)?\[\s*(?:\{|\]\s*\Z)')
_ONLY_OPENS = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*(?:"[^"\\]{1,40}"\s*:\s*(?:\[\s*\{?\s*)?)?')
# A pretty-printed object: a brace, and its first name on a line of its own.
_PRETTY = re.compile(rb'\{\s*(?:"|\})')
# A file of one line whose first key says that rows follow.
_WRAPPED = re.compile(rb'\s*\{\s*"(?:data|rows|examples|instances|records)"\s*:\s*\[\s*\{')
_OBJECTS = re.compile(r"\[\s*\{")
_COLON = re.compile(r"\s*:\s*")
_LOOKAHEAD = 64
_BETWEEN = re.compile(r"[\s,]*")
_READ_BYTES = 2**16


def starts_array(start: bytes) -> bool:
    r"""Whether a file that starts so holds a JSON array of objects.

    >>> starts_array(b'[{"a": 1}'), starts_array(b'{\n  "data": ['), starts_array(b'{"a": 1}')
    (True, True, False)

    A row of JSONL may start with a list of objects as well, such as one of chat messages, but it
    does not break its line behind the opening bracket.
    """
    start = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"["):
        return _ARRAY.match(start) is not None
    first_line, end, _ = start.partition(b"\n")
    if end and _ONLY_OPENS.fullmatch(first_line) is not None:
        return _ARRAY.match(start) is not None or _PRETTY.match(start) is not None
    return _WRAPPED.match(start) is not None


class JsonArrayReader(TextReader):
    """The objects of one array, numbered from 1. What stands behind it in the file is not read.

    Raises:
        DataFileError: the file cannot be opened; or, when its end is met, is cut off.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("strict")
        self._text = ""
        self._at = 0
        self._ended = False
        self._parser = json.JSONDecoder()
        self._begun = self._is_done = False

    def skip(self, count: int) -> int:
        """Pass over `count` rows; returns how many there were."""
        skipped = 0
        while skipped < count and self._next_text() is not None:
            skipped += 1
        self._rows += skipped
        self._mark(self._raw.tell())
        return skipped

    def __iter__(self) -> Iterator[RawRow]:
        while (text := self._next_text()) is not None:
            self._rows += 1
            self._mark(self._raw.tell())
            flaw = ""
            if len(text) > rows.MAX_LINE_BYTES:
                flaw = f"the row is longer than {rows.MAX_LINE_BYTES // 2**20} MB"
            # Line ends inside an object, as pretty-printed ones have them, would break its line.
            one_line = text if "\n" not in text and "\r" not in text else on_one_line(text)
            yield RawRow(self.line, shorten(one_line) if flaw else one_line, flaw)
        self._mark(self.size_bytes)

    def _next_text(self) -> str | None:
        """The text of the next element; `None` behind the last."""
        if not self._begun:
            self._begun = True
            self._fill(_READ_BYTES)
            if not self._find_array():
                return self._whole()
        return None if self._is_done else self._next_element()

    def _next_element(self) -> str | None:
        size = _READ_BYTES
        while True:
            between = _BETWEEN.match(self._text, self._at)
            self._at = between.end() if between else self._at
            if self._text[self._at : self._at + 1] == "]":
                return None
            try:
                _, end = self._parser.raw_decode(self._text, self._at)
            except (json.JSONDecodeError, RecursionError) as error:
                if self._ended or isinstance(error, RecursionError):
                    raise self._broken(error) from None
            else:
                # A number at the very end of what was read may go on.
                if end < len(self._text) or self._ended:
                    text = self._text[self._at : end]
                    self._at = end
                    self.line += 1
                    return text
            if len(self._text) - self._at > 4 * rows.MAX_LINE_BYTES:
                raise self._broken("an element of more than 128 MB")
            self._fill(size)
            size *= 2

    def _find_array(self) -> bool:
        """Go behind the bracket that opens the array; false where there is none of objects."""
        self._skip_space()
        if self._text[self._at : self._at + 1] == "[":
            self._at += 1
            return True
        self._at += 1  # the brace
        while self._skip_space(",") == '"':
            self._take()
            colon = _COLON.match(self._text, self._at)
            self._at = colon.end() if colon else self._at
            self._skip_space()
            if _OBJECTS.match(self._text, self._at):
                self._at += 1
                return True
            self._take()
        return False

    def _skip_space(self, more: str = "") -> str:
        """Go to the next letter that is no space; it, or "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n" + more:
                self._at += 1
            if self._ended or len(self._text) - self._at > _LOOKAHEAD:
                return self._text[self._at : self._at + 1]
            self._fill(_READ_BYTES)

    def _take(self) -> None:
        """Go behind the value that stands here."""
        size = _READ_BYTES
        while True:
            try:
                _, end = self._parser.raw_decode(self._text, self._at)
            except (json.JSONDecodeError, RecursionError) as error:
                if self._ended or isinstance(error, RecursionError):
                    raise self._broken(error) from None
            else:
                if end < len(self._text) or self._ended:
                    self._at = end
                    return
            if len(self._text) - self._at > 4 * rows.MAX_LINE_BYTES:
                raise self._broken("a value of more than 128 MB")
            self._fill(size)
            size *= 2

    def _whole(self) -> str:
        """The object that is all there is."""
        self._lines = self._unpacked()
        data = self._read(4 * rows.MAX_LINE_BYTES)
        try:
            text = data.decode("utf-8-sig").strip()
            json.loads(text)
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise self._broken(error) from None
        self._is_done = True
        self.line += 1
        return text

    def _fill(self, count: int) -> None:
        """Read on, and forget what is behind."""
        data = self._read(count)
        self._ended = not data
        try:
            self._text = self._text[self._at :] + self._decode.decode(data, final=self._ended)
        except UnicodeDecodeError:
            raise DataFileError(
                f"{self.path}: is not UTF-8 behind row {self.line}; convert it first"
            ) from None
        self._at = 0

    def _broken(self, error: object) -> DataFileError:
        return DataFileError(
            f"{self.path}: the JSON is broken or cut off behind row {self.line} ({error})"
        )


def on_one_line(text: str) -> str:
    """Without the line ends of pretty-printed JSON: inside its strings they are escaped."""
    return re.sub(r"[ \t]*[\r\n]+[ \t]*", " ", text)
