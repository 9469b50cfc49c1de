"""SQLite on files, where no file can be locked: it is opened without locks.

Not covered: databases that are opened by a URI of the program's own, or by other libraries.
"""

from __future__ import annotations

import os
from typing import Any

_ESCAPED = {ord("%"): "%25", ord("?"): "%3f", ord("#"): "%23"}


def open_without_locks(source: str) -> None:
    """Let `sqlite3.connect` keep files, if source names it: nobody else is there to lock out."""
    if "sqlite3" not in source:
        return
    try:
        import sqlite3
    except ImportError:  # a Python without it; who imports it will say so
        return
    plain = sqlite3.connect

    def connect(database: Any, *args: Any, uri: bool = False, **kwargs: Any) -> Any:
        name = os.fsdecode(database)
        if not uri and name and name != ":memory:":
            name, uri = f"file:{name.translate(_ESCAPED)}?nolock=1", True
        return plain(name, *args, uri=uri, **kwargs)

    sqlite3.connect = sqlite3.dbapi2.connect = connect
