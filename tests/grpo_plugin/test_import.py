"""`import grpo_plugin` is cheap, and says so when another package hides ours."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import grpo_plugin
from grpo_plugin.compatibility import REQUIRED_METHODS, require_methods
from grpo_plugin.errors import MissingExtraError, UnsupportedTRLError

ROOT = Path(grpo_plugin.__file__).resolve().parents[1]


def python(code, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_import_needs_neither_torch_nor_trl(tmp_path):
    code = (
        "import sys, grpo_plugin; from grpo_plugin import to_prompts\n"
        "heavy = {'torch', 'trl', 'transformers', 'datasets', 'rewards'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = python(code, tmp_path)
    assert done.stdout.strip() == "[]", done.stderr
    assert done.stderr == ""


def test_everything_offered_is_listed():
    assert set(grpo_plugin.__all__) <= set(dir(grpo_plugin))
    with pytest.raises(AttributeError, match="no attribute 'GPROTrainer'"):
        _ = grpo_plugin.GPROTrainer


def test_without_trl_the_message_names_the_extra(tmp_path, monkeypatch):
    (tmp_path / "trl.py").write_text("raise ModuleNotFoundError('no trl', name='trl')")
    code = "from grpo_plugin import GRPOTrainer"
    done = python(code, tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.returncode == 1
    assert "needs 'trl', which is not installed: pip install 'rlvr[train]'" in done.stderr
    assert issubclass(MissingExtraError, ImportError)


@pytest.mark.parametrize("name", ["rewards", "sandbox"])
def test_a_foreign_package_is_named_with_its_file(tmp_path, name):
    foreign = tmp_path / f"{name}.py"
    foreign.write_text("def reward(**_): ...")
    # The working directory comes first with `python -c`, as TRL's command line puts it.
    done = python("import grpo_plugin", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ForeignPackageWarning" in done.stderr
    assert str(foreign) in done.stderr
    assert "Rename your file or folder" in done.stderr


def test_a_path_changed_after_the_import_is_noticed(tmp_path):
    """TRL's command line puts the working directory first after its own imports."""
    (tmp_path / "rewards.py").write_text("")
    code = (
        "import sys, warnings, grpo_plugin\n"
        "from grpo_plugin.shadowing import shadowing_problem\n"
        "assert shadowing_problem() is None\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "print(shadowing_problem())"
    )
    done = python(code, ROOT)
    assert str(tmp_path / "rewards.py") in done.stdout, done.stderr


def test_a_foreign_rlvr_module_is_reported_not_trusted(tmp_path):
    (tmp_path / "rlvr_origin.py").write_text("")
    done = python("import grpo_plugin", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Rename your own rlvr_origin.py" in done.stderr


def method_taking(*names):
    def method(*args, **kwargs):
        return None

    taken = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    method.__signature__ = inspect.Signature(taken)
    return method


def trainer_like(*missing):
    methods = {
        name: method_taking(*taken)
        for name, taken in REQUIRED_METHODS.items()
        if name not in missing
    }
    return type("GRPOTrainer", (), methods)


def test_a_trl_with_every_method_is_accepted():
    require_methods(trainer_like(), version="9.9")


@pytest.mark.parametrize("name", REQUIRED_METHODS)
def test_a_trl_without_a_method_is_refused_by_name(name):
    with pytest.raises(UnsupportedTRLError, match=rf"TRL 9\.9 has no GRPOTrainer\.{name}"):
        require_methods(trainer_like(name), version="9.9")


def test_a_trl_whose_method_takes_other_arguments_is_refused_by_their_names():
    fake = trainer_like()
    fake._compute_loss = method_taking("model", "batch")
    with pytest.raises(
        UnsupportedTRLError, match=r"_compute_loss of TRL 9\.9 does not take inputs"
    ):
        require_methods(fake, version="9.9")


def test_a_renamed_attribute_that_is_no_method_is_refused():
    fake = trainer_like()
    fake._compute_loss = None
    with pytest.raises(UnsupportedTRLError, match="_compute_loss"):
        require_methods(fake, version="9.9")
