"""The trainer's tests on several releases of TRL: `make test-trl-matrix`.

Only TRL differs (and what an old one imports besides): a folder in front of the path is enough. One
line a release goes into `docs/versions.md`. Arguments are pytest's, e.g. the tests to run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "versions.md"
BEGIN, END = "<!-- releases -->", "<!-- end of releases -->"
RELEASES = ("0.29.1", "1.4.0", "1.10.0", "1.16.0")
"""The oldest supported, two between, and the pinned one."""
BESIDES = ("requests", "urllib3", "charset-normalizer", "idna", "certifi")
TESTS = (
    *("-m", "not slow", "tests/trl"),
    *(f"tests/grpo_plugin/test_trainer{part}.py" for part in ("", "_config", "_advantages")),
)
"""Where the plugin and TRL meet; `TRL_TESTS="tests/grpo_plugin tests/trl"` is all of them."""


def folder_of(release: str) -> Path:
    """Where the release lies, installed there unless it is."""
    folder = ROOT / f".trl-{release}"
    if not (folder / "trl").is_dir():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*install, "--target", folder, f"trl=={release}", *BESIDES], check=True)
    return folder


def run(release: str, arguments: list[str]) -> str:
    """The last line of pytest: how many passed, failed, were skipped."""
    path = [str(ROOT), str(folder_of(release)), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
    check = f"import trl; assert trl.__version__ == '{release}', trl.__file__"
    subprocess.run([sys.executable, "-c", check], env=environment, check=True, cwd=ROOT)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    sys.stdout.write(done.stdout[-3000:])
    return summary(done.stdout)


def summary(output: str) -> str:
    """ "17 passed, 2 skipped" of pytest's output; "no tests" where it counts none."""
    counts = re.findall(r"(\d+) (failed|passed|skipped|error)s?\b", output.splitlines()[-1])
    return ", ".join(f"{count} {what}" for count, what in counts) or "no tests"


def with_table(page: str, results: dict[str, str], arguments: list[str]) -> str:
    """The page with the table between its marks renewed."""
    rows = [f"| {release} | {found} |" for release, found in results.items()]
    table = "\n".join([f"| TRL | `pytest {shlex.join(arguments)}` |", "|---|---|", *rows])
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def main() -> None:
    arguments = sys.argv[1:] or list(TESTS)
    results = {}
    for release in RELEASES:
        results[release] = run(release, arguments)
        sys.stdout.write(f"TRL {release}: {results[release]}\n")
        sys.stdout.flush()
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_table(page, results, arguments), encoding="utf-8")
    sys.exit(any("failed" in found or "error" in found for found in results.values()))


if __name__ == "__main__":
    main()
