"""Everything that a GPU is needed for, in one command: `python -m benchmarks.gpu`, or `make gpu`.

Parts of at most six minutes, each in a process of its own, whose result is a file: a part that has
one is not run again, so that a run that was cut off goes on where it was. A part that fails, or
whose packages are not here, costs itself. At the end one JSON holds all of it: device, driver,
versions, the roofline, and what each part said.

Needs torch, Triton and transformers; what trains needs TRL, datasets and Rich besides, which can be
carried in a folder (`--peers`). Without a GPU the parts that need one are skipped by name.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any

import torch

from benchmarks.environment import environment

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 370  # of a part


@dataclass(frozen=True, kw_only=True)
class Part:
    """One measurement.

    Attributes:
        name: of it, and of its file.
        command: after `python -m`; `--output FILE` is appended.
        needs: packages that are imported.
        gpu: whether it says nothing without a GPU.
    """

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    gpu: bool = False


def parts(device: str, peers: Path | None) -> list[Part]:
    """All of them, the cheapest first."""
    training = ("trl", "datasets", "rich", "transformers")
    step = ("benchmarks.trainer_step", "--device", device)
    small = () if device == "cuda" else ("--vocabulary", "2048", "--hidden-size", "32")
    short = () if device == "cuda" else ("--rounds", "1", "--steps", "2", "--mean-length", "8")
    model = ("--hidden-size", "896", "--layers", "12", "--vocabulary", "151936")
    carried = ("--peers", str(peers)) if peers else ()
    return [
        Part(name="checks", command=("benchmarks.gpu_checks", "--device", device)),
        Part(name="step", command=(*step, "--ragged", *small, *short), needs=training),
        Part(
            name="training",
            command=(*step, *model, "--steps", "20", "--rounds", "1", "--dead", "0", "--bf16"),
            needs=training,
            gpu=True,
        ),
        Part(
            name="loss",
            command=("benchmarks.loss", "--device", "cuda", "--limit-s", "280", *carried),
            gpu=True,
        ),
    ]


def run_part(part: Part, folder: Path, device: str, peers: Path | None) -> str:
    """Run one; "done", or why there is no result."""
    output = folder / f"{part.name}.json"
    if output.exists():
        return "done before"
    if part.gpu and device != "cuda":
        return "skipped: needs a GPU"
    path = [str(ROOT), *([str(peers)] if peers else []), os.environ.get("PYTHONPATH", "")]
    missing = [name for name in part.needs if not _importable(name, peers)]
    if missing:
        return f"skipped: {', '.join(missing)} not installed (carry them with --peers)"
    unfinished = output.with_suffix(".unfinished.json")
    process = subprocess.Popen(
        [sys.executable, "-m", *part.command, "--output", str(unfinished)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))},
        start_new_session=True,
    )
    try:
        code = process.wait(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"failed: not done after {LIMIT_S} s"
    if code:
        return f"failed: exit code {code}"
    unfinished.rename(output)
    return "done"


def report(folder: Path, device: str, said: dict[str, str]) -> dict[str, Any]:
    """All results together."""
    found = {file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}
    rates = found.get("loss", {}).get("matrix_rates")
    return {
        "command": " ".join(["python -m benchmarks.gpu", *sys.argv[1:]]),
        "environment": environment(),
        "device": _device(device),
        "roofline, FLOP/s of the products": rates,
        "parts": said,
        "results": found,
    }


def main() -> None:
    arguments = _arguments()
    device = arguments.device
    folder = arguments.output.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    peers = arguments.peers.resolve() if arguments.peers else None
    started, said = monotonic(), {}
    for part in parts(device, peers):
        if arguments.part and part.name not in arguments.part:
            continue
        said[part.name] = run_part(part, folder, device, peers)
        print(f"{part.name}: {said[part.name]} ({monotonic() - started:.0f} s)", flush=True)
        found = json.dumps(report(folder, device, said), indent=1)
        arguments.output.write_text(found + "\n", encoding="utf-8")
    print(f"written to {arguments.output}")
    sys.exit(any(word.startswith("failed") for word in said.values()))


def _importable(name: str, peers: Path | None) -> bool:
    return find_spec(name) is not None or bool(peers and (peers / name).is_dir())


def _device(device: str) -> dict[str, Any]:
    if device != "cuda":
        return {"name": "cpu"}
    properties = torch.cuda.get_device_properties(0)
    try:
        asked = subprocess.run(
            [
                *(shutil.which("nvidia-smi") or "nvidia-smi", "--format=csv,noheader"),
                "--query-gpu=driver_version",
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        driver = asked.stdout.strip().partition("\n")[0]
    except (OSError, subprocess.SubprocessError) as error:
        driver = f"unknown ({type(error).__name__})"
    return {
        "name": properties.name,
        "driver": driver,
        "cuda": torch.version.cuda,
        "memory_gb": round(properties.total_memory / 2**30, 1),
        "second_level_cache_mb": round(properties.L2_cache_size / 2**20, 1),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", choices=("cpu", "cuda"), default=default)
    parser.add_argument("--part", action="append", help="only this one; may be repeated")
    parser.add_argument("--peers", type=Path, help="a folder of packages that are not installed")
    parser.add_argument("--output", type=Path, default=RESULTS / "gpu.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
