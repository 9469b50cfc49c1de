"""Which room of `rewards` may know which, and that imports go in no circle."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("rewards", "sandbox", "grpo_plugin")
DOORS = ("rlvr", "rlvr_cpus", "rlvr_origin")


@cache
def modules():
    """Every module of ours by its dotted name."""
    found = {name: ROOT / f"{name}.py" for name in DOORS}
    for package in OURS:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imported_by(name):
    """The modules of ours that a module imports when it runs, at once or later."""
    tree = ast.parse(modules()[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []  # types only
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inside & modules().keys() or {node.module}
    return found & modules().keys() - {name}


def lies_in(name, *rooms):
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def known_to(*rooms):
    """(who, whom) for every import out of some rooms into others."""
    return {
        (name, target)
        for name in modules()
        if lies_in(name, *rooms)
        for target in imported_by(name)
        if not lies_in(target, *rooms)
    }


ABOVE = ("rewards.serving",)
"""What stands beside the workbench and, as it does, on what judges."""

# The last two are tables: the names of columns, and those of statuses.
ROWS_KNOW = (
    *("rewards.errors", "rewards.extras", "rewards.text"),
    *("rewards.columns", "rewards.verdict"),
)
CONTRACT = (
    *("verdict", "sample", "reward", "composite", "limited"),
    *("columns", "batch", "completion", "options", "logs", "errors", "extras", "lazy"),
)


def test_the_top_of_rewards_is_the_contract_alone():
    files = {path.stem for path in (ROOT / "rewards").glob("*.py")} - {"__init__"}
    assert files == set(CONTRACT)


def test_what_judges_does_not_know_the_workbench():
    judging = [name for name in modules() if name.startswith("rewards.")]
    judging = [name for name in judging if not lies_in(name, "rewards.workbench", *ABOVE)]
    assert len(judging) > 80
    assert not [
        (name, target)
        for name in judging
        for target in imported_by(name)
        if lies_in(target, "rewards.workbench")
    ]


def test_only_a_command_knows_the_server():
    knowing = {
        name
        for name in modules()
        if not lies_in(name, "rewards.serving")
        and any(lies_in(target, "rewards.serving") for target in imported_by(name))
    }
    assert knowing == {"rewards.workbench.commands.serve"}


def test_files_of_rows_know_no_rewards():
    known = {target for _, target in known_to("rewards.workbench.rows")}
    assert not [name for name in known if not lies_in(name, *ROWS_KNOW)]


@pytest.mark.parametrize(
    ("room", "others"),
    [
        ("rewards.answers.read", ["rewards.answers.match"]),
        ("rewards.answers.match", ["rewards.answers.read"]),
        ("rewards.answers.evaluate", ["rewards.answers.read", "rewards.answers.match"]),
        *(
            (f"rewards.{room}", ["rewards.rules", "rewards.named", "rewards.workbench"])
            for room in ("extraction", "text", "programs", "instructions", "answers", "symbolic")
        ),
        ("rewards.rules", ["rewards.named"]),
        ("rewards.worker", ["rewards.rules", "rewards.answers", "rewards.symbolic"]),
        ("rewards.worker.server", ["rewards.worker.pool", "rewards.worker.launch"]),
        # The server asks for rows by the rules of `rlvr score`; it knows no files and no commands.
        *(
            ("rewards.serving", [f"rewards.workbench.{room}"])
            for room in ("rows", "commands", "cli", "reporting", "selection", "benchmarking")
        ),
        ("rewards.adapters", ["rewards.serving"]),
    ],
)
def test_rooms_that_do_not_know_each_other(room, others):
    known = known_to(room)
    assert not [edge for edge in known if lies_in(edge[1], *others)]


def test_only_the_doors_stand_beside_the_packages():
    assert not known_to("rlvr_cpus", "rlvr_origin")


def test_imports_go_in_no_circle():
    graph = {name: imported_by(name) for name in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
