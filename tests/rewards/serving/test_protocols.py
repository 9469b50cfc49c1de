"""What each client sends is understood, and what it reads is there."""

import pytest

RIGHT, WRONG = r"so \boxed{42}", r"so \boxed{41}"


def test_openrlhf(server):
    prompt = r"What is 6 times 7? End with \boxed{41}."
    sent = {
        "query": [f"{prompt}{text}<|im_end|>" for text in (RIGHT, WRONG, "nothing")],
        "prompts": [prompt] * 3,
        "labels": ["42"] * 3,
    }
    code, said = server.call("/get_reward", sent)
    assert code == 200
    assert said["rewards"] == said["scores"] == [1.0, 0.0, 0.0]
    assert said["extra_logs"] == {"unscored": 0.0}


def test_openrlhf_counts_what_has_no_score(server):
    sent = {"query": [f"q{RIGHT}"] * 2, "prompts": ["q"] * 2, "labels": ["42", ""]}
    said = server.call("/get_reward", sent)[1]
    assert said["rewards"] == [1.0, 0.0]
    assert said["extra_logs"] == {"unscored": 0.5}
    assert said["verdicts"][1]["status"] == "bad_reference"


def test_what_a_prompt_says_is_no_answer(server):
    sent = {
        "query": [f"{RIGHT} ?", f"<s>q{RIGHT}"],
        "prompts": ["other", "q"],
        "labels": ["42"] * 2,
    }
    said = server.call("/get_reward", sent)[1]
    assert said["rewards"] == [0.0, 1.0]
    assert said["extra_logs"]["unscored"] == 0.5
    assert said["verdicts"][0]["status"] == "error"


def test_another_reward_by_the_address(server):
    sent = {"query": ["q<think>x</think> y"], "prompts": ["q"], "labels": [None]}
    assert server.call("/get_reward?reward=format", sent)[1]["rewards"] == [1.0]
    assert server.call("/remote_rm?reward=shout", {"response": "so!"})[1]["score"] == 1.0


@pytest.mark.parametrize(
    ("text", "label", "score", "status"),
    [
        (RIGHT, "42", 1.0, "correct"),
        (WRONG, "42", 0.0, "wrong"),
        ([{"role": "assistant", "content": RIGHT}], "42", 1.0, "correct"),
        (RIGHT, "", 0.0, "bad_reference"),
        (RIGHT, None, 0.0, "not_applicable"),
    ],
)
def test_slime(server, text, label, score, status):
    code, said = server.call("/remote_rm", {"prompt": "q", "response": text, "label": label})
    assert code == 200
    assert (said["score"], said["status"]) == (score, status)
    assert said["unscored"] == (status in {"bad_reference", "not_applicable"})


def rollout(text, **row):
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"id": "m", "type": "message", "role": "assistant", "content": [part]}
    return {
        "responses_create_params": {"input": [{"role": "user", "content": "6 times 7?"}]},
        "response": {"id": "r", "object": "response", "output": [message]},
        **row,
    }


def test_nemo_gym(server):
    sent = rollout(RIGHT, expected_answer="42", question="6 times 7?")
    code, said = server.call("/verify", sent)
    assert code == 200
    assert {name: said[name] for name in sent} == sent
    assert (said["reward"], said["status"], said["mask_sample"]) == (1.0, "correct", False)
    assert server.call("/verify", rollout(WRONG, expected_answer="42"))[1]["reward"] == 0.0


def test_nemo_gym_masks_what_has_no_score(server):
    said = server.call("/verify", rollout(RIGHT, expected_answer=""))[1]
    assert (said["reward"], said["mask_sample"], said["status"]) == (0.0, True, "bad_reference")


def test_nemo_gym_metadata_and_tool_calls(server):
    sent = rollout(RIGHT, verifier_metadata={"answer": "42"})
    sent["response"]["output"][:0] = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": r"\boxed{7}?"}]},
        {"type": "function_call", "name": "sum", "arguments": "{}", "call_id": "c"},
    ]
    assert server.call("/verify", sent)[1]["reward"] == 1.0


def test_nemo_gym_without_an_output(server):
    sent = rollout(RIGHT, expected_answer="42")
    sent["response"] = {"text": RIGHT}
    assert server.call("/verify", sent)[0] == 422


ADD = "def add(a, b):\n    return a + b\n"


@pytest.mark.parametrize(
    ("tests", "results"),
    [
        (["assert add(1, 2) == 3", "assert add(1, 2) == 4", "assert add(0, 0) == 0"], [1, 0, 1]),
        (["assert add(1, 2) == 3\nassert add(1, 2) == 4"], [0]),
        (["assert add(1, 2) == 3\nassert add(2, 2) == 4"], [1]),
        ('["assert add(1, 2) == 3"]', [1]),
    ],
)
def test_open_instruct_asserts(server, tests, results):
    code, said = server.call("/test_program", {"program": ADD, "tests": tests})
    assert code == 200, said
    assert said["results"] == results
    assert len(said["runtimes"]) == len(results)


def test_open_instruct_stdio(server):
    source = "for line in open(0):\n    print(int(line) + 1)"
    tests = [{"input": "1\n", "output": "2\n"}, {"input": "100\n", "output": "102\n"}]
    said = server.call("/test_program_stdio", {"program": source, "tests": tests})[1]
    assert said["results"] == [1, 0]


def test_a_program_cannot_write_its_own_results(server):
    forger = "import sys\nprint('[1, 1]')\nsys.stdout.flush()\nimport os\nos._exit(0)"
    tests = ["assert add(1, 2) == 3", "assert add(1, 2) == 4"]
    assert server.call("/test_program", {"program": forger, "tests": tests})[1]["results"] == [0, 0]


def test_a_packed_pickle_is_never_loaded(server):
    import base64
    import pickle
    import zlib

    class Evil:
        def __reduce__(self):
            return (eval, ("1",))

    packed = base64.b64encode(zlib.compress(pickle.dumps(Evil()))).decode()
    code, said = server.call("/test_program", {"program": ADD, "tests": packed})
    assert code == 422
    assert "pickle" in said["detail"]
    packed = base64.b64encode(zlib.compress(pickle.dumps('["assert add(1, 2) == 3"]'))).decode()
    assert server.call("/test_program", {"program": ADD, "tests": packed})[1]["results"] == [1]


CASES = [
    {"input": {"stdin": "1 2\n"}, "output": {"stdout": "3\n"}},
    {"input": {"stdin": "5 6\n"}, "output": {"stdout": "11\n"}},
]
SUM = "a, b = map(int, input().split())\nprint(a + b)"


def submission(source, **row):
    data = {"id": 7, "content": "Add two numbers.", "test": CASES, "labels": {}, **row}
    config = {"dataset_type": "CommonOJDataset", "language": "python", "provided_data": data}
    completion = f"```python\n{source}\n```"
    return {"dataset": "mine", "id": 7, "completion": completion, "config": config}


def test_sandbox_fusion_submit(server):
    code, said = server.call("/submit", submission(SUM))
    assert code == 200, said
    assert (said["id"], said["accepted"], said["extracted_code"]) == (7, True, f"{SUM}\n")
    assert said["tests"][0]["exec_info"]["status"] == "Success"
    said = server.call("/submit", submission(SUM.replace("+", "-")))[1]
    assert (said["accepted"], said["tests"][0]["passed"]) == (False, False)


def test_sandbox_fusion_submit_with_other_tests(server):
    tests = "def check(candidate):\n    assert candidate(1, 2) == 3\n"
    row = {"test": tests, "labels": {"entry_point": "add"}}
    assert server.call("/submit", submission(ADD, **row))[1]["accepted"]
    assert server.call("/submit", submission(SUM, test="[]"))[0] == 422


def test_sandbox_fusion_runs_no_extractor_of_a_client(server):
    sent = submission(SUM)
    sent["config"]["custom_extract_logic"] = "import os; os._exit(1)"
    assert server.call("/submit", sent)[0] == 422


def test_sandbox_fusion_prompts(server):
    rows = [{"id": at, "content": f"task {at}", "labels": {"at": at}} for at in range(5)]
    sent = {"dataset": "mine", "config": {"provided_data": rows}, "offset": 1, "limit": 2}
    said = server.call("/get_prompts", sent)[1]
    assert said == [{"id": at, "prompt": f"task {at}", "labels": {"at": at}} for at in (1, 2)]
    assert server.call("/list_ids", sent)[1] == [1, 2]
    sent = {"dataset": "mine", "config": {"provided_data": rows}, "id": 3}
    assert server.call("/get_prompt_by_id", sent)[1]["prompt"] == "task 3"
    assert server.call("/list_datasets") == (200, [])
    assert server.call("/get_prompts", {"dataset": "mine"})[0] == 422


def test_ping_health_and_pages(server):
    assert server.call("/v1/ping") == (200, "pong")
    assert server.call("/health")[1]["status"] == "ok"
    paths = server.call("/openapi.json")[1]["paths"]
    assert {"/verify", "/get_reward", "/remote_rm", "/run_code", "/submit"} <= paths.keys()
    assert server.exchange("/docs")[0] == 200


def test_metrics_count_by_status(server):
    def count(line):
        text = server.exchange("/metrics")[2].decode()
        found = [row.split()[-1] for row in text.splitlines() if row.startswith(line)]
        return float(found[0]) if found else 0.0

    name = 'rlvr_verdicts_total{reward="Accuracy",status="wrong"}'
    requests = 'rlvr_requests_total{code="200",endpoint="/verify"}'
    before = count(name), count(requests)
    server.call("/verify", {"reward": "accuracy", "completion": WRONG, "reference": "42"})
    assert (count(name), count(requests)) == (before[0] + 1, before[1] + 1)
    assert count("rlvr_workers") == 2
