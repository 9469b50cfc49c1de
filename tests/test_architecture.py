"""Which package may import which, what an import costs, and whose names files bear."""

import ast
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import rewards

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("rewards", "sandbox", "grpo_plugin", "benchmarks")


@cache
def imports(path):
    """The top-level packages a file imports: (name, whether when the file is loaded)."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    lazy = {
        node
        for function in ast.walk(module)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        or (isinstance(function, ast.If) and ast.unparse(function.test) == "TYPE_CHECKING")
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(module):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        found += [(name.partition(".")[0], name, node not in lazy) for name in names]
    return found


def files(package):
    return sorted((ROOT / package).rglob("*.py"))


def imported_by(package, *, but=()):
    return {
        (path.relative_to(ROOT).as_posix(), top)
        for path in files(package)
        if path.relative_to(ROOT).as_posix() not in but
        for top, _, _ in imports(path)
        if top in PACKAGES and top != package
    }


def test_sandbox_imports_neither_of_the_others():
    assert imported_by("sandbox") == set()


def test_rewards_reach_the_sandbox_from_one_file_and_lazily():
    found = {edge for edge in imported_by("rewards") if edge[1] != "grpo_plugin"}
    assert found <= {("rewards/rules/program.py", "sandbox")}
    program = ROOT / "rewards" / "program.py"
    if program.exists():
        assert not any(at_once for top, _, at_once in imports(program) if top == "sandbox")


def test_only_the_command_line_knows_the_trainer():
    trainer = {path for path, top in imported_by("rewards") if top == "grpo_plugin"}
    assert all(
        path.startswith(("rewards/workbench/cli.py", "rewards/workbench/commands/"))
        for path in trainer
    )


def test_the_trainer_imports_rewards_in_its_demo_only():
    paths = {path for path, top in imported_by("grpo_plugin") if top != "grpo_plugin"}
    assert all("demo" in path or path == "grpo_plugin/__init__.py" for path in paths)


def test_nobody_imports_the_benchmarks():
    for package in PACKAGES[:3]:
        assert "benchmarks" not in {top for _, top in imported_by(package)}


def test_comparing_answers_is_pure():
    allowed = sys.stdlib_module_names | {"rewards", "flint"}  # FLINT does arithmetic and no more
    for path in (ROOT / "rewards" / "answers").rglob("*.py"):
        for top, name, _ in imports(path):
            assert top in allowed, f"{path} imports {name}"
            if top == "rewards":
                assert name.startswith("rewards.answers"), f"{path} imports {name}"


# What costs more than the whole budget of an import, or comes with an extra.
_DEAR = frozenset(
    [
        "sympy",
        "flint",
        "math_verify",
        "latex2sympy2_extended",
        "torch",
        "trl",
        "transformers",
        "datasets",
        "pyarrow",
        "zstandard",
        "pandas",
        "matplotlib",
        "jinja2",
        "numpy",
        "typer",
        "rich",
    ]
)


# Imported by others only inside functions: a comparison by structure needs no arithmetic.
_BALLS = {
    f"rewards/answers/{name}.py" for name in ("complexes", "enclosures", "functions", "precision")
}


def test_reading_answers_imports_no_balls():
    code = (
        "import sys; from rewards import accuracy; from rewards.answers import compare; "
        "accuracy(completions=[r'\\boxed{7}'], solution=['7']); "
        "assert 'flint' not in sys.modules and 'sympy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_dear_packages_are_imported_where_they_are_used():
    home = {"sympy", "math_verify", "latex2sympy2_extended"}  # in sympy's own processes
    for path in files("rewards"):
        here = path.relative_to(ROOT).as_posix()
        for top, name, at_once in imports(path):
            if top not in _DEAR or not at_once:
                continue
            if here.startswith("rewards/symbolic/") and top in home:
                continue
            if here in _BALLS and top == "flint":
                continue
            if here.startswith(
                ("rewards/workbench/cli.py", "rewards/workbench/commands/")
            ) and top in {
                "typer",
                "rich",
            }:
                continue
            pytest.fail(f"{here} imports {name} when it is loaded")


def _python(code):
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return json.loads(done.stdout)


def test_import_loads_nothing_dear():
    loaded = set(_python("import json, sys, rewards; print(json.dumps([*sys.modules]))"))
    assert not loaded & _DEAR
    assert not loaded & {"sandbox", "grpo_plugin", "multiprocessing", "asyncio"}


def test_import_takes_a_tenth_of_a_second():
    code = (
        "import json, time; start = time.process_time(); import rewards; "
        "print(json.dumps(time.process_time() - start))"
    )
    assert min(_python(code) for _ in range(5)) < 0.1


def test_no_module_bears_the_name_of_an_exported_object():
    """`from rewards import format` must be the reward, whatever was imported before."""
    exported = {name: getattr(rewards, name) for name in rewards.__all__}
    for module in pkgutil.walk_packages(rewards.__path__, "rewards."):
        if module.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            if (error.name or "").partition(".")[0] in PACKAGES:
                raise
    for name, value in exported.items():
        assert getattr(rewards, name) is value, name


def test_no_module_bears_the_name_of_a_standard_one():
    for package in PACKAGES[:3]:
        for path in files(package):
            assert path.stem not in sys.stdlib_module_names - {"__init__", "__main__"}, path
