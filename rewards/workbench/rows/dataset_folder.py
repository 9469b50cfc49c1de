"""Rows from a folder that `Dataset.save_to_disk` wrote, memory-mapped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rewards.errors import DataFileError
from rewards.extras import require_package
from rewards.workbench.rows.arrow_reader import ArrowReader, check_columns, translated_errors
from rewards.workbench.rows.text_reader import open_regular

if TYPE_CHECKING:
    import pyarrow as pa

STATE = "state.json"
"""The file that makes a folder a saved dataset."""

# Every complete stream ends with it (Arrow columnar format, "IPC streaming format"); without it
# a file that was cut off between two batches would pass for a shorter one.
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


class DatasetFolderReader(ArrowReader):
    """The rows of a saved dataset, file after file.

    Raises:
        DataFileError: it is incomplete or damaged, or two of its columns have the same name.
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(self, path: Path) -> None:
        require_package("pyarrow", needed_by=f"{path} (a saved dataset)", extra="data")
        self._paths = saved_files(path)
        self._source: pa.MemoryMappedFile | None = None
        self._before = 0  # bytes of the files that are behind
        sizes = [_check_whole(file) for file in self._paths]
        super().__init__(path, sum(sizes))

    def close(self) -> None:
        """Close the file that is open."""
        if self._source is not None:
            self._batch = self._batches = None
            self._source.close()

    def _position(self) -> int:
        source = self._source
        return self._before + (0 if source is None or source.closed else source.tell())

    def _read_batches(self) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for path in self._paths:
            with translated_errors(str(path)):
                self._source = pa.memory_map(str(path))
                stream = pa.ipc.open_stream(self._source)
                check_columns(path, stream.schema)
            while True:
                with translated_errors(f"{path}: behind row {self.line} of the dataset"):
                    try:
                        batch = stream.read_next_batch()
                        batch.validate(full=True)  # damaged offsets would end the process
                    except StopIteration:
                        break
                yield batch
            self._before += self._source.size()
            self._source.close()


def saved_files(folder: Path) -> list[Path]:
    """The data files of a saved dataset, in order.

    Raises:
        DataFileError: its list of files cannot be read, or the dataset needs more than its files.
    """
    state = folder / STATE
    with open_regular(state) as file:
        text = file.read()
    try:
        known = json.loads(text)
        names = [str(one["filename"]) for one in known["_data_files"]]
        picked = known.get("_indices_data_files") or known.get("_indices_files")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataFileError(
            f"{state}: does not list the files of a dataset; write the folder again with "
            "save_to_disk"
        ) from None
    if picked:
        raise DataFileError(
            f"{folder}: is a selection of the rows in its files, as old versions of datasets saved "
            "it; write it again: load_from_disk(IN).flatten_indices().save_to_disk(OUT)"
        )
    return [folder / name for name in names]


def _check_whole(path: Path) -> int:
    """The size of a file that is there to its end."""
    with open_regular(path) as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - len(_END_OF_STREAM)))
        if file.read() != _END_OF_STREAM:
            raise DataFileError(
                f"{path}: ends early (a truncated copy?); copy the folder again, or write it again "
                "with save_to_disk"
            )
    return size
