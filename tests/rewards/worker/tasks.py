"""What the tests ask a worker to do."""

import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path

started = []


def add(a, b):
    return a + b


def double(x):
    return 2 * x


def nap_then_double(x, seconds):
    time.sleep(seconds)
    return 2 * x


def meet(folder, number, expected):
    """Wait until so many have come at the same time."""
    Path(folder, str(number)).touch()
    while (present := len(list(Path(folder).iterdir()))) < expected:
        time.sleep(0.01)
    return present


def pid():
    return os.getpid()


def server_pid():
    return os.getppid()


def power_bomb():
    return len(str(9 ** (9**9)))


def memory_bomb(mb=4096):
    return len(bytearray(mb << 20))


def creeping_bomb():
    hoard = []
    while True:
        hoard.append("x" * (1 << 20) + str(len(hoard)))


def hold(mb):
    return len(b"x" * (mb << 20))


def leak(mb):
    started.append(bytearray(mb << 20))
    return os.getpid()


def hang():
    time.sleep(1000)


def hang_once(marker):
    if not Path(marker).exists():
        Path(marker).touch()
        time.sleep(1000)
    return "second time"


def spin(cpu_s):
    start = time.process_time()
    while time.process_time() - start < cpu_s:
        pass
    return cpu_s


def spin_then_hang(cpu_s):
    spin(cpu_s)
    time.sleep(1000)


def die(number):
    os.kill(os.getpid(), number)
    time.sleep(10 if number else 0)


def die_once(marker, number):
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), number)
    return "second time"


def leave(status):
    os._exit(status)


def kill_server():
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(10)


def kill_server_once(marker):
    if not Path(marker).exists():
        Path(marker).touch()
        kill_server()
    return "second time"


def read_null():
    ctypes.string_at(0)


def recurse(n=0):
    return recurse(n + 1)


def fail(message):
    raise LookupError(message)


class MuteError(Exception):
    def __str__(self):
        raise RuntimeError


def fail_silently():
    raise MuteError


def exit_politely():
    sys.exit(3)


def interrupt():
    raise KeyboardInterrupt


def chatter(text):
    print(text, flush=True)  # noqa: T201
    print(text, file=sys.stderr, flush=True)  # noqa: T201
    os.write(1, text.encode())
    sys.stdout.write(text)
    return text


def complain_and_die():
    sys.stderr.write("the reactor is leaking\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def read_stdin():
    return sys.stdin.read()


def not_json():
    return {1, 2}


def echo(x):
    return x


def repeat(text, times):
    return text * times


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def remember(*values):
    started.extend(values)


def remembered():
    return started


def modules():
    return sorted(sys.modules)


def import_path():
    return sys.path


def environment(name):
    return os.environ.get(name)


def main_file():
    return getattr(sys.modules["__main__"], "__file__", None)


def descriptors():
    return sorted(fd.name for fd in Path("/proc/self/fd").iterdir())


def swallow_memory_error():
    try:
        bytearray(4 << 30)
    except MemoryError:
        return "caught"


def limit_now():
    return list(resource.getrlimit(resource.RLIMIT_DATA))


broken = 3
