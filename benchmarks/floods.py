"""What a megabyte of any text costs each reward: CPU seconds, memory, growth.

    python -m benchmarks.floods [--reward NAME …] [--kind NAME …] [--sizes 0.25 1]

With `--reward` the others' figures stay in the result file as they are.

Every exported reward judges every kind of flood in every place (`flood_kinds`), a quarter of a
megabyte of it and a whole one, in a process of its own. `cpu_s` are CPU seconds of that process,
where the trainer would be held up; `apart_s` are those of its workers and sandboxes, which have a
budget. Memory is the growth of the process's peak. `growth` is the whole megabyte's seconds over
the quarter's, where they are more than noise: 4 is linear, 16 quadratic.

What costs the process more than 0.3 s a megabyte is listed as dear, and so is what costs a worker
more unless its budget ended it (`timeout`) or a program ran (`code`).
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psutil

import rewards
from benchmarks.cpu_time import CpuTime, cpu_time
from benchmarks.environment import environment
from benchmarks.flood_kinds import KINDS, PLACES
from rewards import Reward, Verdict
from rewards.columns import COLUMN_ALIASES, Role
from rewards.errors import MissingExtraError

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "floods.json"
MOST_S = 0.3  # CPU seconds a megabyte
NOISE_S = 0.05  # below, growth says nothing
PATIENCE_S = 600

# Eleven instructions of those that cost most; a row of IFEval has three at most.
_INSTRUCTIONS: MappingProxyType[str, dict[str, object]] = MappingProxyType(
    {
        "keywords:existence": {"keywords": ["and"]},
        "length_constraints:number_sentences": {"num_sentences": 2, "relation": "at least"},
        "length_constraints:number_words": {"num_words": 2, "relation": "at least"},
        "length_constraints:number_paragraphs": {"num_paragraphs": 2},
        "detectable_format:number_highlighted_sections": {"num_highlights": 2},
        "detectable_format:multiple_sections": {"section_spliter": "a", "num_sections": 2},
        "detectable_format:json_format": {},
        "detectable_format:title": {},
        "change_case:capital_word_frequency": {
            "capital_frequency": 2,
            "capital_relation": "at least",
        },
        "change_case:english_lowercase": {},
        "language:response_language": {"language": "th"},
    }
)
_ROWS: MappingProxyType[Role, object] = MappingProxyType(
    {
        Role.REFERENCE: "7",
        Role.TESTS: ["assert f(1) == 2"],
        Role.SCHEMA: {"type": "object", "required": ["a"]},
        Role.PATTERN: r"(?s).*[0-9]+\.[0-9]+.*",
        Role.INSTRUCTIONS: list(_INSTRUCTIONS),
    }
)
_REFERENCES: MappingProxyType[str, object] = MappingProxyType({"quantity": "5 m", "choice": "B"})


def exported_rewards() -> dict[str, Reward]:
    """Every ready reward that `rewards` exports."""
    found = {name: getattr(rewards, name) for name in rewards.__all__}
    return {name: reward for name, reward in found.items() if isinstance(reward, Reward)}


def columns_of(name: str, reward: Reward) -> dict[str, list[object]]:
    """The row that a completion is judged by."""
    columns: dict[str, list[object]] = {"target_language": ["en"]}
    if reward.role is not None:
        reference = _REFERENCES.get(name, _ROWS[reward.role])
        columns[COLUMN_ALIASES[reward.role][0]] = [reference]
        if reward.role is Role.INSTRUCTIONS:
            columns["kwargs"] = [list(_INSTRUCTIONS.values())]
    return columns


def measure(
    name: str, kinds: list[str], places: list[str], sizes: list[float]
) -> list[dict[str, object]]:
    """What the floods cost one reward, in this process."""
    reward = exported_rewards()[name]
    columns = columns_of(name, reward)
    try:
        for completion in (r"<think>so</think> \boxed{7}", "```python\ndef f(x): return 2\n```"):
            reward.verdicts(completions=[completion], **columns)  # starts workers
    except MissingExtraError:
        return []
    has_workers = bool(psutil.Process().children())
    found: list[dict[str, object]] = []
    for kind in kinds:
        floods = [KINDS[kind](int(size * 2**20)) for size in sizes]
        for place in places:
            before, behind = PLACES[place]
            runs = [
                _run(reward, columns, before + flood + behind, has_workers=has_workers)
                for flood in floods
            ]
            verdict, last = runs[-1].verdict, runs[-1]
            cost: dict[str, object] = {
                "reward": name,
                "kind": kind,
                "place": place,
                "size_mb": sizes,
                "cpu_s": [round(run.own_s, 3) for run in runs],
                "apart_s": [round(run.apart_s, 3) for run in runs],
                "mb": round(last.mb, 1),
                "score": verdict.score,
                "status": verdict.status.value,
                "reason": verdict.reason[:100],
            }
            if len(sizes) > 1 and last.own_s > NOISE_S:
                cost["growth"] = round(last.own_s / max(runs[0].own_s, 1e-4), 1)
            found.append(cost)
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    """One completion judged: seconds in this process and in its workers, megabytes, verdict."""

    own_s: float
    apart_s: float
    mb: float
    verdict: Verdict


def _run(
    reward: Reward, columns: dict[str, list[object]], completion: str, *, has_workers: bool
) -> _Run:
    at_first = _peak_mb(reset=True)
    # Looking for workers costs milliseconds, so only where there are any.
    with cpu_time() if has_workers else nullcontext(CpuTime()) as spent:
        started = time.process_time()
        (verdict,) = reward.verdicts(completions=[completion], **columns)
        own_s = time.process_time() - started
    return _Run(own_s, max(spent.seconds - own_s, 0.0), _peak_mb() - at_first, verdict)


def _peak_mb(*, reset: bool = False) -> float:
    """The peak of this process's memory since the last reset, in MB; 0 where Linux is not."""
    own = Path("/proc/self")
    if not (own / "clear_refs").exists():
        return 0.0
    if reset:
        (own / "clear_refs").write_text("5", encoding="ascii")
    lines = (own / "status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def summarised(costs: list[dict[str, object]]) -> dict[str, object]:
    """What matters of one reward's costs: the dearest, the greatest growth, what is too dear."""
    dearest = max(costs, key=lambda cost: _last(cost, "cpu_s"))
    return {
        "floods": len(costs),
        "dearest": dearest,
        "most_mb": max(costs, key=lambda cost: float(str(cost["mb"]))),
        "fastest_growth": max(costs, key=lambda cost: float(str(cost.get("growth", 0)))),
        "dearest_apart": max(costs, key=lambda cost: _last(cost, "apart_s")),
        "dear": [cost for cost in costs if is_dear(cost)],
        "without_a_score": [cost for cost in costs if cost["score"] is None],
    }


def is_dear(cost: dict[str, object]) -> bool:
    """Whether a flood costs more than it may."""
    most = MOST_S * _last(cost, "size_mb")
    is_bounded = cost["status"] == "timeout" or cost["reward"] == "code"
    return _last(cost, "cpu_s") > most or (_last(cost, "apart_s") > most and not is_bounded)


def _last(cost: dict[str, object], what: str) -> float:
    """What was measured with the greatest size."""
    measured = cost[what]
    return float(measured[-1]) if isinstance(measured, list) else 0.0


def _apart(name: str, options: argparse.Namespace) -> list[dict[str, object]]:
    """The costs of one reward, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.floods", "--worker", "--reward", name]
    command += ["--sizes", *map(str, options.sizes), "--kind", *options.kind]
    command += ["--place", *options.place]
    done = subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=PATIENCE_S, text=True
    )
    return list(json.loads(done.stdout))


def _kept(result: Path) -> dict[str, object]:
    """What an earlier run on this machine found; a run of some rewards replaces only theirs."""
    try:
        before = json.loads(result.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    same = before["environment"]["processor"] == environment()["processor"]
    return dict(before["rewards"]) if same else {}


def main(arguments: list[str] | None = None) -> dict[str, object]:
    """Measure, print, and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reward", nargs="+", default=list(exported_rewards()))
    parser.add_argument("--kind", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--place", nargs="+", default=list(PLACES), choices=list(PLACES))
    parser.add_argument("--sizes", nargs="+", type=float, default=[0.25, 1.0], help="megabytes")
    parser.add_argument("--output", type=Path, default=RESULT)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        json.dump(
            measure(options.reward[0], options.kind, options.place, options.sizes), sys.stdout
        )
        return {}
    found = _kept(options.output) if options.reward != list(exported_rewards()) else {}
    for name in options.reward:
        costs = _apart(name, options)
        if not costs:
            print(f"{name}: an extra is not installed", flush=True)
            continue
        summary = summarised(costs)
        found[name] = summary
        dearest = max(costs, key=lambda cost: _last(cost, "cpu_s"))
        print(
            f"{name:22} {_last(dearest, 'cpu_s'):6.3f} s at most ({dearest['kind']}, "
            f"{dearest['place']}), {sum(map(is_dear, costs))} of {len(costs)} dear",
            flush=True,
        )
    result = {
        "command": f"python -m benchmarks.floods --place {shlex.join(options.place)}",
        "environment": environment(),
        "sizes_mb": options.sizes,
        "kinds": options.kind,
        "places": options.place,
        "most_s_per_mb": MOST_S,
        "rewards": dict(sorted(found.items())),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(
        json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return result


if __name__ == "__main__":
    main()
