"""The table of TRL's releases says what pytest said."""

import pytest
from releases import PAGE, RELEASES, summary, with_table


def test_what_pytest_said():
    assert summary("....\n\n3 failed, 1 passed, 2 skipped in 3.2s") == (
        "3 failed, 1 passed, 2 skipped"
    )
    assert summary("x\n1 passed, 7 warnings, 1 error in 0:02") == "1 passed, 1 error"
    assert summary("no tests ran in 0.01s") == "no tests"


def test_the_page_has_a_place_for_it():
    page = PAGE.read_text(encoding="utf-8")
    found = with_table(page, {"1.0": "2 passed"}, ["tests/trl"])
    assert "| 1.0 | 2 passed |" in found
    assert found.count("<!-- releases -->") == 1
    assert with_table(found, {"1.0": "2 passed"}, ["tests/trl"]) == found
    with pytest.raises(ValueError, match="the page has no"):
        with_table("nothing", {}, [])


def test_the_pinned_release_is_among_them():
    pins = (PAGE.parents[1] / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert f"trl=={RELEASES[-1]}" in pins
