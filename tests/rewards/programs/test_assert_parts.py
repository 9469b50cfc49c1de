import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.programs.assert_parts import split_asserts


def run(sources, program, entry="f"):
    """Which parts hold, run as the sandbox's judge does: one namespace, `check` called."""
    namespace = {}
    exec(program, namespace)
    return [holds(source, namespace, entry) for source in sources]


def holds(source, namespace, entry):
    try:
        exec(source, namespace)
        check = namespace.get("check")
        if check is not None and f"check({entry})" not in source.splitlines()[-1]:
            check(namespace[entry])
    except (AssertionError, NameError, TypeError):
        return False
    return True


METADATA = """
META = {'a': 1}

def check(c):
    'doc'
    assert c(1) == META['a']
    assert c(2) == 2
"""
VARIABLES = """
def check(c):
    x = c(5)
    for i in [x]:
        assert i == 5
    x += 1
    assert x == 6
    assert [k for k in (x,)] == [6]
"""
NESTED = """
def check(c):
    def g(v):
        return c(v)
    assert g(1) == 1
    import math
    assert g(math.floor(2.5)) == 2
"""
SOURCES = {
    "flat": ("assert f(1) == 1\nassert f(2) == 2", 2),
    "one": ("assert f(1) == 1", 1),
    "set up": ("import math\nx = f(3)\nassert x == 3\nassert math.floor(x) == 3", 2),
    "trailing": ("assert f(1) == 1\nassert f(2) == 2\ny = f(3)\nassert_ = 4", 2),
    "loop": ("for i in range(3):\n    assert f(i) == i\nassert f(9) == 9", 2),
    "try": ("try:\n    f('x')\n    assert True\nexcept TypeError:\n    pass\nassert f(1) == 1", 2),
    "check": ("def check(c):\n    assert c(1) == 1\n    assert c(2) == 2\n", 2),
    "metadata": (METADATA, 2),
    "variables": (VARIABLES, 3),
    "nested": (NESTED, 2),
    "called": ("def check(c):\n    assert c(1) == 1\n    assert c(2) == 2\n\ncheck(f)", 2),
}  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_the_parts_mean_what_the_whole_means(name):
    source, count = SOURCES[name]
    parts = split_asserts(source)
    assert len(parts) == count
    assert run(parts, "def f(x): return x") == [True] * count
    assert run([source], "def f(x): return x") == [True]
    assert not all(run(parts, "def f(x): return -1"))


def test_each_part_fails_alone():
    parts = split_asserts(SOURCES["check"][0])
    assert run(parts, "def f(x): return 1") == [True, False]


@pytest.mark.parametrize(
    "source",
    [
        "def check(c):\n    assert c(1)\n    return\n    assert c(2)",
        "def check(c):\n    for x in (1, 2):\n        yield x\n    assert c(1)\n    assert c(2)",
        "def check(c):\n    c = 1\n    assert c\n    assert c",
        "def check(c, d):\n    assert c(1)\n    assert d(2)",
        "x = 1\ndef check(c):\n    global x\n    x = 2\n    assert c(1)\n    assert c(2)",
        "def check(c):\n    assert c(1)\n    assert c(2)\n\ncheck(f)\nx = 3",
        "assert (",
        "",
        "#include <assert.h>\nint main() { assert(f(1)); assert(f(2)); }",
        "def g():\n    assert f(1)\n    assert f(2)\ng()",
    ],
)
def test_what_cannot_be_taken_apart_stays_whole(source):
    assert split_asserts(source) == (source,)


@given(st.text(max_size=80))
def test_no_source_is_too_odd(source):
    assert split_asserts(source)
