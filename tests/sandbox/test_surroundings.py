"""Where it runs: masks, limits, closed streams and ignored signals of the process that starts it."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.languages import language_named

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import os, resource, signal, sys
sys.path.insert(0, {root!r})
{before}
from sandbox import Case, FunctionTests, Sandbox, StdinTests
tests = FunctionTests("f", [Case(args=(1,), expected=2)])
printed = StdinTests([Case(stdin="3", expected="6")])
with Sandbox(workers=1, **{options!r}) as box:
    said = [box.run("def f(x): return x + 1", tests).status.value,
            box.run("print(int(input()) * 2)", printed).status.value]
    if {language!r}:
        said.append(box.run({source!r}, printed, language={language!r}).status.value)
os.write(9, " ".join(said).encode())
"""
C = '#include <stdio.h>\nint main(void) { int a; scanf("%d", &a); printf("%d", 2 * a); }'


def said(tmp_path, before, *, language="", **options):
    script = SCRIPT.format(
        root=str(ROOT), before=before, options=options, language=language, source=C
    )
    out = tmp_path / "said"
    command = [sys.executable, "-c", f"import os; os.dup2(os.open({str(out)!r}, 65), 9)\n{script}"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[-1500:]
    return set(out.read_text(encoding="utf-8").split())


@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize(
    "before",
    [
        "os.umask(0o027)",
        "os.umask(0o077)",
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
        "os.close(0)",
        "os.close(0); os.close(1)",
        "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))",
    ],
)
def test_it_starts_and_judges(tmp_path, before, namespaces):
    assert said(tmp_path, before, namespaces=namespaces) == {"accepted"}


@pytest.mark.skipif(language_named("c").find() is None, reason="no C compiler")
@pytest.mark.parametrize(
    ("before", "options"),
    [
        ("resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))", {}),
        ("os.umask(0o077)", {}),
        ("", {"_without": ["landlock"], "allow_degraded": ["landlock"]}),
    ],
)
def test_compiled_programs_too(tmp_path, before, options):
    assert said(tmp_path, before, language="c", **options) == {"accepted"}
