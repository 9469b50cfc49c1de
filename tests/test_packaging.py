"""The wheel holds what users need, and works from a directory that is not this one."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
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


def declared():
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        extra: {canonicalize_name(Requirement(text).name) for text in texts}
        for extra, texts in project["optional-dependencies"].items()
    }


SOURCES = [
    path for top in ("rewards", "sandbox", "grpo_plugin") for path in (ROOT / top).rglob("*.py")
]


def test_the_extra_that_a_message_names_brings_the_package():
    extras = declared()
    asked = 0
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        for call in ast.walk(ast.parse(source)):
            named = (
                {} if not isinstance(call, ast.Call) else {k.arg: k.value for k in call.keywords}
            )
            if "needed_by" not in named or not isinstance(call.args[0], ast.Constant):
                continue
            asked += 1
            extra = named["extra"].value if "extra" in named else "extra"
            assert canonicalize_name(call.args[0].value) in extras[extra], path
    assert asked > 5
    for path in [*SOURCES, ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for names in re.findall(r"rlvr\[([\w,-]+)\]", path.read_text(encoding="utf-8")):
            assert set(names.split(",")) <= set(extras), path


def test_no_extra_brings_what_nothing_imports():
    imported = {
        canonicalize_name(name)
        for path in SOURCES
        for name in re.findall(
            r"(?:import|from|find_spec\(|_package\()\s*\"?(\w+)", path.read_text("utf-8")
        )
    }
    for extra, names in declared().items():
        if extra not in {
            "dev",
            "code",
            "code-science",
        }:  # programs in the sandbox import what `code` brings
            assert names <= imported | {"accelerate"}, extra  # TRL's trainer does


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
