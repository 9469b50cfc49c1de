"""What the documentation shows is what happens: every example of every page is run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from printed import assert_prints, run_as_shown

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+\.md)[^)]*\)")
GENERATED = ("rewards/", "objectives/")


def examples(page):
    return BLOCK.findall(page.read_text(encoding="utf-8"))


RUN = {"python", "bash", "console"}
WITH_EXAMPLES = [page for page in PAGES if {kind for kind, _, _ in examples(page)} & RUN]


@pytest.mark.parametrize(
    "page", WITH_EXAMPLES, ids=lambda page: str(page.relative_to(ROOT / "docs"))
)
def test_examples_run(page, tmp_path, monkeypatch):
    if page.parent.name == "adapters" or page.name == "serving.md":
        pytest.skip("has tests of its own")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    scope = {"__name__": "__main__"}
    for kind, title, text in examples(page):
        if title:
            (tmp_path / title).write_text(text, encoding="utf-8")
            if kind == "python":
                compile(text, f"{page.name}: {title}", "exec")
        elif kind == "python":
            exec(compile(text, page.name, "exec"), scope)
        elif kind == "bash":
            for line in filter(None, text.splitlines()):
                status, printed = run_as_shown(line, tmp_path)
                assert status in {0, 1}, printed  # 1: rows or rewards that failed, which is said
        elif kind == "console":
            assert_prints(text, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT / "docs")))
def test_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        path = (page.parent / link).resolve()
        within = str(path.relative_to(ROOT / "docs"))
        assert path.is_file() or within.startswith(GENERATED), link


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path):
    pytest.importorskip("mkdocs")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert built.returncode == 0, built.stderr[-3000:]
    assert (tmp_path / "site" / "rewards" / "accuracy.html").is_file()
    assert (tmp_path / "site" / "objectives" / "dapo.html").is_file()
