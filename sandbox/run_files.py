"""Files that a run starts with, and those that are handed over after it: their names, checked.

Not covered: what they hold. Names lie below the run's own folder, which is empty when it begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.errors import BadFilesError

GIVEN_MAX = 256
FETCHED_MAX = 32  # descriptors that a zygote can have open beside its own
_DEEPEST = 16
_NAME_BYTES = 255
_SHOWN = 100


def check_given(files: Mapping[str, bytes]) -> None:
    """See that each of these can be written, whichever comes first.

    Raises:
        BadFilesError: there are too many, a name leads elsewhere, or one is a folder of another.
    """
    _check_count(len(files), GIVEN_MAX, "given")
    taken = {_parts(name): name for name in files}
    for parts, name in taken.items():
        for end in range(1, len(parts)):
            if parts[:end] in taken:
                raise BadFilesError(f"{_shown(name)}: {'/'.join(parts[:end])!r} is a file, too")
    for name, content in files.items():
        if not isinstance(content, bytes):
            raise BadFilesError(f"{_shown(name)}: bytes are written, not {type(content).__name__}")


def check_fetched(names: Iterable[str]) -> tuple[str, ...]:
    """These names, each once.

    Raises:
        BadFilesError: there are too many, or one leads elsewhere.
    """
    if isinstance(names, str):
        raise BadFilesError(f"{_shown(names)}: give a list of names, not one text")
    once = tuple(dict.fromkeys(names))
    _check_count(len(once), FETCHED_MAX, "fetched")
    for name in once:
        _parts(name)
    return once


def _check_count(count: int, most: int, verb: str) -> None:
    if count > most:
        raise BadFilesError(f"{count} files; at most {most} are {verb}")


def _parts(name: object) -> tuple[str, ...]:
    r"""The folders of a name and what lies there.

    >>> _parts("data/in.csv")
    ('data', 'in.csv')
    >>> _parts("../etc/passwd")
    Traceback (most recent call last):
    sandbox.errors.BadFilesError: '../etc/passwd': names are relative, such as data/in.csv, ...
    """
    if not isinstance(name, str):
        raise BadFilesError(f"a name is text, not {type(name).__name__}")
    parts = tuple(name.split("/"))
    if "\0" in name or any(part in {"", ".", ".."} for part in parts):
        raise BadFilesError(
            f"{_shown(name)}: names are relative, such as data/in.csv, and without . or .."
        )
    if len(parts) > _DEEPEST:
        raise BadFilesError(f"{_shown(name)}: {len(parts)} levels deep; at most {_DEEPEST}")
    try:
        longest = max(len(part.encode()) for part in parts)
    except UnicodeEncodeError:
        raise BadFilesError(f"{_shown(name)}: not text that UTF-8 can hold") from None
    if longest > _NAME_BYTES:
        raise BadFilesError(f"{_shown(name)}: a part of {longest} bytes; at most {_NAME_BYTES}")
    return parts


def _shown(name: str) -> str:
    return repr(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…")
