"""Which completions belong to one prompt."""

import json

import pytest

from rewards.errors import DataFileError
from rewards.workbench.benchmarking.grouping import completion_lengths, find_groups, prompts_of
from rewards.workbench.benchmarking.labelled import load_labelled


def load(folder, *rows):
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps({"completion": "4", **row}) + "\n" for row in rows))
    return load_labelled(path, need_truth=False)


def test_by_the_column_that_every_row_has(tmp_path):
    found = find_groups(
        load(
            tmp_path,
            {"group": 7, "prompt_id": "a", "question": "2+2"},
            {"prompt_id": "b", "question": "2+2"},
            {"prompt_id": "a", "question": "2+2"},
        )
    )
    assert (found.column, found.groups) == ("prompt_id", ((0, 2), (1,)))


def test_by_the_prompt_text_or_messages(tmp_path):
    assert find_groups(load(tmp_path, {"question": "a"}, {"question": "a"})).groups == ((0, 1),)
    one = [{"role": "user", "content": "2+2"}]
    other = [{"content": "2+2", "role": "user"}]
    rows = ({"prompt": one}, {"prompt": [*one, *one]}, {"prompt": other})
    assert find_groups(load(tmp_path, *rows)).groups == ((0, 2), (1,))


def test_the_named_column_wins_and_types_differ(tmp_path):
    rows = load(tmp_path, *({"prompt_id": n, "seed": s} for n, s in enumerate([1, "1", 1])))
    assert find_groups(rows, "seed").groups == ((0, 2), (1,))


@pytest.mark.parametrize(
    ("rows", "column", "message"),
    [
        ([{"x": 1}, {"y": 1}], None, "--group-column. Columns seen: completion, x, y"),
        ([{"x": 1}, {"y": 1}], "x", "rows:2: has no 'x'"),
        ([{"prompt": "a"}, {"prompt": "b"}], None, "no two rows have the same 'prompt'"),
    ],
)
def test_what_cannot_be_grouped_is_refused(tmp_path, rows, column, message):
    with pytest.raises(DataFileError) as caught:
        find_groups(load(tmp_path, *rows), column)
    assert message in str(caught.value)


def test_lengths_in_characters_and_tokens(tmp_path):
    message = [{"role": "assistant", "content": "four"}]
    rows = [{"completion": message, "completion_ids": [1, 2]}, {"completion_ids": [3]}]
    assert completion_lengths(load(tmp_path, *rows)) == {"characters": [4, 1], "tokens": [2, 1]}
    assert (
        completion_lengths(load(tmp_path, *rows, {}))["tokens"]
        == "1 of 3 rows have no completion_ids"
    )


def test_prompts_are_known_only_where_several_rows_share_one(tmp_path):
    one, other, same = prompts_of(load(tmp_path, *({"prompt": p} for p in ("a", "b", "a"))))
    assert one == same != other
    assert prompts_of(load(tmp_path, {"prompt": "a"}, {"prompt": "b"})) is None
    assert prompts_of(load(tmp_path, {"x": "a"}, {"x": "a"})) is None
