"""The benchmark of the fused loss runs, also on a bare machine, and compares like with like."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from benchmarks import loss  # noqa: E402
from benchmarks.loss_cases import Case, cases  # noqa: E402
from benchmarks.loss_errors import measure_errors  # noqa: E402
from benchmarks.loss_ways import Way, kill, load_ways, naive_logp, ours, pose  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
CPU = torch.device("cpu")


@pytest.mark.parametrize("beforehand", [False, True])
@pytest.mark.parametrize("dead", [0.0, 0.5])
def test_every_way_computes_the_same(dead, beforehand):
    problem = pose(128, 16, 300, device=CPU, dtype=torch.float32)
    problem = kill(problem, dead, beforehand=beforehand)
    naive = problem.solve(naive_logp(problem))
    wanted = torch.autograd.grad(naive, [problem.hidden, problem.weight])
    assert (wanted[0] != 0).any(dim=1).float().mean() == 1 - dead
    for way in load_ways(CPU):
        if not way.missing:
            found = torch.autograd.grad(way.loss(problem), [problem.hidden, problem.weight])
            for one, other in zip(found, wanted, strict=True):
                assert torch.allclose(one, other, rtol=1e-3, atol=1e-7), way.name


def test_errors_are_those_of_the_precision():
    ways = [way for way in load_ways(CPU) if way.name in ("ours", "TRL")]
    found = measure_errors(ways, 16, 500, device=CPU, dtype=torch.bfloat16)
    assert found["ours"]["logp"] < 1e-5 < found["TRL"]["logp"]
    assert abs(found["ours"]["ratio"] - 1) < 1e-3
    assert found["ours"]["hidden"] < found["TRL"]["hidden"] < 0.1
    assert found["ours"]["weight"] < found["TRL"]["weight"] < 0.1


def test_a_peer_that_fails_costs_its_own_row_and_what_is_measured_stays(tmp_path, monkeypatch):
    def broken(problem):
        if len(problem.targets) > 128:
            raise torch.OutOfMemoryError("not today")
        return ours(problem)

    small = [Case(rows=rows, width=8, vocabulary=50, rounds=1) for rows in (128, 256)]
    written = []
    write = loss._write
    monkeypatch.setattr(loss, "_write", lambda report, path: written.append(write(report, path)))
    monkeypatch.setattr(loss, "cases", lambda device, quick: small)
    monkeypatch.setattr(
        loss,
        "load_ways",
        lambda device: [Way(name="ours", loss=ours), Way(name="TRL", loss=broken)],
    )
    monkeypatch.setattr(loss, "_errors", lambda ways, device: {})
    monkeypatch.setattr(loss, "_plot", lambda measured, path: None)
    output = tmp_path / "loss.json"
    monkeypatch.setattr(sys, "argv", ["loss", "--device", "cpu", "--output", str(output)])
    loss.main()
    report = json.loads(output.read_text())
    assert len(written) == 3  # after each case, and at the end
    assert [sorted(case["ways"]) for case in report["cases"]] == [["TRL", "ours"], ["ours"]]
    assert list(report["failed"].values()) == ["OutOfMemoryError: not today"]


def test_torchs_own_is_among_the_peers():
    way = next(way for way in load_ways(CPU) if way.name == "torch linear_cross_entropy")
    assert bool(way.missing) != hasattr(torch.nn.functional, "linear_cross_entropy")


def test_products_are_counted():
    case = Case(rows=10, width=3, vocabulary=7)
    assert case.flops == 3 * 2 * 10 * 3 * 7
    assert replace(case, frozen=True).flops == 2 * 2 * 10 * 3 * 7
    assert replace(case, dead=0.5).flops == 2 * 2 * 10 * 3 * 7
    assert replace(case, dead=0.5, beforehand=True).flops == 3 * 2 * 5 * 3 * 7
    assert len(cases(CPU, quick=True)) < len(cases(CPU, quick=False))
    assert len({c.label for c in cases(torch.device("cuda"), quick=False)}) == len(
        cases(torch.device("cuda"), quick=False)
    )


BARE = """
import sys
for name in ("rich", "matplotlib", "liger_kernel", "psutil", "accelerate", "datasets"):
    sys.modules[name] = None
import torch
from benchmarks import loss
from benchmarks.loss_cases import Case
base = dict(rows=64, width=8, vocabulary=300, rounds=1)
loss.cases = lambda device, quick: [
    Case(**base), Case(**base, dead=0.5, peers=False), Case(**(base | {"rows": 128}), frozen=True)
]
loss.ERROR_SIZES = {"cpu": (8, 300)}
sys.argv[1:] = ["--device", "cpu", "--output", sys.argv[1]]
loss.main()
"""


def test_runs_on_a_bare_machine(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", BARE, tmp_path / "loss.json"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "cut-cross-entropy: missing" in done.stdout
    assert "Liger: missing" in done.stdout
    assert "no plot" in done.stdout
    report = json.loads((tmp_path / "loss.json").read_text())
    assert len(report["cases"]) == 3
    first, dead, _ = (case["ways"] for case in report["cases"])
    assert set(first) >= {"ours", "naive", "TRL"}
    assert first["ours"]["seconds"] > 0
    assert dead["ours"]["times TRL's"] > 0
    assert report["errors"]["bfloat16"]["ours"]["logp"] < 1e-5


def test_plots(monkeypatch, tmp_path):
    pytest.importorskip("matplotlib")
    base = Case(rows=64, width=8, vocabulary=300, rounds=1)
    monkeypatch.setattr(loss, "cases", lambda device, quick: [base, replace(base, rows=128)])
    monkeypatch.setattr(loss, "load_ways", lambda device: [loss.Way(name="ours", loss=ours)])
    monkeypatch.setattr(loss, "ERROR_SIZES", {"cpu": (8, 300)})
    threads = torch.get_num_threads()
    output = tmp_path / "loss.json"
    monkeypatch.setattr(sys, "argv", ["loss", "--device", "cpu", "--output", str(output)])
    try:
        loss.main()
    finally:
        torch.set_num_threads(threads)
    assert output.with_suffix(".png").stat().st_size > 1000
