"""Rows with several completions, scored by `rlvr score`, are read one by one elsewhere."""

from __future__ import annotations

import json

ROWS = [
    {"prompt": "a", "answer": "2", "completion": [r"\boxed{2}", r"\boxed{3}", r"\boxed{3.0}", "?"]},
    {"prompt": "b", "answer": "1/2", "completion": [r"\boxed{0.5}", r"\boxed{\frac12}", "?"]},
    {"prompt": "c", "answer": "7", "completion": r"\boxed{7}"},
]


def test_select_compare_and_report_take_each_completion_alone(place):
    (place / "in.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    both = ["--reward", "accuracy", "--reward", "format"]
    scored = place.run_here("score", "in.jsonl", *both, "--workers", "0", "--output", "s.jsonl")
    assert scored.returncode == 0, scored.stderr
    assert "pass@4" in scored.stderr
    chosen = place.run_here("select", "s.jsonl", *both[:2], "--output", "kept.jsonl")
    assert chosen.returncode == 0, chosen.stderr
    kept = (place / "kept.jsonl").read_text().splitlines()
    answers = [json.loads(line)["messages"][-1]["content"] for line in kept]
    assert answers == [r"\boxed{2}", r"\boxed{0.5}", r"\boxed{\frac12}", r"\boxed{7}"]
    compared = place.run_here("compare", "s.jsonl", *both, "--json")
    (pair,) = json.loads(compared.stdout)["pairs"]
    assert pair["both_judged"] == 8
    reported = place.run_here("report", "s.jsonl", "--output", "r.html")
    assert reported.returncode == 0, reported.stderr
    assert "8 rows" in reported.stderr + reported.stdout


def test_a_cache_is_made_and_used(place):
    (place / "in.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    outputs = []
    for name in ("one.jsonl", "two.jsonl"):
        done = place.run(
            *("score", "in.jsonl", "--reward", "accuracy", "--cache", "cache.db", "--output", name)
        )
        assert done.returncode == 0, done.stderr
        outputs.append((place / name).read_bytes())
    assert outputs[0] == outputs[1]
    (place / "cache.db").write_bytes(b"no database" * 500)
    refused = place.run_here(
        *("score", "in.jsonl", "--reward", "accuracy", "--cache", "cache.db", "--output", "x.jsonl")
    )
    assert refused.returncode == 2
    assert "cache.db: cannot be used as a cache" in refused.stderr
