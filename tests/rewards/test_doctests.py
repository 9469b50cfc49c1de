"""The examples in docstrings run."""

import doctest
import importlib
import importlib.util
import pkgutil

import pytest

import rewards

MODULES = [
    module.name
    for module in pkgutil.walk_packages(rewards.__path__, "rewards.")
    if not module.name.endswith("__main__")
]

# What the examples of a module need besides.
EXTRAS = {
    "rewards.rules.json_schema": "jsonschema",
    "rewards.rules.quantity": "pint",
    "rewards.workbench.rows.column_types": "pyarrow",
}


@pytest.mark.parametrize("name", ["rewards", *MODULES])
def test_examples(name):
    if name in EXTRAS and importlib.util.find_spec(EXTRAS[name]) is None:
        pytest.skip(f"needs {EXTRAS[name]}")
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{name} needs {error.name}")
    assert doctest.testmod(module).failed == 0
