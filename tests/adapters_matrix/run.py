"""Every adapter through its peer's own loop: one environment a group of peers, one line a peer.

    python tests/adapters_matrix/run.py                   # all peers that pip installs
    python tests/adapters_matrix/run.py --only verl --latest
    python tests/adapters_matrix/run.py --sources DIR     # and those whose clones lie in DIR

An environment is made under `--environments`, used, and removed again unless `--keep`; they take up
to 1.6 GB each, one at a time. The peer is installed first and this project, as a wheel, after it.
Peers that are on no registry are run from clones under their repository's name (`slime`, `rllm`,
`RL`, `open-instruct`).

The table goes to `benchmarks/results/adapters.json` and into `docs/adapters/README.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "adapters.json"
PAGE = ROOT / "docs" / "adapters" / "README.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


@dataclass(frozen=True)
class Group:
    """Peers that live in one environment.

    Attributes:
        name: of the environment.
        packages: what pip installs, pinned to what the adapters were written against.
        peers: the scripts `through_PEER.py` that run in it.
        whole: packages installed without what they require: one of their files is used alone.
        from_source: peers run from a clone: the script's name and the repository's.
        last: what is installed after this project, without what it requires: a peer that refuses
            to run with any but one version of it.
        python: the interpreter that it needs, where it is not the one that runs this.
        pinned: whether it resolves together with this project's `constraints.txt`.
    """

    name: str
    packages: tuple[str, ...]
    peers: tuple[str, ...]
    whole: tuple[str, ...] = ()
    from_source: dict[str, str] = field(default_factory=dict)
    last: tuple[str, ...] = ()
    python: str | None = None
    pinned: bool = False


GROUPS = (
    Group(
        "with_our_pins",
        (
            *("verifiers==0.4.0", "lm-eval==0.4.13", "reasoning-gym==0.1.25"),
            *("skyrl-gym==0.4.0", "aiohttp", "uv", "datasets"),
        ),
        ("verifiers", "verifiers_taskset", "lm_eval", "reasoning_gym", "skyrl"),
        pinned=True,
    ),
    Group("verifiers_before", ("verifiers~=0.3.1", "aiohttp"), ("verifiers_legacy",)),
    Group("agents", ("inspect-ai==0.3.285", "openenv==0.10.0"), ("inspect_ai", "openenv")),
    Group(
        "verl",
        ("verl==0.9.1", "aiohttp"),
        ("verl", "openrlhf", "areal", "axolotl"),
        whole=("openrlhf==0.11.2", "areal==1.0.4", "axolotl==0.19.0"),
        from_source={
            "slime": "slime",
            "rllm": "rllm",
            "nemo_rl": "RL",
            "open_instruct": "open-instruct",
        },
    ),
    Group("swift", ("ms-swift==4.6.0", "msgspec"), ("swift",)),
    Group("nemo_gym", ("nemo-gym==0.4.0",), ("nemo_gym",), python="python3.12"),
    Group(
        "lighteval",
        ("lighteval==0.13.0", "xxhash<4"),
        ("lighteval",),
        last=("latex2sympy2_extended==1.0.6",),
    ),
)


def newest(packages: tuple[str, ...]) -> list[str]:
    """The packages without their pins."""
    return [one.partition("==")[0] for one in packages]


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [str(part) for part in command], text=True, check=False, **options
    )


def interpreter(name: str | None) -> str | Path | None:
    """An interpreter that starts: this one, or the one called so, pyenv's included."""
    if name is None:
        return sys.executable
    version = name.removeprefix("python")
    found = [shutil.which(name), *Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
    works = (one for one in found if one and not run(one, "-c", "", capture_output=True).returncode)
    return next(works, None)


def make_environment(group: Group, home: Path, *, latest: bool) -> str:
    """Make the environment; why it could not be made, or ""."""
    python = home / "bin" / "python"
    if python.exists():
        return _installed(python, group.last)
    base = interpreter(group.python)
    if base is None:
        return f"{group.python} is not installed"
    steps: list[list[str | Path]] = [[base, "-m", "venv", home]]
    packages = newest(group.packages) if latest else [*group.packages]
    whole_set = group.pinned and not latest
    pins = ROOT / "constraints.txt" if whole_set else torch_alone(home)
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "-c", pins]
    steps.append([*pip, *packages])
    if group.whole:
        steps.append([*pip, "--no-deps", *(newest(group.whole) if latest else group.whole)])
    for step in steps:
        done = run(*step, capture_output=True)
        if done.returncode:
            errors = [one for one in done.stderr.splitlines() if one.startswith("ERROR")]
            return f"pip: {' '.join(errors[:2]) or done.stderr[-300:]}"
    return _installed(python, group.last)


def torch_alone(home: Path) -> Path:
    """Constraints that keep torch to the build at hand: the newest brings gigabytes of CUDA."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    home.mkdir(parents=True, exist_ok=True)
    pins = home / "torch.txt"
    pins.write_text("".join(f"{one}\n" for one in lines if one.startswith("torch==")))
    return pins


def _installed(python: Path, last: tuple[str, ...]) -> str:
    """Install this project as it is now; why that failed, or ""."""
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet"]
    for step in ([*pip, ROOT], [*pip, "--no-deps", *last] if last else []):
        done = run(*step, capture_output=True) if step else None
        if done is not None and done.returncode:
            return done.stderr[-300:]
    return ""


def run_peer(python: Path, peer: str, source: Path | None) -> dict[str, object]:
    """One line of the table."""
    environment = {name: cell for name, cell in os.environ.items() if name != "PYTHONPATH"}
    if source is not None:
        commit = run("git", "-C", source, "rev-parse", "--short", "HEAD", capture_output=True)
        environment |= {
            "SOURCE": str(source),
            "SOURCE_VERSION": commit.stdout.strip() or "source",
            "PYTHONPATH": str(source),
        }
    try:
        done = run(
            *(python, HERE / f"through_{peer}.py"),
            cwd=tempfile.gettempdir(),
            env=environment,
            capture_output=True,
            timeout=900,
        )
    except subprocess.TimeoutExpired:
        return {"peer": peer, "failed": "took more than 900 s"}
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            found: dict[str, object] = json.loads(line.removeprefix("RESULT "))
            return found
    last = (done.stderr or done.stdout).strip().splitlines()[-1:]
    return {"peer": peer, "failed": last[0][:200] if last else f"exit code {done.returncode}"}


def shown(line: dict[str, object]) -> str:
    """A line of the table, as Markdown."""
    if "failed" in line:
        return f"| {line['peer']} | – | – | – | not run: {line['failed']} | – |"
    cells = ("peer", "version", "called_by", "rows", "equal", "seconds")
    return "| " + " | ".join(str(line[cell]) for cell in cells) + " |"


HEADER = (
    "| peer | version | what called the adapter | rows | verdicts equal to ours | seconds |\n"
    "|---|---|---|---|---|---|"
)


def write(lines: list[dict[str, object]]) -> None:
    """Write the results and put the table into the page."""
    lines = sorted(lines, key=lambda line: str(line["peer"]).lower())
    machine = {"python": platform.python_version(), "cpus": os.cpu_count()}
    RESULTS.write_text(json.dumps({"machine": machine, "peers": lines}, indent=1) + "\n")
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join([HEADER, *map(shown, lines)])
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def known_lines() -> dict[str, dict[str, object]]:
    """The table as it stands, by the peer's script."""
    if not RESULTS.exists():
        return {}
    lines = json.loads(RESULTS.read_text())["peers"]
    return {str(line["script"])[len("through_") : -len(".py")]: line for line in lines}


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="*", default=[], help="groups or peers")
    parser.add_argument("--latest", action="store_true", help="newest versions, written nowhere")
    parser.add_argument("--sources", type=Path, help="a folder of clones")
    parser.add_argument("--environments", type=Path, default=ROOT / ".adapters")
    parser.add_argument("--keep", action="store_true", help="leave the environments")
    chosen = parser.parse_args()
    table, wrong = known_lines(), 0
    for group in GROUPS:
        peers = dict.fromkeys(group.peers)
        if chosen.sources is not None:
            for peer, name in group.from_source.items():
                if (folder := chosen.sources.resolve() / name).is_dir():
                    peers[peer] = folder
        wanted = [peer for peer in peers if not chosen.only or {peer, group.name} & {*chosen.only}]
        if not wanted:
            continue
        home = chosen.environments.resolve() / (group.name + ("_latest" if chosen.latest else ""))
        failed = make_environment(group, home, latest=chosen.latest)
        for peer in wanted:
            line = (
                {"peer": peer, "failed": failed}
                if failed
                else run_peer(home / "bin" / "python", peer, peers[peer])
            )
            print(shown(line), flush=True)
            for difference in line.get("differences", []):
                print(f"  {difference}", flush=True)
            wrong += "failed" in line or bool(line["differences"])
            if not chosen.latest:
                table[peer] = {**line, "script": f"through_{peer}.py"}
                write([*table.values()])
        if not chosen.keep:
            shutil.rmtree(home, ignore_errors=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
