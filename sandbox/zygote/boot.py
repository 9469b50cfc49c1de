"""Starts a zygote: an interpreter of its own, confined once, that then forks for every run.

Not covered: what the children may do beyond the zygote's own confinement, see `child`. This file
is executed by path, in an isolated interpreter with an environment of our own making; it learns
everything else from the first message on its control socket.

The order of the steps matters: importing needs files, mounts need rights, Landlock and the filter
come last because they forbid both.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import socket
import sys

_PRELOADED = """
abc array bisect cmath collections collections.abc contextlib copy dataclasses datetime decimal
enum fractions functools heapq io itertools json math numbers operator os random re statistics
string struct sys textwrap threading time traceback types typing unicodedata zlib
"""


def main() -> None:
    """Confine this process as told, report what worked, then serve."""
    package_root, control_fd = sys.argv[1], int(sys.argv[2])
    control = socket.socket(fileno=control_fd)
    settings = json.loads(control.recv(1 << 20))
    os.umask(0o022)  # of folders for mounts; and what one launcher compiles, another may run
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # who ignores it never learns how a child ended
    sys.path[:] = [entry for entry in sys.path[1:] if entry]
    sys.path.insert(0, package_root)
    from sandbox.confine import libc
    from sandbox.zygote import (
        candidate,
        checker,
        confinement,
        files,
        forking,
        function,
        installed,
        judge,
        loop,
        orphans,
        tasks,
        threads,
        whole_program,
    )

    del candidate, checker, judge, whole_program  # imported now, since children could not any more
    installed.install(settings["places"])
    if settings["kind"] == "python":
        for name in (*_PRELOADED.split(), *settings["modules"]):
            __import__(name)
        if "numpy" in settings["modules"]:
            __import__("numpy.random")  # which it loads when it is first named
        _add_site_builtins()
        threads.install()
        function.warm_up()
        libc.warm_up()
        forking.keep_text_mapped()  # needs /proc, which the new root lacks
    if settings["processes"]:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # process 1 of its namespace: never delivered
    if settings["kind"] != "python":
        orphans.adopt()
    tasks.prepare()
    layers = confinement.enter_namespaces(settings)
    sys.path.remove(package_root)
    sys.path_importer_cache.clear()
    sys.argv[:] = [""]
    layers |= confinement.confine(settings)
    gc.collect()
    gc.freeze()  # children then copy no page just because the collector visited it
    gc.disable()
    gc.set_threshold(10_000, 20, 20)  # fewer rounds in a child, whose life is short
    address_space = _address_space()
    folder = files.folder()
    facts = {
        "layers": layers,
        "pid": os.getpid(),
        "uid": os.getuid(),
        "python": sys.version.split()[0],
        "address_space": address_space,
        "files": folder.path if folder is not None and folder.on_a_disk else None,
    }
    os.write(control_fd, json.dumps(facts).encode())
    os.dup2(1, 2)  # nobody reads what is said from now on, and a broken pipe would end programs
    loop.serve(control, settings, address_space=address_space)


def _add_site_builtins() -> None:
    """`exit` and `quit`, which programs use and an interpreter without `site` lacks."""
    import builtins
    from _sitebuiltins import Quitter

    for name in ("exit", "quit"):
        setattr(builtins, name, Quitter(name, "Ctrl-D"))


def _address_space() -> int:
    """Bytes of address space in use, found by lowering the limit until it bites."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    low, high = 0, 1 << 40 if hard < 0 else hard
    import mmap

    while high - low > 1 << 20:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
        try:
            mmap.mmap(-1, 4096).close()
            high = middle
        except (OSError, MemoryError):
            low = middle
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    return high


if __name__ == "__main__":
    main()
