"""Scored files to report on."""

from __future__ import annotations

import json
import re

import pytest

from rewards.workbench.reporting import ReportOptions, write_report
from rewards.workbench.reporting.packed_rows import unpack_rows
from rewards.workbench.reporting.scored_rows import ReportColumns


def verdict(score, status, *, extracted="4", expected="4", reason="compared"):
    return {
        "score": score,
        "status": status,
        "extracted": extracted,
        "expected": expected,
        "reason": reason,
    }


def scored(number, *, status="correct", text=None, **columns):
    """A row as `rlvr score` writes it."""
    unscored = status in {"error", "bad_reference", "not_applicable"}
    score = None if unscored else float(status == "correct")
    return {
        "id": number,
        "completion": f"It is {number}." if text is None else text,
        **columns,
        "accuracy": verdict(score, status, extracted=str(number), reason=f"reason {number}"),
    }


class Reports:
    """A folder in which scored files are written and reported on."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, rows, name="scored.jsonl"):
        path = self.folder / name
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        return path

    def report(self, *files, named=None, **options):
        """The summary; the page is in `html`, its data in `data`."""
        output = self.folder / "report.html"
        summary = write_report(
            ReportOptions(files=files, output=output, named=named or ReportColumns(), **options)
        )
        self.html = output.read_bytes().decode("utf-8")
        start = self.html.index('id="data">') + len('id="data">')
        self.data = json.loads(self.html[start : self.html.index("</script>", start)])
        self.rows = self.unpack("rows")
        self.changed = self.unpack("changed")
        return summary

    def unpack(self, kind):
        """The rows that the page holds."""
        packed = re.findall(
            rf'<script type="text/plain" class="{kind}">([^<]*)</script>', self.html
        )
        return [row for piece in unpack_rows(packed) for row in json.loads(piece)]

    @property
    def page(self):
        return self.folder / "report.html"


@pytest.fixture
def reports(tmp_path):
    return Reports(tmp_path)


@pytest.fixture(scope="module")
def make_reports(tmp_path_factory):
    return lambda: Reports(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def make_row():
    return scored
