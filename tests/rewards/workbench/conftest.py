"""Rows in every format that is read."""

from __future__ import annotations

import gzip
import json

import pytest


def dump_lines(rows) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


class Formats:
    """Writes rows; each method but `write` is a format."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, name, rows):
        """The path of a file or folder with these rows."""
        return getattr(self, name)(rows)

    def jsonl(self, rows, name="in.jsonl"):
        path = self.folder / name
        path.write_bytes(dump_lines(rows))
        return path

    def gz(self, rows):
        path = self.folder / "in.jsonl.gz"
        path.write_bytes(gzip.compress(dump_lines(rows)))
        return path

    def zst(self, rows):
        zstandard = pytest.importorskip("zstandard")
        path = self.folder / "in.jsonl.zst"
        middle = len(rows) // 2  # two frames, as `cat` makes them
        path.write_bytes(
            zstandard.compress(dump_lines(rows[:middle]))
            + zstandard.compress(dump_lines(rows[middle:]))
        )
        return path

    def parquet(self, rows, *, name="in.parquet", group_rows=7):
        pa = pytest.importorskip("pyarrow")
        pq = pytest.importorskip("pyarrow.parquet")
        path = self.folder / name
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=group_rows)
        return path

    def saved(self, rows, *, name="saved", shards=3):
        """As `Dataset.save_to_disk` writes it."""
        datasets = pytest.importorskip("datasets")
        pa = pytest.importorskip("pyarrow")
        path = self.folder / name
        datasets.disable_progress_bars()
        table = pa.Table.from_pylist(rows)
        datasets.Dataset(table).save_to_disk(path, num_shards=min(shards, len(rows) or 1))
        return path

    def shards(self, rows):
        """Files whose names do not sort as text, one without a row among them."""
        folder = self.folder / "shards"
        folder.mkdir(exist_ok=True)
        size = len(rows) // 11 + 1
        for at in range(12):
            part = folder / f"part-{at}.jsonl"
            part.write_bytes(dump_lines(rows[at * size : (at + 1) * size]))
        (folder / ".hidden.jsonl").write_text("{}\n")
        (folder / "notes.txt").write_text("no rows")
        return folder


@pytest.fixture
def formats(tmp_path):
    return Formats(tmp_path)
