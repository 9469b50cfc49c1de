"""What `rlvr doctor` looks at: every extra, and every layer of the sandbox."""

import sys
from pathlib import Path

import pytest

import sandbox.box
from rewards.programs import sandboxes
from rewards.workbench.diagnosis import Grade, packages
from rewards.workbench.diagnosis.checkup import gpus
from rewards.workbench.diagnosis.confinement import check_sandbox, check_what_programs_use
from rewards.workbench.diagnosis.packages import Declared, check_packages
from sandbox.languages import LANGUAGES

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has none")
ROOT = Path(__file__).resolve().parents[4]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def found(declared, monkeypatch):
    monkeypatch.setattr(packages, "_declared", lambda: declared)
    return {check.name: check for check in check_packages()}


def declared_here():
    return packages._declared_in(ROOT / "pyproject.toml")


@pytest.mark.parametrize(
    "extra", [name for name in PROJECT["optional-dependencies"] if name != "dev"]
)
def test_every_extra_is_looked_at(extra, monkeypatch):
    checks = found(declared_here(), monkeypatch)
    for requirement in PROJECT["optional-dependencies"][extra]:
        assert requirement.partition(">=")[0] in checks


def test_what_is_always_needed_is_looked_at(monkeypatch):
    checks = found(declared_here(), monkeypatch)
    for requirement in PROJECT["dependencies"]:
        assert requirement.partition(">=")[0] in checks


def test_tools_of_development_are_not(monkeypatch):
    assert "ruff" not in found(declared_here(), monkeypatch)


@pytest.mark.parametrize(
    ("have", "requirement", "grade"),
    [
        ("1.13", "thing>=1.13", Grade.FINE),
        ("1.13.0.post1", "thing>=1.13", Grade.FINE),
        ("1.9", "thing>=1.13", Grade.BROKEN),
        ("2.0rc1", "thing>=2", Grade.BROKEN),
        ("2.1rc1", "thing>=2", Grade.FINE),
        ("3.0", "thing>=2,<3", Grade.BROKEN),
        ("2.4", "thing!=2.4", Grade.BROKEN),
        ("built by hand", "thing>=1", Grade.BROKEN),
        ("1.0", 'thing>=2; extra == "more"', Grade.NOTE),
        (None, "thing>=1", Grade.BROKEN),
        (None, 'thing>=1; extra == "more"', Grade.NOTE),
    ],
)
def test_versions(have, requirement, grade, monkeypatch):
    monkeypatch.setattr(packages, "version_of", lambda name: have if name == "thing" else "1")
    check = found(Declared((requirement,), ("more",)), monkeypatch)["thing"]
    assert check.grade is grade
    assert (check.mend == "") == (grade is Grade.FINE)
    if have is None and "extra" in requirement:
        assert "rlvr[more]" in check.mend


def test_another_platforms_requirement_is_no_matter(monkeypatch):
    elsewhere = 'thing; sys_platform == "plan9"'
    assert "thing" not in found(Declared((elsewhere,), ()), monkeypatch)


def test_without_packaging_it_says_so(monkeypatch):
    monkeypatch.setattr(packages, "version_of", lambda _: None)
    (check,) = check_packages()
    assert (check.name, check.grade) == ("packaging", Grade.BROKEN)


linux = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


@linux
def test_every_layer_of_the_sandbox_is_named():
    checks = {check.name: check for check in check_sandbox()}
    assert checks["run programs"].found == "works"
    assert checks.keys() > {*sandbox.box.REQUIRED, "cgroup", "namespaces"}
    for name in sandbox.box.REQUIRED:
        assert checks[name].found == "active"


@linux
def test_a_missing_layer_is_named_with_its_reason(monkeypatch):
    strict = sandbox.box.Sandbox
    monkeypatch.setattr(
        sandbox, "Sandbox", lambda **options: strict(**options, _without=("landlock",))
    )
    checks = {check.name: check for check in check_sandbox()}
    assert checks["run programs"].grade is Grade.NOTE
    assert "landlock" in checks["run programs"].found
    assert checks["landlock"].found == "not active: left out"
    assert "allow_degraded" in checks["landlock"].mend


def test_a_platform_without_the_sandbox_says_so(monkeypatch):
    monkeypatch.setattr(sandbox.box.sys, "platform", "plan9")
    (check,) = check_sandbox()
    assert (check.name, check.grade) == ("run programs", Grade.NOTE)
    assert "needs Linux" in check.found
    assert "plan9" in check.found


def test_looking_leaves_no_sandbox_behind():
    before = dict(sandboxes._kept)
    check_sandbox()
    assert sandboxes._kept == before


def test_what_programs_can_use_is_listed(monkeypatch):
    monkeypatch.setattr("sandbox.modules.DEFAULT_MODULES", ("rich", "no_such_module"))
    monkeypatch.setattr("sandbox.languages.c.find_gcc", lambda _: None)
    checks = {check.name: check for check in check_what_programs_use()}
    assert checks.keys() >= {language.name for language in LANGUAGES}
    assert checks["c"].grade is Grade.NOTE
    assert "apt-get install gcc" in checks["c"].mend
    assert checks["modules"].found == "rich"
    assert "no_such_module" in checks["further modules"].found


def test_gpus_are_named_as_their_driver_names_them(tmp_path):
    for number in ("0000:01:00.0", "0000:02:00.0"):
        folder = tmp_path / number
        folder.mkdir()
        (folder / "information").write_text("Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 10\n")
    assert gpus(tmp_path) == ["NVIDIA H100 80GB HBM3"] * 2
    assert gpus(tmp_path / "none") == []
