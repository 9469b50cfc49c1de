"""What a zygote gives up, once, before it forks for anybody.

Not covered: limits and rights that depend on the run; each child gives those up itself.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.confine import landlock, namespaces, policy, privileges, seccomp
from sandbox.confine.libc import prctl
from sandbox.zygote import tasks

Settings = Mapping[str, Any]
Layers = dict[str, str | None]
"""A layer's name, with `None` where it holds or the reason why it does not."""

_NOBODY = 65534
_FIRST_OWN_UID = 0x7000_0000  # plus a random number: nobody's, so that limits count only our own
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _SIGKILL = 1, 4, 9
_OPEN_FILES = 64


def enter_namespaces(settings: Settings) -> Layers:
    """Enter namespaces and a new root if they are wanted, and drop every privilege.

    Returns in the process that goes on: with a pid namespace that is a child, process 1 of it,
    while this one waits for its end.
    """
    layers: Layers = {"namespaces": "not asked for"}
    if settings["namespaces"]:
        layers["namespaces"] = _attempt(lambda: namespaces.enter(_NOBODY))
        if layers["namespaces"] is None:
            _continue_in_child()
            layers["root"] = _attempt(lambda: _change_root(settings))
    layers["user"] = _drop_rights(settings, behind_mounts=layers.get("root", "no") is None)
    prctl(_PR_SET_PDEATHSIG, _SIGKILL)  # after the change of user, which clears it
    return layers


def confine(settings: Settings) -> Layers:
    """Lower the limits and apply no_new_privs, Landlock and seccomp, for good."""
    layers: Layers = {}
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, int(settings.get("open_files", _OPEN_FILES))),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(name)[1]
        most = value if hard < 0 else min(value, hard)
        resource.setrlimit(name, (most, most))
    skip = set(settings["without"])  # only the tests of degraded operation use it
    layers["limits"] = None
    own_user = os.geteuid() >= _FIRST_OWN_UID
    layers["threads"] = tasks.limit(int(settings["tasks_max"]), own_user=own_user)
    layers["no_new_privs"] = _attempt(seccomp.forbid_new_privileges)
    rights = [(path, landlock.RUN) for path in settings["readable"]]
    rights += [(path, landlock.RUN | landlock.WRITE) for path in settings["writable"]]
    rights += [(path, landlock.READ | landlock.WRITE_FILE) for path in settings["devices"]]
    layers["landlock"] = (
        "left out" if "landlock" in skip else _attempt(lambda: landlock.restrict_self(rights))
    )
    if settings["kind"] == "python":
        whole = seccomp.Filter(policy.ZYGOTE_RULES, default=policy.REFUSE)
        layers["seccomp"] = "left out" if "seccomp" in skip else _attempt(whole.install)
    else:  # a launcher's children execute compilers; each kind has a filter of its own
        error = seccomp.available()
        layers["seccomp"] = None if error is None else _said(error)
    return layers


def _attempt(step: Callable[[], object]) -> str | None:
    try:
        step()
    except OSError as error:
        return _said(error)
    return None


def _said(error: OSError) -> str:
    return f"errno {error.errno}: {error.strerror}"


def _continue_in_child() -> None:
    """Fork into the new pid namespace; the parent only waits, and ends as its child did."""
    child = os.fork()
    if child == 0:
        return
    os.closerange(3, 256)  # the control socket must have one holder, or its end goes unnoticed
    _, status = os.waitpid(child, 0)
    os._exit(min(255, abs(os.waitstatus_to_exitcode(status))))


def _change_root(settings: Settings) -> None:
    devices = [path for path in settings["devices"] if path.startswith("/dev/")]
    namespaces.change_root(settings["readable"], writable=[*settings["writable"], *devices])


def _drop_rights(settings: Settings, *, behind_mounts: bool) -> str | None:
    said: str | None = None
    if os.geteuid() == 0:
        if behind_mounts or all(_open_to_all(path) for path in settings["needed"]):
            said = _attempt(lambda: privileges.become(_FIRST_OWN_UID + int(settings["number"])))
            if said:  # a container that maps few users
                said = _attempt(lambda: privileges.become(_NOBODY))
        else:
            said = f"stays user 0 without capabilities: {sys.base_prefix} is closed to others"
    dropped = _attempt(privileges.drop_capabilities)
    return said or dropped


def _open_to_all(path: str) -> bool:
    """Whether any user could walk to this path and read it."""
    current = os.path.realpath(path)
    if not os.path.exists(current):  # noqa: PTH110
        return True
    readable = 0o5 if os.path.isdir(current) else 0o4  # noqa: PTH112
    if os.stat(current).st_mode & readable != readable:  # noqa: PTH116
        return False
    while current != "/":
        current = os.path.dirname(current)  # noqa: PTH120
        if not os.stat(current).st_mode & 0o1:  # noqa: PTH116
            return False
    return True
