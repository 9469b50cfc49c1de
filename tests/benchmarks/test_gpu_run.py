"""The run on a GPU, with its parts simulated: resumed, cut off, skipped by name, in one JSON."""

import json
import sys

import pytest

torch = pytest.importorskip("torch")

from benchmarks import gpu, gpu_checks  # noqa: E402
from benchmarks.gpu import Part  # noqa: E402

WRITES = "import json, sys; json.dump({'matrix_rates': {'a': 1.0}}, open(sys.argv[-1], 'w'))"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """`run(parts) -> (exit code, report)`; a part's command is a program."""

    def start(*parts, device="cpu"):
        monkeypatch.setattr(gpu, "parts", lambda device, peers: list(parts))
        monkeypatch.setattr(sys, "argv", ["gpu", "--output", str(tmp_path / "gpu.json")])
        with pytest.raises(SystemExit) as ended:
            gpu.main()
        return ended.value.code, json.loads((tmp_path / "gpu.json").read_text())

    (tmp_path / "program.py").write_text(WRITES)
    (tmp_path / "broken.py").write_text("raise SystemExit(3)")
    (tmp_path / "endless.py").write_text(f"{WRITES}\nimport time\ntime.sleep(600)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return start


def test_what_is_done_is_not_done_again_and_a_failure_costs_itself(run, tmp_path):
    parts = [Part(name="loss", command=("program",)), Part(name="broken", command=("broken",))]
    code, found = run(*parts)
    assert code == 1
    assert found["parts"] == {"loss": "done", "broken": "failed: exit code 3"}
    assert found["roofline, FLOP/s of the products"] == {"a": 1.0}
    assert found["environment"]["versions"]["torch"]
    code, found = run(*parts[:1])
    assert code == 0
    assert found["parts"] == {"loss": "done before"}
    assert found["results"]["loss"] == {"matrix_rates": {"a": 1.0}}
    assert str(tmp_path) not in json.dumps(found["results"])


def test_a_part_that_does_not_end_is_ended_and_what_it_wrote_stays(run, monkeypatch):
    monkeypatch.setattr(gpu, "LIMIT_S", 3)
    code, found = run(Part(name="slow", command=("endless",)))
    assert code == 1
    assert found["parts"] == {"slow": "failed: not done after 3 s"}
    assert found["results"]["slow.unfinished"] == {"matrix_rates": {"a": 1.0}}


def test_what_cannot_run_is_skipped_by_name(run):
    code, found = run(
        Part(name="a", command=("program",), needs=("no_such_package",)),
        Part(name="b", command=("program",), gpu=True),
    )
    assert code == 0
    assert found["parts"]["a"].startswith("skipped: no_such_package not installed")
    assert found["parts"]["b"] == "skipped: needs a GPU" or torch.cuda.is_available()


def test_all_parts_fit_the_time_they_have():
    for device in ("cpu", "cuda"):
        found = gpu.parts(device, None)
        assert len({part.name for part in found}) == len(found)
        assert len(found) * gpu.LIMIT_S < 25 * 60


def test_checks_say_how_they_went(monkeypatch):
    def fails(device):
        raise AssertionError("0.5 apart")

    def skipped(device):
        raise gpu_checks.Skipped("no GPU")

    monkeypatch.setattr(gpu_checks, "CHECKS", (fails, skipped, lambda device: "1e-6"))
    assert gpu_checks.run_checks(torch.device("cpu")) == {
        "fails": "failed: AssertionError: 0.5 apart",
        "skipped": "skipped: no GPU",
        "<lambda>": "passed: 1e-6",
    }


def test_gradients_are_checked_on_any_device():
    said = gpu_checks.gradients_are_those_of_float64(torch.device("cpu"))
    assert said.startswith("torch.float32")
