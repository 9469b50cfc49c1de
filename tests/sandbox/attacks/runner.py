"""Runs the attack corpus in one configuration and prints, per attack, what came of it.

Started by test_attacks.py in a session of its own, under limits of its own: a broken layer must
fail a test and harm nothing. Every attack is bounded even where it succeeds.
"""

import contextlib
import json
import os
import resource
import signal
import socket
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2]))

from sandbox import AssertTests, Case, FunctionTests, Limits, Sandbox, StdinTests  # noqa: E402

SECRET = {n: (n * 7919 + 13) % 10007 for n in (3, 4, 5)}
LIMITS = Limits(wall_s=2.5, cpu_s=0.7, memory_mb=256, output_mb=2)
SEVERAL = "processes/"  # attacks of programs that may be several processes
SEND = """
import os, struct
def send(payload):
    os.write(3, struct.pack(">I", len(payload)) + payload)
"""


def corpus():
    """Every attack as (name, kind, what must not happen, program)."""
    for path in sorted(HERE.glob("*.txt")):
        for block in path.read_text(encoding="utf-8").split("=== ")[1:]:
            title, _, program = block.partition("\n")
            name, kind, effect = (part.strip() for part in title.split("|"))
            yield f"{path.stem}/{name}", kind, effect, program


def say(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def applies(name, kind, active):
    """Whether an attack is one on a layer, or an option, that there is here."""
    if kind == "threads":
        return "threads" in active
    return "namespaces" in active or not name.startswith(SEVERAL)


def check(*asserts):
    return AssertTests(["def check(candidate):\n    " + "\n    ".join(asserts)], entry="f")


def tests_for(kind):
    """The tests whose acceptance means that an attack of this kind succeeded."""
    probe = FunctionTests("attack", [Case(expected=True)])
    return {
        "probe": probe,
        "bounded": probe,
        "threads": probe,  # where the layer that counts them is active
        "raw": FunctionTests("attack", [Case(expected=True)] * 2),
        "secret": FunctionTests("f", [Case(args=(n,), expected=v) for n, v in SECRET.items()]),
        "function_pair": FunctionTests("f", [Case(args=(1,), expected=[1, 2])]),
        "stdin": StdinTests([Case(stdin=f"{n}\n", expected=f"{v}\n") for n, v in SECRET.items()]),
        "stdin_lines": StdinTests([Case(stdin="", expected="1\n2\n3\n")]),
        "assert": check(*(f"assert candidate({n}) == {v}" for n, v in SECRET.items())),
        "assert_close": check("assert abs(candidate(3) - 3742) < 1e-6", "assert math.isclose(candidate(4), 1655)"),
        "assert_text": check("assert candidate(3).strip().lower() == 'right'"),
        "assert_list": check("assert candidate(3) == [17, 23]"),
        "assert_dict": check("assert candidate(3) == {'k': 77}"),
        "assert_set": check("assert candidate(3) == {17, 23}"),
        "assert_truth": check("assert candidate(3)", "assert not candidate(4)"),
        "assert_all": check("assert all(y > 0 for y in candidate(3))", "assert len(candidate(4)) == 3"),
        "assert_map": check("assert all(map(lambda p: candidate(p[0]) == p[1], [(3, 17), (4, 23)]))"),
        "assert_sorted": check("r = candidate([3, 1, 2])", "assert sorted(r) == [1, 2, 3]", "assert all(r[i] <= r[i + 1] for i in range(len(r) - 1))"),
        "assert_mutated": check("a = [5]", "assert candidate(a) == [1]", "assert a == [5]"),
    }[kind]  # fmt: skip


class Canary:
    """A folder, files, a port and a variable that no attack may touch."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="rlvr-canary-"))
        self.folder.chmod(0o777)
        (self.folder / "secret.txt").write_text("canary", encoding="utf-8")
        (self.folder / "secret.txt").chmod(0o666)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(str(self.folder / "service"))
        (self.folder / "service").chmod(0o777)
        self.unix.listen()
        os.environ["RLVR_CANARY"] = "secret"
        self.before = self.state()

    def fill(self, program):
        port = str(self.server.getsockname()[1])
        for mark, value in (
            ("canary", str(self.folder)),
            ("port", port),
            ("pid", str(os.getpid())),
        ):
            program = program.replace("{" + mark + "}", value)
        return program

    def state(self):
        secret = self.folder / "secret.txt"
        stat = secret.stat()
        return sorted(os.listdir(self.folder)), secret.read_bytes(), stat.st_mode, stat.st_mtime


def zygotes():
    """Our processes that are alive: below this one, or orphans of the sandbox's.

    All of them have the boot file on their command line. Those of another test run have that
    run's process above them, and are none of our business.
    """
    mark = str(HERE.parents[2] / "sandbox" / "zygote" / "boot.py").encode()
    parents, marked = {}, set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text(encoding="utf-8")
                state, parent = fields.rsplit(")", 1)[1].split()[:2]
                parents[int(entry)] = int(parent)
                if state != "Z" and mark in Path(f"/proc/{entry}/cmdline").read_bytes():
                    marked.add(int(entry))
            except OSError:
                continue

    def is_ours(pid):
        while pid in marked:
            pid = parents.get(pid, 0)
        return pid in {os.getpid(), 0, 1}

    return {pid for pid in marked if is_ours(pid)}


def loaded(box):
    """The zygotes that this sandbox keeps for programs that import heavy modules."""
    kept = {worker.pid for worker in box.executor.loaded.values()}
    for pid in zygotes() - kept:
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
            if int(stat.rsplit(")", 1)[1].split()[1]) in kept:
                kept = kept | {pid}
    return kept


def main():
    namespaces, allowed = sys.argv[1] == "namespaces", sys.argv[2:]
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 << 20, 256 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.getuid() != 0:
        resource.setrlimit(resource.RLIMIT_NPROC, (400, 400))
    threading.Thread(target=watchdog, daemon=True).start()
    others = zygotes()
    canary = Canary()
    with Sandbox(workers=1, limits=LIMITS, namespaces=namespaces) as box:
        say({"report": box.report()})
        box.run("def attack(): return 1", tests_for("probe"))
        own = zygotes() - others
        for name, kind, _, program in corpus():
            if allowed and not any(part in name for part in allowed):
                continue
            if not applies(name, kind, box.report()["active"]):
                continue
            limits = replace(LIMITS, processes=4) if name.startswith(SEVERAL) else LIMITS
            source = SEND + program if kind == "raw" else program
            if kind == "raw":
                source += "\ndef attack(): return None\n"
            started = time.monotonic()
            outcome = box.run(canary.fill(source), tests_for(kind), limits=limits)
            took = time.monotonic() - started
            own |= loaded(box)
            found = zygotes() - others
            effects = []
            if canary.state() != canary.before:
                effects.append("the canary changed")
                (canary.folder / "secret.txt").write_bytes(b"canary")
                canary.before = canary.state()
            if found - own:
                effects.append(f"processes left: {sorted(found - own)}")
                for pid in found - own:
                    with contextlib.suppress(OSError):
                        os.kill(pid, signal.SIGKILL)
            if took > LIMITS.wall_s * outcome.total + 5:
                effects.append(f"took {took:.1f} s")
            status, reason = outcome.status.value, outcome.reason
            line = {"name": name, "status": status, "reason": reason, "effects": effects}
            say(line | {"seconds": round(took, 2)})
    left = zygotes() - others  # the sandbox is closed: none of its zygotes may be
    say({"left": sorted(left)})


def watchdog():
    """End everything when it takes too long."""
    time.sleep(400)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
