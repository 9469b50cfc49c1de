"""What a task costs in a killable worker, and what a kill costs the next one.

python benchmarks/worker_latency.py [--preload sympy] [--tasks 5000] [--kills 20]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rewards.worker import Budget, Ending, WorkerPool


def milliseconds(samples: list[float]) -> str:
    """Median and 99th percentile of samples in seconds."""
    cuts = statistics.quantiles(samples, n=100)
    return f"median {1000 * cuts[49]:.3f} ms, p99 {1000 * cuts[98]:.3f} ms"


def main() -> None:
    """Print start, round trip, kill recovery and throughput."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--preload", default="sympy")
    parser.add_argument("--tasks", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    budget = Budget(cpu_s=0.05)
    with WorkerPool("operator:pow", budget=budget, preload=[options.preload]) as pool:
        start = time.perf_counter()
        pool.start()
        print(f"server with {options.preload}: {time.perf_counter() - start:.2f} s")
        trips, forks, recoveries = [], [], []
        pool.run(2, 2)
        for i in range(options.tasks):
            start = time.perf_counter()
            pool.run(i, 2)
            trips.append(time.perf_counter() - start)
        print(f"round trip: {milliseconds(trips)}")
        start, cpu = time.perf_counter(), time.process_time()
        for i in range(options.tasks):
            pool.run(i, 2)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        per_task = 1000 / options.tasks
        print(f"mean {wall * per_task:.3f} ms, parent's CPU {cpu * per_task:.3f} ms")
        for _ in range(options.kills):
            start = time.perf_counter()
            killed = pool.run(9, 9**9)
            forks.append(time.perf_counter() - start - killed.wall_s)
            if killed.ending is not Ending.CPU_LIMIT:
                raise SystemExit(f"expected a kill: {killed}")
            start = time.perf_counter()
            pool.run(3, 2)
            recoveries.append(time.perf_counter() - start)
        print(f"reaping a killed worker: {milliseconds(forks)}")
        print(f"first task after a kill, with its fork: {milliseconds(recoveries)}")
    with WorkerPool("operator:pow", budget=budget, workers=2) as pool:
        list(pool.run_many([(1, 1)] * 100))
        start = time.perf_counter()
        done = sum(r.value == 9 for r in pool.run_many([(3, 2)] * options.tasks))
        print(f"run_many on 2 workers: {done / (time.perf_counter() - start):,.0f} tasks/s")


if __name__ == "__main__":
    main()
