"""Every attack of the corpus, in every configuration: none may succeed, none may leave anything."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ATTACKS = Path(__file__).parent / "attacks"
ROOT = Path(__file__).resolve().parents[2]
REQUIRED = {"limits", "no_new_privs", "seccomp", "landlock"}


def attack(layers, *names, python=sys.executable, user=None):
    """Run the corpus in a session of its own, which is killed whatever happens."""
    command = [python, str(ATTACKS / "runner.py"), layers, *names]
    if user is not None:
        drop = ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"]
        command = [*drop, *command]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, cwd="/"
    )
    try:
        out, err = process.communicate(timeout=450)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == 0, err.decode()[-2000:]
    return [json.loads(line) for line in out.decode().splitlines()]


def check(lines):
    broken = [
        line
        for line in lines
        if line.get("status") in {"accepted", "infra_error"} or line.get("effects")
    ]
    assert not broken
    assert set(lines[0]["report"]["active"]) >= REQUIRED
    assert lines[-1] == {"left": []}


def readable_by_all(path):
    path = Path(path).resolve()
    return all(parent.stat().st_mode & 0o1 for parent in path.parents)


def plain_users_python():
    """An interpreter that a user without rights can start, with this project before its eyes."""
    if os.getuid() != 0 or not shutil.which("setpriv") or not readable_by_all(ROOT / "sandbox"):
        return None
    for python in (sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")):
        if python and readable_by_all(python):
            code = "import sys; sys.exit(sys.version_info < (3, 10))"
            if subprocess.run([python, "-c", code], check=False).returncode == 0:
                return python
    return None


def test_the_corpus_is_large_and_says_what_must_not_happen():
    titles = [
        line
        for path in ATTACKS.glob("*.txt")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("=== ")
    ]
    assert len(titles) >= 200
    assert len({title.split("|")[0] for title in titles}) == len(titles)
    assert all(len(title.split("|")) == 3 for title in titles)


@pytest.mark.timeout(500)
def test_no_quick_attack_succeeds_with_every_layer():
    check(attack("namespaces", "hacking/", "isolation/", "files/"))


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_no_attack_succeeds_with_every_layer():
    check(attack("namespaces"))


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_no_attack_succeeds_with_the_required_layers_only():
    check(attack("required"))


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("layers", ["namespaces", "required"])
def test_no_attack_succeeds_as_a_plain_user(layers):
    python = plain_users_python()
    if python is None:
        pytest.skip("needs root, setpriv, and an interpreter that every user can read")
    check(attack(layers, python=python, user=65534))


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("landlock", "def attack(): return len(open('/etc/passwd').read()) > 0"),
        ("seccomp", "import socket\ndef attack(): return socket.socket() is not None"),
    ],
)
def test_an_attack_succeeds_where_its_layer_is_left_out(layer, source):
    """The control: the corpus would notice a layer that does not hold."""
    from sandbox import Case, FunctionTests, Sandbox, Status, UnconfinedError

    tests = FunctionTests("attack", [Case(expected=True)])
    options = {"workers": 1, "namespaces": False, "_without": [layer]}
    with pytest.raises(UnconfinedError, match=layer):
        Sandbox(**options)
    with Sandbox(**options, allow_degraded={layer}) as box:
        assert box.run(source, tests).status is Status.ACCEPTED
        assert layer in box.report()["unavailable"]
