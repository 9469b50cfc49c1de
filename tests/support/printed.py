"""What a page shows and what a command prints, made comparable; `rlvr` run as a page says."""

import re
import shlex
import subprocess
import sys


def in_words(text):
    """The words of a printed table, whatever drew its lines and spaces."""
    return re.sub(r"[\s─━]+", " ", text).strip()


def run_as_shown(command, folder):
    """Run one line of a page in `folder`; the exit status, and what was printed, in words."""
    program, *arguments = shlex.split(command.removeprefix("$ "), comments=True)
    assert program == "rlvr", command
    done = subprocess.run(
        [sys.executable, "-m", "rlvr", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, in_words(done.stdout + done.stderr)


def assert_prints(block, folder):
    """That a console block's command succeeds and prints every line that the block shows."""
    command, _, shown = block.partition("\n")
    status, printed = run_as_shown(command, folder)
    assert status == 0, printed
    for line in shown.splitlines():
        assert in_words(line) in printed
