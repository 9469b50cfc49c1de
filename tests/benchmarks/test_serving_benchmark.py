"""What the benchmark of the server asks for is what it says, and both ways run programs."""

from benchmarks import serving
from rewards import accuracy, code


def test_the_scores_that_are_known_are_the_library_s():
    for sent, right in serving.requests(12):
        reward = {"accuracy": accuracy, "code": code}[sent["reward"]]
        assert reward.verify(sent["completion"], sent["reference"]).score == right


def test_requests_are_mixed_and_always_the_same():
    made = serving.requests(200)
    assert made == serving.requests(200)
    assert {sent["reward"] for sent, _ in made} == {"accuracy", "code"}
    assert {right for _, right in made} == {0.0, 1.0}


def test_the_bare_runner_runs_every_program():
    assert serving.run_bare(serving.programs(3)) == 3
    wrong = [(source, given, "other") for source, given, _ in serving.programs(2)]
    assert serving.run_bare(wrong) == 0
