"""Which package may import which, what an import costs, and whose names files bear."""

import ast
import importlib
import json
import os
import pkgutil
import re
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


def test_rewards_reach_the_sandbox_from_six_files_and_lazily():
    found = {edge for edge in imported_by("rewards") if edge[1] != "grpo_plugin"}
    programs = {"rules/program.py", "programs/sandbox_tests.py", "programs/sandboxes.py"}
    programs |= {"programs/row_faults.py", "programs/run_verdicts.py", "serving/programs.py"}
    assert found == {(f"rewards/{path}", "sandbox") for path in programs}
    for path, _ in found:
        assert not any(at_once for top, _, at_once in imports(ROOT / path) if top == "sandbox")


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


def _file_of(name):
    path = ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_comparing_answers_is_pure():
    allowed = sys.stdlib_module_names | {"rewards", "flint"}  # FLINT does arithmetic and no more
    waiting = [*(ROOT / "rewards" / "answers").rglob("*.py")]
    looked_at = set()
    while waiting:  # boxes are read the same on both sides, by a reader that is as pure
        path = waiting.pop()
        looked_at.add(path)
        for top, name, _ in imports(path):
            assert top in allowed, f"{path} imports {name}"
            if top == "rewards":
                pure = name.startswith(("rewards.answers", "rewards.extraction.boxes"))
                assert pure, f"{path} imports {name}"
                if _file_of(name) not in looked_at:
                    waiting.append(_file_of(name))


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
        "fastapi",
        "starlette",
        "pydantic",
        "uvicorn",
        "prometheus_client",
        "ray",
    ]
)
_WEB = frozenset({"fastapi", "starlette", "pydantic", "uvicorn", "prometheus_client"})


# Imported by others only inside functions: a comparison by structure needs no arithmetic.
_BALLS = {
    f"rewards/answers/evaluate/{name}.py"
    for name in ("complexes", "enclosures", "functions", "precision")
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
            if here.startswith("rewards/serving/") and top in _WEB:
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


def packages():
    return [
        ".".join(path.relative_to(ROOT).parent.parts)
        for package in PACKAGES[:3]
        for path in files(package)
        if path.name == "__init__.py"
    ]


def modules_in(package):
    """The modules and packages that lie in a package's own folder."""
    folder = ROOT.joinpath(*package.split("."))
    return {module.name for module in pkgutil.iter_modules([str(folder)])} - {"__main__"}


_MAP_LINE = re.compile(r"^\* `(\w+)`", re.MULTILINE)


def maps():
    """The packages whose docstring lists modules of their folder, line by line."""
    for package in packages():
        path = ROOT.joinpath(*package.split("."), "__init__.py")
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if modules_in(package) & {*_MAP_LINE.findall(said)}:
            yield package, said


def test_there_are_maps():
    assert [*maps()]


@pytest.mark.parametrize(("package", "said"), maps(), ids=lambda value: value.split("\n")[0])
def test_a_map_names_every_module_of_its_folder_and_no_other(package, said):
    named = set(re.findall(r"`(\w+)`", said))
    assert modules_in(package) - named == set()
    assert {*_MAP_LINE.findall(said)} <= modules_in(package)


def lazy_packages():
    for package in packages():
        path = ROOT.joinpath(*package.split("."), "__init__.py")
        if "_HOMES" in path.read_text(encoding="utf-8"):
            yield package


@pytest.mark.parametrize("package", lazy_packages())
def test_type_checkers_see_what_a_lazy_package_offers(package):
    path = ROOT.joinpath(*package.split("."), "__init__.py")
    module = ast.parse(path.read_text(encoding="utf-8"))
    homes = importlib.import_module(package)._HOMES
    blocks = [
        node
        for node in module.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    seen = {
        (alias.name, node.module)
        for block in blocks
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if node.module != package  # its own modules
    }
    assert seen == {(name, f"{package}.{home}") for name, home in homes.items()}
    assert importlib.import_module(package).__all__ == sorted(homes)


def reachable():
    for package in PACKAGES[:3]:
        for name in sorted(modules_in(package) - {"cli"}):
            yield package, name


@pytest.mark.parametrize(("package", "name"), reachable())
def test_what_lies_in_a_package_is_reached_without_importing_it_by_hand(package, name, monkeypatch):
    home = importlib.import_module(package)
    monkeypatch.delitem(vars(home), name, raising=False)  # as if nobody had imported it yet
    try:
        found = getattr(home, name)
    except ImportError as error:
        pytest.skip(str(error))
    assert found is sys.modules[f"{package}.{name}"]
    assert name not in dir(home)  # which lists what a package offers


@pytest.mark.parametrize(
    "said",
    [
        "rewards.workbench.scoring.score_file",
        "rewards.worker.pool.WorkerPool",
        "sandbox.languages.language_named",
        "grpo_plugin.objectives.available()",
        "grpo_plugin.callbacks.history.RewardHistory",
    ],
)
def test_one_import_is_enough(said):
    if said.startswith("grpo_plugin"):
        pytest.importorskip("torch")
    package = said.partition(".")[0]
    assert _python(f"import json, {package}; {said}; print(json.dumps('reached'))") == "reached"


@pytest.mark.parametrize("package", PACKAGES[:3])
def test_what_is_not_there_is_missed_by_its_name(package):
    home = importlib.import_module(package)
    for name in ("nowhere", "_HIDDEN", "__wrapped__"):
        with pytest.raises(AttributeError, match=f"{package}.* has no attribute '{name}'"):
            getattr(home, name)
