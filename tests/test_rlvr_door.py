"""A stranger's `rewards` in the way is found and named, before anything of it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import rlvr
from rlvr_origin import PACKAGES

DOOR = Path(rlvr.__file__).resolve()


def run_python(source: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Start `python -c` in `cwd`, which thereby stands first on the import path."""
    return subprocess.run(
        [sys.executable, "-c", source],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def start_door(cwd: Path) -> subprocess.CompletedProcess[str]:
    return run_python(
        f"import sys; sys.path.append({str(DOOR.parent)!r}); sys.argv = ['rlvr', '--help'];"
        "import rlvr; rlvr.main()",
        cwd,
    )


@pytest.mark.parametrize("name", PACKAGES)
@pytest.mark.parametrize("as_package", [True, False])
def test_foreign_package_is_named_and_not_run(tmp_path, name, as_package):
    foreign = tmp_path / name / "__init__.py" if as_package else tmp_path / f"{name}.py"
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text("open('it_ran', 'w')\n")
    result = start_door(tmp_path)
    assert result.returncode == 2, result.stderr
    assert str(foreign) in result.stderr
    assert "Rename" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "it_ran").exists()


def test_nothing_foreign_opens_the_command_line(tmp_path):
    result = start_door(tmp_path)
    assert result.returncode == 0, result.stderr
    assert "score" in result.stdout
