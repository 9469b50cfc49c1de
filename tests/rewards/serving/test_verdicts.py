"""A server's verdicts are the library's, by every door."""

import pytest
from exported_rewards import case_file, judge, usable
from exported_rewards import cases as golden

import rewards
from rewards import accuracy
from rewards.columns import COLUMN_ALIASES

LEAST = 5


def plain(verdict):
    """A verdict without what differs from run to run."""
    return {name: value for name, value in verdict.items() if name != "seconds"}


def ours(verdicts):
    return [plain(verdict.to_dict()) for verdict in verdicts]


def test_one_completion(server):
    sent = {"reward": "accuracy", "completion": r"so \boxed{42}", "reference": "42"}
    code, said = server.call("/verify", sent)
    assert code == 200
    assert plain(said["verdict"]) == plain(accuracy.verify(r"so \boxed{42}", "42").to_dict())


@pytest.mark.parametrize("name", [name for name in usable() if case_file(name).exists()])
def test_golden_cases_are_judged_as_the_library_judges_them(server, name):
    looked_at = golden(name)[:25]
    assert len(looked_at) >= LEAST
    for case in looked_at:
        options = ", ".join(f"{key}={value!r}" for key, value in case.get("options", {}).items())
        sent = {
            "reward": f"{name}({options})" if options else name,
            "completion": case["completion"],
            "reference": case.get("reference"),
            "prompt": case.get("prompt"),
            "completion_ids": [*range(case["ids"])] if "ids" in case else None,
            "row": case.get("row", {}),
        }
        code, said = server.call("/verify", sent)
        assert code == 200, said
        assert plain(said["verdict"]) == plain(judge(name, case).to_dict())


@pytest.mark.parametrize("name", ["accuracy", "code", "format", "exact_match"])
def test_a_batch_is_judged_as_the_library_judges_it(server, name):
    reward = usable()[name]
    rows = [case for case in golden(name) if not case.get("options")][:40]
    columns = {
        other: [row.get("row", {}).get(other) for row in rows] for other in reward.also_reads
    }
    if reward.role:
        columns[COLUMN_ALIASES[reward.role][0]] = [row.get("reference") for row in rows]
    completions = [row["completion"] for row in rows]
    prompts = [row.get("prompt") for row in rows]
    sent = {"reward": name, "completions": completions, "prompts": prompts, "columns": columns}
    code, said = server.call("/verify", sent)
    assert code == 200, said
    expected = reward.verdicts(completions=completions, prompts=prompts, **columns)
    assert [plain(one) for one in said["verdicts"]] == ours(expected)


def test_options_are_the_clients(server):
    sent = {"completion": r"\boxed{0.334}", "reference": "1/3"}
    for spec, score in [("accuracy", 0.0), ("accuracy(tolerance=1e-2)", 1.0), ("near", 1.0)]:
        assert server.call("/verify", {**sent, "reward": spec})[1]["verdict"]["score"] == score


def test_code_is_run_in_the_sandbox(server):
    tests = ["assert add(1, 2) == 3", "assert add(2, 2) == 4"]
    right, wrong = "def add(a, b):\n    return a + b", "def add(a, b):\n    return 3"
    sent = {
        "reward": "code",
        "completions": [f"```python\n{source}\n```" for source in (right, wrong, right)],
        "columns": {"tests": [tests] * 3},
    }
    said = server.call("/verify", sent)[1]["verdicts"]
    assert [one["score"] for one in said] == [1.0, 0.0, 1.0]
    assert [one["status"] for one in said] == ["correct", "wrong", "correct"]


def test_order_holds_over_many_pieces(server):
    count = 500
    sent = {
        "reward": "accuracy",
        "completions": [rf"\boxed{{{at}}}" for at in range(count)],
        "columns": {"answer": [str(at if at % 3 else at + 1) for at in range(count)]},
    }
    said = server.call("/verify", sent)[1]["verdicts"]
    assert [one["extracted"] for one in said] == [str(at) for at in range(count)]
    assert [one["score"] for one in said] == [float(at % 3 > 0) for at in range(count)]


def test_half_a_surrogate_pair_is_text_like_any_other(server):
    sent = {"reward": "exact_match", "completion": "\ud800", "reference": "\ud800"}
    code, said = server.call("/verify", sent)
    assert code == 200
    assert said["verdict"]["score"] == rewards.exact_match.verify("\ud800", "\ud800").score


def test_an_odd_reference_is_a_verdict_without_a_score(server):
    sent = {"reward": "accuracy", "completion": r"\boxed{1}", "reference": ""}
    said = server.call("/verify", sent)[1]["verdict"]
    assert (said["score"], said["status"]) == (None, "bad_reference")


def test_a_user_s_reward_is_reached_by_its_name(server):
    sent = {"reward": "shout", "completions": ["yes!", "no"]}
    assert [one["score"] for one in server.call("/verify", sent)[1]["verdicts"]] == [1.0, 0.0]


@pytest.mark.parametrize(
    "spec",
    [
        "mine.py:shout",
        "mine:shout",
        "os:system",
        "/etc/passwd:x",
        "../mine.py:shout",
        "a=os:system",
    ],
)
def test_no_code_is_reached_by_an_import_path(server, spec):
    code, said = server.call("/verify", {"reward": spec, "completion": "x"})
    assert code == 403 or (code == 422 and "no such reward" in said["detail"])


@pytest.mark.parametrize(
    "spec",
    [
        "code(allow_degraded=('landlock',))",
        "code(workers=1000)",
        "code(wall_s=1e9)",
        "code(memory_mb=10**9)",
        "pattern_match(cpu_s=1e9)",
        "code(cpu_s=float('nan'))",
    ],
)
def test_limits_are_the_operators(server, spec):
    code, said = server.call("/verify", {"reward": spec, "completion": "x", "reference": "x"})
    assert code in {403, 422}, said


def test_what_a_reward_reads(server):
    said = server.call("/reward?reward=accuracy")[1]
    assert said["needs"] == "reference"
    assert "answer" in said["columns"]
    assert server.call("/reward?reward=shout")[1]["columns"] is None
    assert "accuracy" in server.call("/rewards")[1]["ready"]
    assert server.call("/rewards")[1]["named"] == ["near", "shout"]


@pytest.mark.parametrize(
    ("sent", "unread"),
    [
        ({"completion": "x", "answer": "1"}, "answer"),
        ({"completion": "x", "reference": "1", "columns": {"answer": ["1"]}}, "columns"),
        (
            {"completion": "x", "reference": "1", "trainer_state": {"global_step": 1}},
            "trainer_state",
        ),
        ({"completion": "x", "reference": "1", "rewards": ["format"]}, "rewards"),
        ({"completions": ["x"], "columns": {"answer": ["1"]}, "answer": ["1"]}, "answer"),
        ({"completions": ["x"], "reference": ["1"], "columns": {"answer": ["1"]}}, "reference"),
        ({"completions": ["x"], "completion": "x", "columns": {"answer": ["1"]}}, "completion"),
        ({"completions": ["x"], "row": {"answer": "1"}, "columns": {"answer": ["1"]}}, "row"),
    ],
)
def test_nothing_is_passed_over_that_was_sent(server, sent, unread):
    code, said = server.call("/verify", sent)
    assert code == 422
    assert said["detail"].startswith(f"{unread}: not read for ")
    del sent[unread]
    assert server.call("/verify", sent)[0] == 200


def test_columns_that_are_missing_are_named_as_the_library_does(server):
    code, said = server.call("/verify", {"reward": "accuracy", "completions": ["x"]})
    assert (code, said["kind"]) == (422, "MissingColumnError")
    with pytest.raises(rewards.errors.MissingColumnError) as raised:
        accuracy.verdicts(completions=["x"])
    assert said["detail"] == str(raised.value)
