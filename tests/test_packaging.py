"""The wheel holds what users need, and works from a directory that is not this one."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LIGHT = ("test_contract.py", "rules", "extraction", "programs", "worker", "workbench/scoring")


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    built = run(
        sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = out.glob("rlvr-*.whl")
    return path


def test_constraints_open_with_what_they_are_for():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    said = [line for line in lines if line.startswith("#")]
    assert lines[: len(said)] == said, "comments stand at the top, not sorted among the pins"
    assert said[0].startswith("# The versions"), "and in order"
    pins = lines[len(said) :]
    assert all("==" in pin for pin in pins)
    names = [canonicalize_name(pin.partition("==")[0]) for pin in pins]
    assert len({*names}) == len(names)


@pytest.mark.slow
def test_wheel_holds_the_packages_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {
        "rewards",
        "sandbox",
        "grpo_plugin",
        "rlvr.py",
        "rlvr_cpus.py",
        "rlvr_origin.py",
    }
    for package in ("rewards", "sandbox", "grpo_plugin"):
        assert f"{package}/py.typed" in names
    template = {path.name for path in (ROOT / "rewards/workbench/reporting/template").iterdir()}
    assert {f"rewards/workbench/reporting/template/{name}" for name in template} < {*names}
    assert "rewards/workbench/benchmarking/data/attacks.jsonl" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_installed_wheel_passes_the_light_tests_from_elsewhere(wheel, tmp_path):
    site = tmp_path / "site"
    installed = run(
        sys.executable, "-m", "pip", "install", "--no-deps", "--target", site, wheel, cwd=tmp_path
    )
    assert installed.returncode == 0, installed.stderr
    # PYTHONPATH stands before an editable installation on the import path.
    elsewhere = {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    origin = run(
        sys.executable, "-c", "import rewards; print(rewards.__file__)", cwd=tmp_path, **elsewhere
    )
    assert origin.stdout.startswith(str(site)), origin.stdout + origin.stderr
    tested = run(
        *(sys.executable, "-m", "pytest", "-q", "-n", "auto", "-m", "not slow"),
        *("-p", "no:cacheprovider"),
        *(f"--rootdir={ROOT}", "-c", ROOT / "pyproject.toml"),
        *(ROOT / "tests/rewards" / name for name in LIGHT),
        cwd=tmp_path,
        **elsewhere,
    )
    assert tested.returncode == 0, tested.stdout[-3000:] + tested.stderr[-2000:]
