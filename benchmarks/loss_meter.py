"""Time and peak memory of forward and backward on a CPU or a GPU."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path
from time import process_time

import torch
from torch import Tensor

from benchmarks.loss_ways import Problem


def measure(
    loss: Callable[[Problem], Tensor], problem: Problem, device: torch.device
) -> tuple[float, float]:
    """Seconds (CPU time on a CPU, elapsed on a GPU) and peak MB above what was there before."""
    problem.hidden.grad = problem.weight.grad = None
    gc.collect()
    if device.type == "cuda":
        return _on_gpu(loss, problem)
    before = _reset_peak()
    start = process_time()
    loss(problem).backward()
    seconds = process_time() - start
    peak = _status("VmHWM") - before
    problem.hidden.grad = problem.weight.grad = None
    return seconds, peak


def matrix_rate(width: int, vocabulary: int, device: torch.device, dtype: torch.dtype) -> float:
    """FLOP/s of the three products, each alone, as fast as the device does them here."""
    rows = 4096 if device.type == "cuda" else 512
    hidden = torch.randn(rows, width, device=device).to(dtype)
    weight = torch.randn(vocabulary, width, device=device, dtype=dtype)
    logits = torch.empty(rows, vocabulary, device=device, dtype=dtype)
    into = torch.empty_like(hidden), torch.empty_like(weight)
    products: list[Callable[[], object]] = [
        lambda: torch.mm(hidden, weight.t(), out=logits),
        lambda: torch.mm(logits, weight, out=into[0]),
        lambda: torch.mm(logits.t(), hidden, out=into[1]),
    ]
    seconds = sum(min(_time(product, device) for _ in range(4)) for product in products)
    return 3 * 2 * rows * width * vocabulary / seconds


def _time(work: Callable[[], object], device: torch.device) -> float:
    if device.type != "cuda":
        start = process_time()
        work()
        return process_time() - start
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    work()
    end.record()
    end.synchronize()
    return float(begin.elapsed_time(end)) / 1e3


def _on_gpu(loss: Callable[[Problem], Tensor], problem: Problem) -> tuple[float, float]:
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    seconds = _time(lambda: loss(problem).backward(), problem.hidden.device)
    peak = (torch.cuda.max_memory_allocated() - before) / 2**20
    problem.hidden.grad = problem.weight.grad = None
    return seconds, peak


def _reset_peak() -> float:
    """Give freed memory back, forget the peak so far; MB resident now."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS")


def _status(field: str) -> float:
    """MB, as Linux counts this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024
