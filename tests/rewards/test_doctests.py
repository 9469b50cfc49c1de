"""The examples in docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import rewards

MODULES = [
    module.name
    for module in pkgutil.walk_packages(rewards.__path__, "rewards.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", ["rewards", *MODULES])
def test_examples(name):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{name} needs {error.name}")
    assert doctest.testmod(module).failed == 0
