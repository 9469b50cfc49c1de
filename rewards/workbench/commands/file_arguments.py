"""Files named on the command line: patterns that the shell left for us."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path


def expand_patterns(arguments: Sequence[Path]) -> list[Path]:
    """The files that arguments name, each once; a pattern's by name, numbers by value.

    What exists under its own name is no pattern, whatever its name looks like.

    Raises:
        DataFileError: nothing matches a pattern.
    """
    from rewards.errors import DataFileError  # `--help` is quick
    from rewards.workbench.commands.streams import address_of
    from rewards.workbench.rows.shard_folder import sort_naturally

    found: list[Path] = []
    for argument in arguments:
        if argument.exists() or address_of(argument) or not glob.has_magic(str(argument)):
            found.append(argument)
            continue
        matches = sort_naturally(map(Path, glob.glob(str(argument), recursive=True)))  # noqa: PTH207 - absolute ones too
        if not matches:
            raise DataFileError(f"{argument}: no file matches; check the pattern")
        found += matches
    return list(dict.fromkeys(found))
