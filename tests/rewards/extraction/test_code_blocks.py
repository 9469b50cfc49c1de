"""Fenced blocks as models write them, and in linear time."""

import time
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards import code, json_schema
from rewards.extraction.code_blocks import (
    MOST_FENCES,
    TooManyFencesError,
    find_blocks,
    hide_tags_in_programs,
    show_tags,
)


def found(text):
    return [(block.tag, block.source) for block in find_blocks(text)]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("```python\nx = 1\n```", [("python", "x = 1\n")]),
        ("``` py3 \nx\n```", [("py3", "x\n")]),
        ("~~~c++\nx\n~~~", [("c++", "x\n")]),
        ("```{.cpp}\nx\n```", [("cpp", "x\n")]),
        ("```python:solution.py\nx\n```", [("python", "x\n")]),
        ("```c++17 title=a\nx\n```", [("c++17", "x\n")]),
        ("1. So:\n\n   ```py\n   a\n     b\n   ```\n", [("py", "a\n  b\n")]),
        ("- ```py\n  a\n  ```\n", [("py", "a\n")]),
        ("```py\na\n    ```\n", [("py", "a\n")]),
        ("```py\na\n    ```\nthen\n```py\nb\n```", [("py", "a\n"), ("py", "b\n")]),
        ("```py\ns = '''\n```\n'''\nb\n```", [("py", "s = '''\n```\n'''\nb\n")]),
        ('```py\n"""d\n\n    ```\n    f\n    ```\n"""\n```',
         [("py", '"""d\n\n    ```\n    f\n    ```\n"""\n')]),
        ("```py\ns = \"it's\"  # don't '''\nb\n```", [("py", "s = \"it's\"  # don't '''\nb\n")]),
        ("````md\n```py\nx\n```\n````", [("md", "```py\nx\n```\n")]),
        ("```py\r\na\r\nb\r\n```\r\n", [("py", "a\nb\n")]),
        ("```py\n\ufeffa\n```", [("py", "a\n")]),
        ("```py\nx", []),
        ("```py\nx\n~~~", []),
        ("`` `py\nx\n```", []),
        ("inline ```py x``` no", []),
    ],
)  # fmt: skip
def test_blocks(text, blocks):
    assert found(text) == blocks


@given(st.text(alphabet="`~ \n#'\"pxy1.-{}", max_size=200))
def test_any_text_is_read_and_blocks_lie_in_order(text):
    blocks = find_blocks(text)
    assert all(block.start < block.end <= len(text) for block in blocks)
    assert all(one.end <= other.start for one, other in pairwise(blocks))


@pytest.mark.usefixtures("no_collections")
@pytest.mark.parametrize(
    "text",
    [
        " " * 400_000,
        "```" + " " * 400_000,
        "```py\n" + " " * 400_000,
        "\n" * 400_000,
        "```\n" * 100_000,
        "```py\n    ```\n" * 30_000,
        "```py\n" + "'''\n```\n" * 50_000,
        "<think>" * 60_000,
        "1. " * 130_000,
        "`" * 400_000,
    ],
)
def test_time_is_linear_in_the_text(text):
    started = time.process_time()
    for read in (find_blocks, hide_tags_in_programs):
        with suppress(TooManyFencesError):
            read(text)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("flood", ["```\n", "```py\n~~~\n", "~~~ x\n"])
def test_a_flood_of_fences_is_refused_with_a_word(flood):
    text = flood * (MOST_FENCES // flood.count("\n") + 1)
    with pytest.raises(TooManyFencesError):
        find_blocks(text)
    for verdict in (code.verify(text, ["assert f(1) == 2"]), json_schema.verify(text, {})):
        assert verdict.score == 0
        assert "more than 40,000 lines" in verdict.reason


def test_lines_without_a_fence_are_no_flood():
    program = "x = 1\n\n" * 100_000
    (block,) = find_blocks(f"```python\n{program}```")
    assert block.source == program


@pytest.mark.parametrize(
    "text",
    [
        "<think>x</think>\n```py\ns = '<think>'\n```",
        "```py\ns = '</think>'\n```",
        "<think>```py\n</think>\n```py\nx\n```",
        "no tags",
        "<think>never ends",
    ],
)
def test_hidden_tags_come_back(text):
    assert show_tags(hide_tags_in_programs(text)) == text


def test_only_tags_in_blocks_of_the_answer_are_hidden():
    assert "<think>'" not in hide_tags_in_programs("<think>x</think>\n```py\ns = '<think>'\n```")
    assert "</think>" not in hide_tags_in_programs("```py\ns = '</think>'\n```")
    inside = "<think>```py\nx\n``` hm</think>\n```py\nx\n```"
    assert hide_tags_in_programs(inside) == inside
