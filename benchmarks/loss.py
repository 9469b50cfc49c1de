"""The fused loss against its peers: `python -m benchmarks.loss [--device cpu|cuda] [--quick]`.

Forward and backward of a GRPO loss through the last layer: time, peak memory above what was there
before, share of the roofline (the least products there are, at the rate the device reaches on
them in this run), and errors against float64. On a CPU one thread, and CPU time.

It needs torch; Triton, Rich and matplotlib are used when there. Peers that are not installed are
reported as missing; packages for them can be carried in a folder:

    pip install --no-deps --target .peers trl==1.16.0 liger-kernel==0.8.5 cut-cross-entropy==25.1.1
    python -m benchmarks.loss --device cuda --peers .peers
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from time import monotonic

import torch

from benchmarks.environment import environment
from benchmarks.loss_cases import Case, cases
from benchmarks.loss_errors import measure_errors
from benchmarks.loss_meter import matrix_rate, measure
from benchmarks.loss_traffic import estimates
from benchmarks.loss_ways import Problem, Way, kill, load_ways, pose

RESULTS = Path(__file__).parent / "results"
ERROR_SIZES = {"cuda": (3584, 152064), "cpu": (128, 8192)}  # H and V
Figures = dict[str, float | None]


def main() -> None:
    arguments = _arguments()
    device = torch.device(arguments.device)
    if arguments.peers:
        sys.path.append(str(arguments.peers.resolve()))
    if device.type == "cpu":
        torch.set_num_threads(1)
    started = monotonic()
    ways = load_ways(device)
    missing = {way.name: way.missing for way in ways if way.missing}
    for name, reason in missing.items():
        print(f"{name}: missing ({reason})")
    report: dict[str, object] = {
        "command": " ".join(["python -m benchmarks.loss", *sys.argv[1:]]),
        "environment": environment(),
        "device": _name(device),
        "missing": missing,
    }
    rates: dict[tuple[int, int, torch.dtype], float] = {}
    theirs: dict[tuple[object, ...], list[float]] = {}
    measured: list[dict[str, object]] = []
    failed: dict[str, str] = {}
    report["cases"] = measured
    report["failed"] = failed
    output = arguments.output or RESULTS / f"loss_{device.type}.json"
    for case in cases(device, quick=arguments.quick):
        if monotonic() - started > arguments.limit_s:
            print(f"left out, {arguments.limit_s} s are over: {case.label}")
            continue
        key = (case.width, case.vocabulary, case.dtype)
        if key not in rates:
            rates[key] = matrix_rate(*key[:2], device, case.dtype)
        figures = _measure(case, ways, device, rates[key], theirs, failed)
        measured.append({"case": case.label, "rows": case.rows, "ways": figures})
        _write(report, output)  # what is measured stays, whatever the next case does
        _show(
            f"{case.label} ({rates[key] / 1e12:.3g} TFLOP/s)",
            ["seconds", "times TRL's", "of the roofline", "peak MB", "beyond gradients, MB"],
            figures,
        )
    report["errors"] = _errors(ways, device)
    report["estimated for an H100"] = estimates()
    report["matrix_rates"] = {str(key): rate for key, rate in rates.items()}
    report["seconds"] = monotonic() - started
    _write(report, output)
    print(f"written to {output}")
    _plot(measured, output.with_suffix(".png"))


def _measure(  # noqa: PLR0913, PLR0917 - what is measured, and where it is noted
    case: Case,
    ways: list[Way],
    device: torch.device,
    rate: float,
    theirs: dict[tuple[object, ...], list[float]],
    failed: dict[str, str],
) -> dict[str, Figures]:
    """All ways on one case. Where TRL is left out, its time with no dead rows is compared with."""
    problem = pose(case.rows, case.width, case.vocabulary, device=device, dtype=case.dtype)
    problem.weight.requires_grad_(not case.frozen)
    problem = kill(problem, case.dead, beforehand=case.beforehand)
    chosen = [way for way in ways if not way.missing and (case.peers or way.name == "ours")]
    seconds: dict[str, list[float]] = {}
    peaks: dict[str, float] = {}
    warm = device.type == "cuda"
    for turn in range(case.rounds + warm):
        for way in chosen:
            if f"{way.name}, {case.label}" in failed:
                continue
            try:
                found = _attempt(way, problem, device)
            except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:
                # A peer's failure costs its own row of this case; ours is a failure of the run.
                if way.name == "ours" and not isinstance(error, torch.OutOfMemoryError):
                    raise
                found = None
                failed[f"{way.name}, {case.label}"] = f"{type(error).__name__}: {str(error)[:200]}"
                print(f"{way.name}: {type(error).__name__} on {case.label}")
                problem.hidden.grad = problem.weight.grad = None
            if found is not None and turn >= warm:
                seconds.setdefault(way.name, []).append(found[0])
                peaks[way.name] = max(found[1], peaks.get(way.name, 0.0))
    kind = (case.rows, case.width, case.vocabulary, case.dtype, case.frozen)
    if "TRL" in seconds:
        theirs.setdefault(kind, seconds["TRL"])
    figures: dict[str, Figures] = {}
    for name, times in seconds.items():
        others = seconds.get("TRL") or theirs.get(kind, [])
        figures[name] = {
            "seconds": median(times),
            "times TRL's": median(times) / median(others) if others else None,
            "of the roofline": case.flops / rate / median(times),
            "peak MB": peaks[name],
            "beyond gradients, MB": peaks[name] - case.gradients_mb,
        }
    return figures


def _attempt(way: Way, problem: Problem, device: torch.device) -> tuple[float, float]:
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return measure(way.loss, problem, device)


def _write(report: dict[str, object], output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(report, indent=1), encoding="utf-8")


def _errors(ways: list[Way], device: torch.device) -> dict[str, dict[str, Figures]]:
    """Of both dtypes."""
    width, vocabulary = ERROR_SIZES[device.type]
    found = {}
    for dtype in (torch.float32, torch.bfloat16):
        found[str(dtype)[6:]] = errors = measure_errors(
            ways, width, vocabulary, device=device, dtype=dtype
        )
        _show(
            f"errors against float64, {str(dtype)[6:]}, H={width} V={vocabulary}",
            ["logp", "ratio", "hidden", "weight"],
            errors,
        )
    return found


def _show(title: str, columns: list[str], figures: dict[str, Figures]) -> None:
    """A table, with Rich where it is installed."""
    rows = [
        [name, *("–" if (value := row[column]) is None else f"{value:.3g}" for column in columns)]
        for name, row in figures.items()
    ]
    try:
        from rich.console import Console  # optional here
        from rich.table import Table
    except ImportError:
        print(title, *("\t".join(row) for row in [["", *columns], *rows]), sep="\n")
        return
    table = Table(title=title, title_justify="left")
    for name in ("", *columns):
        table.add_column(name, justify="right" if name else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _plot(measured: list[dict[str, object]], path: Path) -> None:
    """Time and memory against N, of cases that differ in nothing else."""
    try:
        import matplotlib as mpl  # optional here
    except ImportError:
        print("no plot: matplotlib is not installed")
        return
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    curves: dict[str, list[tuple[int, Figures]]] = {}
    kind = str(measured[0]["case"]).partition(" ")[2] if measured else ""
    for entry in measured:
        if str(entry["case"]).partition(" ")[2] == kind:
            ways: dict[str, Figures] = entry["ways"]  # type: ignore[assignment]
            for name, figures in ways.items():
                curves.setdefault(name, []).append((int(str(entry["rows"])), figures))
    figure, axes = plt.subplots(1, 2, figsize=(10, 4))
    for axis, what in zip(axes, ("seconds", "peak MB"), strict=True):
        for name, points in curves.items():
            points.sort(key=lambda point: point[0])
            axis.plot([n for n, _ in points], [row[what] for _, row in points], "o-", label=name)
        axis.set(xlabel="tokens (N)", ylabel=what, xscale="log", yscale="log")
        axis.set_title(f"forward and backward, {kind}", fontsize=9)
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    print(f"and {path}")


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu, one thread"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loss")
    default = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", choices=("cpu", "cuda"), default=default)
    parser.add_argument("--quick", action="store_true", help="the three telling cases, once")
    parser.add_argument("--peers", type=Path, help="a folder of packages to compare with")
    parser.add_argument("--limit-s", type=float, default=480, help="start no case after this")
    parser.add_argument("--output", type=Path, help="the JSON file; the plot goes beside it")
    return parser.parse_args()


if __name__ == "__main__":
    main()
