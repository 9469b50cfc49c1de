"""Opening a file or folder of rows, whatever its format.

| what | known by | read by |
|---|---|---|
| JSONL, plain or packed with gzip or zstd | its content | `text_reader` |
| CSV, TSV, packed or not | its name: `.csv`, `.tsv` | `delimited_reader` |
| a JSON array of objects, or one object around it | its content | `json_array_reader` |
| a log of inspect_ai, `.eval` | its content | `eval_log_reader` |
| parquet | its content | `parquet_reader` |
| a folder that `Dataset.save_to_disk` wrote | `state.json` | `dataset_folder` |
| a folder of shards | the names of its files | `shard_folder` |

Rows that another tool wrote are known by the first of them: see `other_tools`.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from rewards.errors import DataFileError
from rewards.workbench.rows.dataset_folder import STATE, DatasetFolderReader, saved_files
from rewards.workbench.rows.delimited_reader import DelimitedReader, delimiter_of
from rewards.workbench.rows.eval_log_reader import ZIP, EvalLogReader, is_eval_log
from rewards.workbench.rows.json_array_reader import JsonArrayReader, starts_array
from rewards.workbench.rows.parquet_reader import PARQUET, ParquetReader
from rewards.workbench.rows.rows import RowReader
from rewards.workbench.rows.shaped_reader import read_other_tools
from rewards.workbench.rows.shard_folder import ShardsReader, find_shards
from rewards.workbench.rows.text_reader import START_BYTES, TextReader, open_regular

_SPLITS = "dataset_dict.json"


def open_rows(path: Path) -> RowReader:
    """The rows of a file or folder.

    >>> with open_rows(path) as rows:  # doctest: +SKIP
    ...     [row.text for row in rows]
    ['{"completion": "4"}']

    Raises:
        DataFileError: it cannot be opened, or is plainly in no format that is known.
        MissingExtraError: a package that reads the format is not installed.
    """
    if path.is_dir():
        if _is_saved(path):
            return DatasetFolderReader(path)
        shards = find_shards(path)
        first = partial(_open_file, shards[0])
        return read_other_tools(ShardsReader(path, shards, _open_file), first)
    return read_other_tools(_open_file(path), partial(_open_file, path))


def data_files(path: Path) -> list[Path]:
    """The files that hold the rows: the file itself, or those of a folder in order.

    Raises:
        DataFileError: a folder holds no rows.
    """
    if not path.is_dir():
        return [path]
    return [path / STATE, *saved_files(path)] if _is_saved(path) else find_shards(path)


def _open_file(path: Path) -> RowReader:
    with open_regular(path) as file:
        start = file.read(START_BYTES)
    if start.startswith(PARQUET):
        return ParquetReader(path)
    if start.startswith(ZIP) and is_eval_log(path):
        return EvalLogReader(path)
    if delimiter_of(path):
        return DelimitedReader(path)
    reader = TextReader(path)
    if starts_array(reader.start):
        reader.close()
        return JsonArrayReader(path)
    return reader


def _is_saved(folder: Path) -> bool:
    """Whether a folder holds one saved dataset; several of them are refused."""
    splits = folder / _SPLITS
    if splits.is_file():
        try:
            names = [str(name) for name in json.loads(splits.read_bytes())["splits"]]
        except (OSError, ValueError, KeyError, TypeError):
            names = []
        folders = ", ".join(str(folder / name) for name in names) or "the folder of a split"
        raise DataFileError(f"{folder}: holds several splits; name one of them: {folders}")
    return (folder / STATE).is_file()
