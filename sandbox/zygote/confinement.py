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
from sandbox.zygote import family, files, tasks

Settings = Mapping[str, Any]
Layers = dict[str, str | None]
"""A layer's name, with `None` where it holds or the reason why it does not."""

_NOBODY = 65534
_FIRST_OWN_UID = 0x7000_0000  # plus a random number: nobody's, so that limits count only our own
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _SIGKILL = 1, 4, 9
_OPEN_FILES = 64
_ABI_THAT_MOVES_NOTHING = 1
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - of a root of our own; where semaphores are made


def enter_namespaces(settings: Settings) -> Layers:
    """Enter namespaces and a new root if they are wanted, and drop every privilege.

    Returns in the process that goes on: with a pid namespace that is a child, process 1 of it,
    while this one waits for its end.
    """
    layers: Layers = {"namespaces": "not asked for"}
    private = _private(settings)
    if settings["namespaces"]:
        layers["namespaces"] = _attempt(lambda: namespaces.enter(_NOBODY))
        if layers["namespaces"] is None:
            _continue_in_child()
            if settings["processes"]:
                layers["processes"] = _attempt(family.prepare)
            elif settings["kind"] == "launcher":
                _attempt(family.prepare)  # without it, a compiler's passes go unseen
            layers["root"] = _attempt(lambda: _change_root(settings, private))
    if settings["kind"] == "launcher" and layers["namespaces"] is not None:
        _attempt(family.prepare)
    behind_mounts = layers.get("root", "no") is None
    if settings["processes"] and not behind_mounts:
        layers["processes"] = f"needs namespaces: {layers['namespaces'] or layers['root']}"
    folder, layers["files"] = _folder(settings, private, behind_mounts=behind_mounts)
    layers["user"] = _drop_rights(settings, folder, behind_mounts=behind_mounts)
    prctl(_PR_SET_PDEATHSIG, _SIGKILL)  # after the change of user, which clears it
    if folder is not None and private is not None:
        room_bytes = private.size_bytes
        layers["files"] = _attempt(
            lambda: files.use(
                folder, room_bytes, on_a_disk=not behind_mounts, own_user=_is_own_user()
            )
        )
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
    layers["threads"] = tasks.limit(int(settings["tasks_max"]), own_user=_is_own_user())
    layers["no_new_privs"] = _attempt(seccomp.forbid_new_privileges)
    rights: list[tuple[str | int, int]]
    rights = [(path, landlock.RUN) for path in settings["readable"]]
    rights += [(path, landlock.RUN | landlock.WRITE) for path in settings["writable"]]
    rights += [(path, _device_rights(path, settings["kind"])) for path in settings["devices"]]
    folder = files.folder()
    if folder is not None:
        rights.append((folder.path, landlock.KEEP_FILES))
    proc = family.handle()
    if proc is not None:
        rights.append((proc, landlock.READ))
    layers["landlock"] = (
        "left out" if "landlock" in skip else _attempt(lambda: landlock.restrict_self(rights))
    )
    if settings["kind"] == "python":
        rules = policy.ZYGOTE_RULES if folder is None else policy.ZYGOTE_RULES_WITH_FILES
        if proc is not None:
            rules = policy.ZYGOTE_RULES_WITH_PROCESSES
        whole = seccomp.Filter(rules, default=policy.REFUSE)
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


def _change_root(settings: Settings, private: namespaces.Private | None) -> None:
    devices = [path for path in settings["devices"] if path.startswith("/dev/")]
    writable = [*settings["writable"], *devices]
    namespaces.change_root(settings["readable"], writable=writable, private=private)


def _private(settings: Settings) -> namespaces.Private | None:
    """The folder for files that is wanted, if one is."""
    if not settings["files_bytes"]:
        return None
    place = files.mount_point([*settings["readable"], *settings["writable"]])
    also_at = _SHARED_MEMORY if settings["processes"] else ""
    return namespaces.Private(place, int(settings["files_bytes"]), files.FILES_MAX, also_at)


def _folder(
    settings: Settings, private: namespaces.Private | None, *, behind_mounts: bool
) -> tuple[str | None, str | None]:
    """Where the folder for files is, or why there is none."""
    if private is None:
        return None, "not asked for"
    try:
        abi = 0 if "landlock" in settings["without"] else landlock.abi_version()
    except OSError:
        abi = 0
    if abi == _ABI_THAT_MOVES_NOTHING:
        return None, "this kernel's Landlock lets no file be moved to another folder"
    if behind_mounts:
        return private.path, None
    if not abi:
        return None, "needs namespaces or landlock"
    try:
        return files.make_on_disk(str(settings["temporary"]), int(settings["number"])), None
    except OSError as error:
        return None, _said(error)


def _drop_rights(settings: Settings, folder: str | None, *, behind_mounts: bool) -> str | None:
    said: str | None = None
    if os.geteuid() == 0:
        if behind_mounts or all(_open_to_all(path) for path in settings["needed"]):
            said = _attempt(lambda: _become(_FIRST_OWN_UID + int(settings["number"]), folder))
            if said:  # a container that maps few users
                said = _attempt(lambda: _become(_NOBODY, folder))
        else:
            said = f"stays user 0 without capabilities: {sys.base_prefix} is closed to others"
    dropped = _attempt(privileges.drop_capabilities)
    return said or dropped


def _device_rights(path: str, kind: str) -> int:
    # What is written to the others reaches the machine's own state, or nobody has a use for it.
    writes = path == os.devnull or kind != "python"
    return landlock.READ | landlock.WRITE_FILE if writes else landlock.READ


def _is_own_user() -> bool:
    return os.geteuid() >= _FIRST_OWN_UID


def _become(uid: int, folder: str | None) -> None:
    if folder is not None:
        os.chown(folder, uid, uid)
    privileges.become(uid)


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
