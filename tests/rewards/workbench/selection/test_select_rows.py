"""Files in, selection out."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.errors import DataFileError, InputError
from rewards.workbench.selection import Form, SelectOptions, job, select_rows
from rewards.workbench.selection.candidates import Prefer
from rewards.workbench.selection.row_counts import Fate


def verdict(score):
    status = "error" if score is None else "correct" if score == 1 else "wrong"
    return {"score": score, "status": status, "extracted": None, "expected": None, "reason": ""}


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "prompt": st.sampled_from(["p", "q", "r"]),
            "completion": st.sampled_from(["a", "b", "a b c d", "d c b a", "a b c e"]),
            "accuracy": st.sampled_from([1, 1.0, 0.5, 0.0, None]).map(verdict),
            "format": st.sampled_from([1.0, 1.0, 0.0]).map(verdict),
        }
    ),
    min_size=1,
    max_size=20,
)


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@settings(max_examples=60, deadline=None)
@given(
    rows=ROWS,
    cap=st.none() | st.integers(1, 3),
    prefer=st.sampled_from(Prefer),
    min_score=st.sampled_from([1.0, 0.5]),
)
def test_what_is_kept(tmp_path_factory, rows, cap, prefer, min_score):
    folder = tmp_path_factory.mktemp("select")
    options = SelectOptions(
        inputs=[write(folder / "in.jsonl", rows)], output=folder / "out.jsonl",
        per_prompt=cap, prefer=prefer, min_score=min_score, form=Form.ROWS,
    )  # fmt: skip
    selection = select_rows(options)
    kept = [json.loads(line) for line in options.output.read_text().splitlines()]

    def is_verified(row):
        scores = [row["accuracy"]["score"], row["format"]["score"]]
        return all(score is not None and score >= min_score for score in scores)

    assert all(is_verified(row) for row in kept)
    numbered = iter(rows)
    assert all(any(row == one for one in numbered) for row in kept), "order"
    distinct = defaultdict(set)
    for row in rows:
        if is_verified(row):
            distinct[row["prompt"]].add(row["completion"])
    counts = Counter(row["prompt"] for row in kept)
    assert counts == {p: min(len(found), cap or 99) for p, found in distinct.items()}
    assert selection.rows == len(rows)
    assert selection.kept == len(kept)
    assert selection.prompts == len({row["prompt"] for row in rows})
    assert selection.prompts_kept == len(counts)

    # The same again, and of the output all.
    again = folder / "again.jsonl"
    select_rows(SelectOptions(**{**vars(options), "output": again}))
    assert again.read_bytes() == options.output.read_bytes()
    if kept:
        from_kept = folder / "kept.jsonl"
        select_rows(SelectOptions(**{**vars(options), "inputs": [again], "output": from_kept}))
        assert from_kept.read_bytes() == again.read_bytes()


@pytest.mark.parametrize("prefer", Prefer)
def test_a_prompts_rows_need_not_stand_together(tmp_path, prefer):
    rows = [
        {"prompt": str(n // 5), "completion": "a b c " * (n % 3 + 1) + str(n), "r": verdict(1)}
        for n in range(40)
    ]
    random.Random(1).shuffle(rows)
    together = sorted(rows, key=lambda row: row["prompt"])
    kept = []
    for name, order in (("apart", rows), ("together", together)):
        options = SelectOptions(
            inputs=[write(tmp_path / f"{name}.jsonl", order)], output=tmp_path / f"{name}.out",
            per_prompt=2, prefer=prefer, form=Form.ROWS,
        )  # fmt: skip
        assert select_rows(options).kept == 16
        kept.append(sorted(options.output.read_text().splitlines()))
    assert kept[0] == kept[1]


def test_shards_are_one_file(tmp_path):
    rows = [{"prompt": str(n % 3), "completion": str(n % 4), "r": verdict(1)} for n in range(30)]
    whole = write(tmp_path / "whole.jsonl", rows)
    parts = [write(tmp_path / f"{at}.jsonl", rows[at : at + 10]) for at in (0, 10, 20)]
    for name, inputs in (("one", [whole]), ("many", parts)):
        done = []
        select_rows(
            SelectOptions(inputs=inputs, output=tmp_path / name, per_prompt=2),
            on_progress=lambda at, of, done=done: done.append((at, of)),
        )
        assert done == sorted(done)
        assert all(at <= of for at, of in done)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "many").read_bytes()


def test_shortest_counts_tokens_when_their_ids_are_given(tmp_path):
    rows = [
        {"prompt": "p", "completion": "a", "completion_ids": [1, 2, 3], "r": verdict(1)},
        {"prompt": "p", "completion": "a b c d", "completion_ids": [1], "r": verdict(1)},
    ]
    options = SelectOptions(
        inputs=[write(tmp_path / "in.jsonl", rows)], output=tmp_path / "out.jsonl",
        per_prompt=1, prefer=Prefer.SHORTEST, form=Form.PROMPT_COMPLETION,
    )  # fmt: skip
    select_rows(options)
    assert json.loads(options.output.read_text())["completion"] == "a b c d"


def test_every_row_has_a_fate_and_faults_are_named(tmp_path):
    good = {"prompt": "p", "completion": "4", "r": verdict(1)}
    rows = [
        good,
        {"line": 7, "error": "broken JSON at character 1", "raw": "{", "r": verdict(None)},
        {"prompt": "p", "completion": "5"},
        good | {"r": {"score": float("nan"), "status": "correct"}},
        good | {"r": verdict(None)},
        good | {"r": verdict(0)},
        good | {"prompt": None},
        good | {"prompt": [1]},
        good | {"completion": " "},
        good | {"completion": "4<|im_end|>"},
    ]
    path = write(tmp_path / "in.jsonl", rows)
    with path.open("ab") as file:
        file.write(b'[1]\n{"prompt": "p", "comp')
    selection = select_rows(SelectOptions(inputs=[path], output=tmp_path / "out.jsonl"))
    assert selection.fates == Counter(
        {
            Fate.KEPT: 1,
            Fate.UNREADABLE: 3,
            Fate.NO_VERDICT: 2,
            Fate.NOT_JUDGED: 1,
            Fate.BELOW_MIN_SCORE: 1,
            Fate.NO_PROMPT: 2,
            Fate.BAD_COMPLETION: 1,
            Fate.DUPLICATE: 1,
        }
    )
    assert [fault.partition(": ")[0] for fault in selection.faults] == [
        f"{path}:{line}" for line in (2, 3, 4, 7, 8, 9, 11, 12)
    ]
    assert "line 7 of the file that was scored" in selection.faults[0]


def test_tools_go_with_the_messages(tmp_path):
    row = {"prompt": "p", "completion": "4", "r": verdict(1), "tools": [{"name": "add"}]}
    path = write(tmp_path / "in.jsonl", [row])
    select_rows(SelectOptions(inputs=[path], output=tmp_path / "out.jsonl"))
    assert json.loads((tmp_path / "out.jsonl").read_text())["tools"] == [{"name": "add"}]


def test_a_file_that_changes_meanwhile_gives_no_output(tmp_path, monkeypatch):
    path = write(tmp_path / "in.jsonl", [{"prompt": "p", "completion": "4", "r": verdict(1)}])
    decide = job._decide

    def decide_and_change(*arguments):
        kept = decide(*arguments)
        path.write_text("not JSON any more\n")
        return kept

    monkeypatch.setattr(job, "_decide", decide_and_change)
    with pytest.raises(DataFileError, match="changed while it was read"):
        select_rows(SelectOptions(inputs=[path], output=tmp_path / "out.jsonl"))
    assert [one.name for one in tmp_path.iterdir()] == ["in.jsonl"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"per_prompt": 0}, "keep at least 1"),
        ({"min_score": float("nan")}, "give a number"),
        ({"rewards": ["s"]}, "no verdicts of 's'; there are r"),
        ({"group_column": "g"}, "no column 'g'; there are prompt, completion, r"),
        ({"inputs": []}, "no file given"),
    ],
)
def test_bad_options(tmp_path, more, expected):
    path = write(tmp_path / "in.jsonl", [{"prompt": "p", "completion": "4", "r": verdict(1)}])
    options = {"inputs": [path], "output": tmp_path / "out.jsonl"} | more
    with pytest.raises(InputError, match=expected):
        select_rows(SelectOptions(**options))
    assert not options["output"].exists()


def test_rows_nested_to_the_limit_break_nothing(tmp_path):
    path = tmp_path / "in.jsonl"
    good = json.dumps({"prompt": "p", "completion": "4", "r": verdict(1)})
    deep = [
        good.replace('"p"', "[" * depth + "]" * depth)
        for depth in [*range(700, 1010), 30_000, 200_000]
    ]
    path.write_text("\n".join([good, *deep]) + "\n")
    selection = select_rows(SelectOptions(inputs=[path], output=tmp_path / "out.jsonl"))
    assert selection.kept == 1
    assert selection.fates[Fate.UNREADABLE] + selection.fates[Fate.NO_PROMPT] == len(deep)
