"""Which block is the program: the last is often not."""

import pytest

from rewards.extraction.code_blocks import find_blocks
from rewards.programs.choice import Wanted, choose_program
from rewards.programs.languages import Kind, read_name


def fenced(*blocks):
    return "\n".join(f"```{tag}\n{source}\n```\ntext" for tag, source in blocks)


def chosen(*blocks, languages=(), names=(), reads=True):
    wanted = Wanted(frozenset(languages), frozenset(names), reads)
    return choose_program(find_blocks(fenced(*blocks)), wanted)


ADD = ("python", "def add(a, b):\n    return a + b")
DOUBLE = ("python", "print(int(input()) * 2)")


@pytest.mark.parametrize(
    ("blocks", "options", "source"),
    [
        ([ADD, ("python", "print(add(1, 2))")], {"names": ["add"]}, ADD[1]),
        ([ADD, ("", "3")], {"names": ["add"]}, ADD[1]),
        ([("", ADD[1]), ("python", "print(add(1, 2))")], {"names": ["add"]}, ADD[1]),
        ([DOUBLE, ("text", "6")], {}, DOUBLE[1]),
        ([DOUBLE, ("bash", "echo 3 | python a.py")], {}, DOUBLE[1]),
        ([DOUBLE, ("markdown", "# O(1)")], {}, DOUBLE[1]),
        ([DOUBLE, ("", "6")], {}, DOUBLE[1]),
        ([("python", "print(1)"), DOUBLE], {}, DOUBLE[1]),
        ([("python", "x = int(input())\nprint(1)"), DOUBLE], {}, DOUBLE[1]),
        ([DOUBLE, ("python", "print('an example prints 6')")], {}, DOUBLE[1]),
        ([("", "int main() {}")], {}, "int main() {}"),
        ([DOUBLE, ("cpp", "int main() {}")], {"languages": ["python"]}, DOUBLE[1]),
    ],
)
def test_the_program_is_chosen(blocks, options, source):
    assert chosen(*blocks, **options).source.rstrip("\n") == source


@pytest.mark.parametrize(
    ("blocks", "options"),
    [
        ([("python", "def g(x):\n    return x * 2"), ("python", "print(g(int(input())))")], {}),
        ([("python", "def main():\n    print(int(input()) * 2)"), ("python", "main()")], {}),
        ([("python", "import math"),
          ("python", "def f(x):\n    return math.sqrt(x)")], {"names": ["f"]}),
        ([("python", "def g(x):\n    return x"), ("python", "def f(x):\n    return g(x)"),
          ("python", "print(f(3))")], {"names": ["f"]}),
    ],
)  # fmt: skip
def test_blocks_of_one_program_are_joined(blocks, options):
    taken = chosen(*blocks, **options)
    assert blocks[0][1] in taken.source
    assert blocks[1][1] in taken.source
    assert "print(f(3))" not in taken.source
    assert taken.note.startswith("blocks 1 and 2 of ")


def test_a_whole_program_is_not_joined_to_another():
    first = ("python", "n = int(input())\nprint(n + 1)")
    second = ("python", "n = int(input())\nfor i in range(n):\n    print(i)")
    assert chosen(first, second).source.rstrip("\n") == second[1]


def test_no_block_can_be_one():
    assert chosen(("text", "6"), ("json", "{}")) is None
    assert chosen(("python", " ")) is None
    assert chosen() is None


def test_another_language_is_told_apart():
    kotlin = chosen(("kotlin", "fun main() {}"))
    assert kotlin.language.kind is Kind.FOREIGN
    assert chosen(("cpp", "int main() {}"), languages=["python"]).language.language == "cpp"


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("Python 3", "python"), ("PyPy 3", "python"), ("PyPy 3-64", "python"),
        ("python3.11", "python"),
        ("py3", "python"), ("GNU C++17", "c++17"), ("GNU C++20 (64)", "c++20"), ("c++", "cpp"),
        ("GNU C++17 7.3.0", "c++17"), ("C++14 (GCC 6-32)", "c++14"),
        (".cpp", "cpp"), ("{.cpp}", "cpp"),
        ("GNU C11", "c"), ("Java 8", "java"), ("java 17", "java"), ("Node.js", "javascript"),
        ("JavaScript", "javascript"), ("Rust 2021", "rust"), ("Go 1.22", "go"), ("golang", "go"),
    ],
)  # fmt: skip
def test_names_of_languages(name, language):
    assert read_name(name).language == language


@pytest.mark.parametrize("name", ["en", "English", "zh", "", "de-DE", "x" * 5000, "solution"])
def test_what_names_no_language(name):
    assert read_name(name).kind is Kind.NOTHING


@pytest.mark.parametrize("name", ["Kotlin 1.9", "ts", "C#", "C# 10", "ruby", "Mono C#"])
def test_languages_that_nothing_runs(name):
    assert read_name(name).kind is Kind.FOREIGN
