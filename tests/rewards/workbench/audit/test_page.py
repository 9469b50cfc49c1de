"""The page of an audit: complete, harmless, and written only where it may be."""

import json
import re

import pytest
from typer.testing import CliRunner

from rewards.workbench.cli import app

pytest.importorskip("jinja2")


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.jsonl"
    hostile = "<script>alert(1)</script> \u202e is what the long text says here"
    rows = [{"answer": "2"}, {"answer": "3.14"}, {"answer": hostile}, {"answer": "\frac12"}]
    lines = [json.dumps(row) for row in rows]
    path.write_text("\n".join([*lines, "{broken"]) + "\n", encoding="utf-8")
    return path


def test_the_page_shows_what_was_found(data, tmp_path):
    page = tmp_path / "audit.html"
    found = CliRunner().invoke(app, ["audit", str(data), "--html", str(page)])
    assert found.exit_code == 1, found.output
    html = page.read_text(encoding="utf-8")
    seen = " ".join(re.sub("<[^>]*>", "", html).split())
    for said in ("A rule can judge 75.0%", "rounded decimal", "damaged", "2 kept", "1 mended"):
        assert said in seen
    assert "<script" not in html.lower()
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html
    assert not re.search(r'(?:src|href)="[^#]', html)
    for place in re.findall(r'href="#([^"]+)"', html):
        assert f'id="{place}"' in html


def test_a_page_that_is_there_is_kept_unless_said_otherwise(data, tmp_path):
    page = tmp_path / "audit.html"
    page.write_text("mine", encoding="utf-8")
    assert CliRunner().invoke(app, ["audit", str(data), "--html", str(page)]).exit_code == 2
    assert page.read_text(encoding="utf-8") == "mine"
    CliRunner().invoke(app, ["audit", str(data), "--html", str(page), "--overwrite"])
    assert "Audit of" in page.read_text(encoding="utf-8")


def test_the_input_is_not_overwritten(data):
    before = data.read_text(encoding="utf-8")
    found = CliRunner().invoke(app, ["audit", str(data), "--html", str(data), "--overwrite"])
    assert found.exit_code == 2
    assert data.read_text(encoding="utf-8") == before


def test_a_clean_file(tmp_path):
    path, page = tmp_path / "data.jsonl", tmp_path / "audit.html"
    path.write_text('{"answer": "2"}\n', encoding="utf-8")
    assert CliRunner().invoke(app, ["audit", str(path), "--html", str(page)]).exit_code == 0
    assert "Nothing was found." in page.read_text(encoding="utf-8")
