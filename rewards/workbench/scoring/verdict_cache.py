"""Verdicts on pairs that were judged before: in this run, or with a cache file in any.

What is remembered depends on all that the verdict depends on: the reward and its options, every
column that it reads, and with a file the code. Errors and time-outs are judged anew.

A cache file is a SQLite database that any number of runs may share. One that cannot be read or
written any more in the middle of a run is not used from then on: verdicts never depend on it.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import os
import sqlite3
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from rewards.composite import Combination
from rewards.errors import DataFileError
from rewards.extras import version_of
from rewards.reward import Reward
from rewards.verdict import Status, Verdict, VerdictFields

_KEPT = 8_192
_KEPT_CHARACTERS = 4_096  # of a verdict's texts; longer ones would let the memory grow
_NOT_KEPT = frozenset({Status.ERROR.value, Status.TIMEOUT.value})
_ASKED_AT_ONCE = 500
_PATIENCE_S = 10.0  # for another process's writing
_DECIDED_BY = ("sympy", "math-verify", "latex2sympy2-extended", "antlr4-python3-runtime")


def is_remembered(reward: object) -> bool:
    """Whether each verdict depends on its own row alone, and costs more than to remember it.

    Not a combination, which may compare the completions of a group. Those of the user's own are
    not remembered either, by whoever asks this: their code may change, and look at the batch.
    """
    return (
        isinstance(reward, Reward)
        and reward.role is not None
        and not isinstance(reward, Combination)
    )


def pair_key(source: str, values: Sequence[object]) -> bytes:
    """What tells pairs apart: the reward with its options, and the values of what it reads."""
    try:
        # Later versions of the format tell equal texts apart.
        packed = marshal.dumps([source, *values], 2)
    except ValueError:  # nested too deeply
        packed = json.dumps([source, *values]).encode()
    return blake2b(packed, digest_size=16).digest()


class CacheFullError(DataFileError):
    """There is no room for a cache file. Never leaves the scoring of a file."""


class Memory:
    """What rewards said, by `pair_key`; the least recently asked for is forgotten first.

    Args:
        path: the cache file, which is made when it is missing; `None` for this process only.
    """

    def __init__(self, path: str | None = None) -> None:
        self._recent: OrderedDict[bytes, VerdictFields] = OrderedDict()
        self._file: sqlite3.Connection | None = None
        if path is not None:
            with contextlib.suppress(sqlite3.Error):
                self._file = _open(path)

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, VerdictFields]:
        """What is known of these pairs."""
        found: dict[bytes, VerdictFields] = {}
        missing: list[bytes] = []
        for key in dict.fromkeys(keys):
            if key in self._recent:
                self._recent.move_to_end(key)
                found[key] = self._recent[key]
            else:
                missing.append(key)
        for start in range(0, len(missing), _ASKED_AT_ONCE):
            if self._file is None:
                break
            some = missing[start : start + _ASKED_AT_ONCE]
            marks = ", ".join("?" * len(some))
            try:
                rows = self._file.execute(
                    f"SELECT key, fields, digest FROM verdicts WHERE key IN ({marks})",  # noqa: S608
                    some,
                ).fetchall()
            except sqlite3.Error:
                self._file = None
                break
            # What was damaged or is no verdict is judged anew.
            said = {row[0]: _read_fields(*row) for row in rows}
            read = {key: fields for key, fields in said.items() if fields is not None}
            found |= read
            self._keep(read)
        return found

    def remember(self, verdicts: Mapping[bytes, VerdictFields]) -> None:
        """Keep what was just judged."""
        lasting = {key: one for key, one in verdicts.items() if one["status"] not in _NOT_KEPT}
        self._keep(lasting)
        if lasting and self._file is not None:
            try:
                with self._file:
                    self._file.executemany(
                        "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?)",
                        [_row(key, one) for key, one in lasting.items()],
                    )
            except sqlite3.Error:  # a full disk, or another process writes for too long
                self._file = None

    def _keep(self, verdicts: Mapping[bytes, VerdictFields]) -> None:
        for key, one in verdicts.items():
            if sum(len(text) for text in one.values() if isinstance(text, str)) <= _KEPT_CHARACTERS:
                self._recent[key] = one
        while len(self._recent) > _KEPT:
            self._recent.popitem(last=False)


def memory_of(cache: str | None) -> Memory:
    """This process's memory; a connection to a database does not survive a fork."""
    return _memory(cache, os.getpid())


def check_cache(path: Path) -> str:
    """Make a cache file or look whether there is one, for an error at the start.

    Raises:
        CacheFullError: there is no room for it; a run can do without.
        DataFileError: it cannot be used.
    """
    mend = "name another --cache, or remove it to start a new one"
    if path.is_dir() or not path.parent.is_dir():
        raise DataFileError(f"{path}: is no place for a file; name a file for --cache")
    try:
        file = _open(str(path))
        with file:
            file.execute("SELECT key, fields, digest FROM verdicts LIMIT 1").fetchall()
            file.execute("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?)", _row(b"", {}))
        file.close()
    except sqlite3.Error as error:
        if "full" in str(error) or "disk I/O" in str(error):
            raise CacheFullError(
                f"{path}: is not used as a cache ({error}); free some space"
            ) from None
        raise DataFileError(f"{path}: cannot be used as a cache ({error}); {mend}") from None
    return str(path.resolve())


def describe_code() -> str:
    """A hash of all that decides a verdict: our code, Python, and what sympy's fallback uses."""
    digest = blake2b(sys.version.encode(), digest_size=16)
    for package in ("rewards", "sandbox"):
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations if spec is not None else None) or ():
            for file in sorted(Path(folder).rglob("*.py")):
                digest.update(file.read_bytes())
    for name in _DECIDED_BY:
        if found := version_of(name):
            digest.update(f"{name} {found}".encode())
    return digest.hexdigest()


def _read_fields(key: object, text: object, digest: object) -> VerdictFields | None:
    """What a line of the file says, if it is as it was written and says a verdict."""
    if not (isinstance(key, bytes) and isinstance(text, str) and digest == _digest(key, text)):
        return None
    try:
        fields: VerdictFields = json.loads(text)
        Verdict.from_dict(fields)
    except (ValueError, RecursionError):
        return None
    return fields


def _row(key: bytes, fields: VerdictFields) -> tuple[bytes, str, bytes]:
    text = json.dumps(fields)
    return key, text, _digest(key, text)


def _digest(key: bytes, fields: str) -> bytes:
    return blake2b(key + fields.encode(), digest_size=8).digest()


@lru_cache(maxsize=2)
def _memory(cache: str | None, pid: int) -> Memory:  # noqa: ARG001 - a memory for each process
    return Memory(cache)


def _open(path: str) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=_PATIENCE_S, check_same_thread=False)
    # A machine that stops may damage the file; that is found out, and costs time alone.
    file.execute("PRAGMA synchronous=OFF")
    file.execute(
        "CREATE TABLE IF NOT EXISTS verdicts "
        "(key BLOB PRIMARY KEY, fields TEXT, digest BLOB) WITHOUT ROWID"
    )
    file.commit()
    return file
