"""The sizes and conditions that `benchmarks.loss` goes through, the most telling first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch


@dataclass(frozen=True, kw_only=True)
class Case:
    """One problem for every way.

    Attributes:
        rows: N.
        width: H.
        vocabulary: V.
        dtype: of hidden states and head.
        dead: the share of completions that weigh nothing.
        beforehand: whether that is known before the model runs, or only from log-probs.
        frozen: whether the head gets no gradient.
        peers: whether others are measured too; nobody else's time depends on dead rows.
        rounds: how often, the ways taking turns.
    """

    rows: int
    width: int
    vocabulary: int
    dtype: torch.dtype = torch.float32
    dead: float = 0.0
    beforehand: bool = False
    frozen: bool = False
    peers: bool = True
    rounds: int = 3

    @property
    def label(self) -> str:
        """For tables."""
        words = [f"N={self.rows} H={self.width} V={self.vocabulary}", str(self.dtype)[6:]]
        if self.dead:
            when = "known beforehand" if self.beforehand else "found in the forward"
            words.append(f"{self.dead:.0%} dead, {when}")
        if self.frozen:
            words.append("head frozen")
        return ", ".join(words)

    @property
    def flops(self) -> float:
        """Of the products that have to be made."""
        alive = 1 - self.dead
        projected = alive if self.beforehand else 1.0
        gradients = alive * (1 if self.frozen else 2)
        return 2 * self.rows * self.width * self.vocabulary * (projected + gradients)

    @property
    def gradients_mb(self) -> float:
        """Of gradients that every way has to return, and of the float32 sum of the head's."""
        head = 0 if self.frozen else self.vocabulary * self.width
        sums = head * 4 if self.dtype.itemsize < 4 else 0
        return ((head + self.rows * self.width) * self.dtype.itemsize + sums) / 2**20


def cases(device: torch.device, *, quick: bool) -> list[Case]:
    """What is measured on a device."""
    return _on_gpu(quick=quick) if device.type == "cuda" else _on_cpu(quick=quick)


def _on_cpu(*, quick: bool) -> list[Case]:
    base = Case(rows=1024, width=896, vocabulary=65536, rounds=1 if quick else 3)
    alone = replace(base, peers=not quick)
    found = [
        base,
        replace(alone, dead=0.5, beforehand=True),
        replace(alone, dead=0.5),
    ]
    if quick:
        return found
    found += [replace(base, rows=rows, rounds=1) for rows in (256, 512, 2048)]
    found += [replace(base, dead=dead, rounds=1, peers=False) for dead in (0.3, 0.6, 0.9)]
    return [*found, replace(base, frozen=True, rounds=1)]


def _on_gpu(*, quick: bool) -> list[Case]:
    half = torch.bfloat16
    base = Case(rows=16384, width=3584, vocabulary=152064, dtype=half, rounds=5)
    found = [base, replace(base, dead=0.6), replace(base, dead=0.6, beforehand=True)]
    if quick:
        return found
    found += [replace(base, rows=rows) for rows in (1024, 4096, 32768)]
    found += [replace(base, frozen=True), replace(base, dtype=torch.float16)]
    found += [replace(base, rows=1024, width=896, vocabulary=65536, dtype=torch.float32)]
    found += [replace(base, width=896, vocabulary=151936)]
    found += [
        replace(base, dead=dead, beforehand=known, peers=False)
        for dead in (0.3, 0.9)
        for known in (False, True)
    ]
    return [*found, replace(base, rows=8192, width=2304, vocabulary=262144)]
