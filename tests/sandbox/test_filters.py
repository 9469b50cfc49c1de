"""System-call tables against the kernel's headers, and filters run in an interpreter of BPF."""

import errno
import re
import struct
from pathlib import Path

import pytest

from sandbox.confine import policy
from sandbox.confine.seccomp import ALLOW, KILL_PROCESS, assemble, fail_with
from sandbox.confine.syscalls import AARCH64, X86_64

# aarch64 has no table of its own: its header includes the generic one.
HEADERS = {
    "aarch64": ["/usr/include/asm-generic/unistd.h"],
    "x86_64": [
        "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
        "/usr/include/asm/unistd_64.h",
    ],
}
# Names that differ in the generic header, where 32-bit machines have another call.
RENAMED = {"fstatat": "newfstatat"}
NUMBER = re.compile(r"^#define\s+__NR(?:3264)?_(\w+)\s+(\d+)\s*$", re.MULTILINE)


def numbers_in_header(architecture):
    path = next((Path(p) for p in HEADERS[architecture.name] if Path(p).is_file()), None)
    if path is None:
        pytest.skip(f"no kernel headers for {architecture.name}")
    found = {
        RENAMED.get(name, name): int(number) for name, number in NUMBER.findall(path.read_text())
    }
    assert len(found) > 250
    return found


@pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda a: a.name)
def test_numbers_are_the_kernels(architecture):
    header = numbers_in_header(architecture)
    newest = header.get("syscalls", max(header.values()) + 1)
    wrong = {
        name: (number, header.get(name))
        for name, number in architecture.numbers.items()
        if number < newest and header.get(name) != number
    }
    assert not wrong
    beyond = {name for name, number in architecture.numbers.items() if number >= newest}
    assert {X86_64.numbers[name] for name in beyond} == {
        AARCH64.numbers[name] for name in beyond
    }  # the tables are one from 424 on


@pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda a: a.name)
def test_every_name_in_a_policy_is_known_somewhere(architecture):
    header = numbers_in_header(architecture)
    rules = (
        *policy.ZYGOTE_RULES, *policy.CHILD_RULES, *policy.PROGRAM_RULES, *policy.COMPILER_RULES,
        *policy.ZYGOTE_RULES_WITH_FILES, *policy.CHILD_RULES_AMONG_OTHERS,
        *policy.ZYGOTE_RULES_WITH_PROCESSES, *policy.CHILD_RULES_WITH_PROCESSES,
        *policy.CHILD_RULES_ALONE,
    )  # fmt: skip
    names = {rule.name for rule in rules}
    assert names <= X86_64.numbers.keys() | AARCH64.numbers.keys()
    # A call that this architecture has must not be missing in its table: it would be refused.
    assert not {n for n in names & header.keys() if n not in architecture.numbers}


@pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda a: a.name)
def test_audit_numbers(architecture):
    path = Path("/usr/include/linux/audit.h")
    machine = Path("/usr/include/linux/elf-em.h")
    if not (path.is_file() and machine.is_file()):
        pytest.skip("no kernel headers")
    text = path.read_text() + machine.read_text()

    def value(name):
        return int(re.search(rf"#define\s+{name}\s+(\w+)", text)[1], 0)

    machine_number = value("EM_AARCH64" if architecture is AARCH64 else "EM_X86_64")
    expected = machine_number | value("__AUDIT_ARCH_64BIT") | value("__AUDIT_ARCH_LE")
    assert architecture.audit == expected


def run_filter(program, architecture, number, arguments=(), audit=None):
    """What a filter decides: the instructions that `seccomp` writes, interpreted."""
    data = struct.pack("iIQ6Q", number, audit or architecture.audit, 0,
                       *[a & (2**64 - 1) for a in (*arguments, *[0] * 6)[:6]])  # fmt: skip
    steps = list(struct.iter_unpack("HBBI", program))
    at = word = 0
    while True:
        code, when, otherwise, value = steps[at]
        at += 1
        if code == 0x20:
            (word,) = struct.unpack_from("I", data, value)
        elif code == 0x54:
            word &= value
        elif code == 0x06:
            return value
        else:
            holds = word == value if code == 0x15 else word >= value
            assert code in {0x15, 0x35}
            at += when if holds else otherwise


THREAD, PROCESS = 0x10000 | 0x100, 17
DENIED = [
    "ptrace", "bpf", "mount", "keyctl", "add_key", "unshare", "setns", "io_uring_setup",
    "memfd_create", "perf_event_open", "userfaultfd", "process_vm_readv", "process_vm_writev",
    "pidfd_getfd", "socket", "execveat", "open_by_handle_at", "personality", "shmget", "msgget",
    "memfd_secret", "setuid", "setresuid", "chmod", "fchmodat", "unlinkat", "mkdirat", "linkat",
    "sched_setaffinity", "sched_setscheduler", "kill", "tgkill", "execve", "wait4", "sendmsg",
    "pidfd_open", "pidfd_send_signal", "rt_sigqueueinfo", "seccomp", "timer_create",
]  # fmt: skip


@pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda a: a.name)
def test_what_a_python_child_may_call(architecture):
    whole = assemble(policy.ZYGOTE_RULES, default=policy.REFUSE, arch=architecture)
    own = assemble(policy.CHILD_RULES, default=policy.PASS, arch=architecture)

    def decide(name, *arguments):
        number = architecture.numbers[name]
        # The stricter of all installed filters decides; a lower action is stricter.
        return min(run_filter(program, architecture, number, arguments) for program in (whole, own))

    refused = fail_with(errno.EPERM)
    for name in DENIED:
        if name in architecture.numbers:
            assert decide(name) == refused, name
    for name in ("read", "write", "mmap", "futex", "exit_group", "getrandom", "clock_gettime"):
        assert decide(name) == ALLOW, name
    assert decide("clone", THREAD) == ALLOW
    assert decide("clone", PROCESS) == refused
    assert decide("clone3") == fail_with(errno.ENOSYS)
    assert decide("openat", -100, 0, 0o2000000) == ALLOW  # read only, close on exec
    for flags in (0o1, 0o2, 0o100, 0o1000, 0o20200000):
        assert decide("openat", -100, 0, flags) == fail_with(errno.EACCES), oct(flags)
    assert decide("prlimit64", 0, 7) == ALLOW
    assert decide("prlimit64", 1, 7) == refused
    assert decide("prlimit64", 0, 0) == refused  # the CPU limit: see `policy._OWN_END`
    assert decide("setrlimit", 0) == refused
    assert decide("setrlimit", 7) == ALLOW
    assert decide("prctl", 15) == ALLOW
    assert decide("prctl", 38) == refused
    assert decide("fcntl", 3, 1031) == refused  # the size of a pipe
    assert decide("ioctl", 0, 0x5412) == fail_with(errno.ENOTTY)


@pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda a: a.name)
def test_what_a_child_with_files_may_call(architecture):
    whole = assemble(policy.ZYGOTE_RULES_WITH_FILES, default=policy.REFUSE, arch=architecture)
    own = assemble(policy.CHILD_RULES, default=policy.PASS, arch=architecture)
    strict = assemble(policy.CHILD_RULES_AMONG_OTHERS, default=policy.PASS, arch=architecture)

    def decide(name, *arguments, child=own):
        number = architecture.numbers[name]
        return min(run_filter(each, architecture, number, arguments) for each in (whole, child))

    refused = fail_with(errno.EPERM)
    allowed = {"fchmod", "fchmodat", "unlinkat", "mkdirat", "renameat", "ftruncate", "chmod"}
    links_devices = (
        "linkat", "symlinkat", "mknodat", "fchownat", "truncate", "flock", "renameat2",
        "copy_file_range", "sendfile", "splice",
    )  # fmt: skip
    for name in (*links_devices, *(set(DENIED) - allowed)):
        if name in architecture.numbers:
            assert decide(name) == refused, name
    for name in allowed & architecture.numbers.keys():
        assert decide(name) == ALLOW, name
        metadata = "chmod" in name
        assert decide(name, child=strict) == (refused if metadata else ALLOW), name
    assert decide("openat", -100, 0, 0o1 | 0o100) == ALLOW
    assert decide("openat", -100, 0, 0o20200000 | 0o2) == refused  # a file without a name
    assert decide("fcntl", 3, 6) == refused
    assert decide("listxattr") == decide("setxattr") == fail_with(errno.ENOTSUP)


@pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda a: a.name)
def test_what_a_child_of_several_processes_may_call(architecture):
    whole = assemble(policy.ZYGOTE_RULES_WITH_PROCESSES, default=policy.REFUSE, arch=architecture)
    own = assemble(policy.CHILD_RULES_WITH_PROCESSES, default=policy.PASS, arch=architecture)
    alone = assemble(policy.CHILD_RULES_ALONE, default=policy.PASS, arch=architecture)

    def decide(name, *arguments, child=own):
        number = architecture.numbers[name]
        return min(run_filter(each, architecture, number, arguments) for each in (whole, child))

    refused = fail_with(errno.EPERM)
    started = {"execve", "wait4", "kill"}
    files = {"fchmod", "fchmodat", "unlinkat", "mkdirat", "ftruncate", "chmod", "linkat"}
    for name in set(DENIED) - started - files:
        if name in architecture.numbers:
            assert decide(name) == refused, name
    for name in started:
        assert decide(name) == ALLOW, name
        assert decide(name, child=alone) == refused, name
    assert decide("linkat", child=alone) == refused
    for flags in (17, 0x01200011, 0x4111, THREAD):  # fork, vfork and posix_spawn
        assert decide("clone", flags) == ALLOW, hex(flags)
    assert decide("clone", 17, child=alone) == refused
    for flag in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000,
                 0x40000000, 0x80, 0x2000, 0x8000, 0x00800000):  # fmt: skip
        assert decide("clone", flag | 17) == refused, hex(flag)
    assert decide("rt_sigaction", 17) == refused  # SIGCHLD
    assert decide("rt_sigaction", 15) == ALLOW
    assert decide("clone3") == fail_with(errno.ENOSYS)


@pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda a: a.name)
@pytest.mark.parametrize("rules", [policy.PROGRAM_RULES, policy.COMPILER_RULES])
def test_what_a_command_may_call(architecture, rules):
    program = assemble(rules, default=policy.REFUSE, arch=architecture)
    compiles = rules is policy.COMPILER_RULES
    for name in ("ptrace", "bpf", "mount", "socket", "unshare", "io_uring_setup", "keyctl",
                 "process_vm_writev", "memfd_create", "perf_event_open", "setns"):  # fmt: skip
        assert run_filter(program, architecture, architecture.numbers[name]) == fail_with(
            errno.EPERM
        ), name
    clone = architecture.numbers["clone"]
    assert run_filter(program, architecture, clone, (THREAD,)) == ALLOW
    forks = run_filter(program, architecture, clone, (PROCESS,))
    assert forks == (ALLOW if compiles else fail_with(errno.EPERM))


@pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda a: a.name)
def test_no_program_may_end_itself_as_the_machine_would(architecture):
    program = assemble(policy.PROGRAM_LIMITS, default=policy.PASS, arch=architecture)
    for name, at in (("kill", 1), ("tgkill", 2)):
        arguments = [5] * 6
        assert run_filter(program, architecture, architecture.numbers[name], arguments) == ALLOW
        arguments[at] = 9
        refused = run_filter(program, architecture, architecture.numbers[name], arguments)
        assert refused == fail_with(errno.EPERM)
    names = {rule.name for rule in policy.PROGRAM_RULES}
    assert not names & {"timer_create", "sched_setaffinity", "sched_setscheduler", "setpriority"}


@pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda a: a.name)
def test_a_foreign_entry_point_kills(architecture):
    program = assemble(policy.ZYGOTE_RULES, default=policy.REFUSE, arch=architecture)
    foreign = AARCH64 if architecture is X86_64 else X86_64
    for audit in (foreign.audit, 0x40000003, 0x40000028):  # i386, arm
        assert run_filter(program, architecture, 1, audit=audit) == KILL_PROCESS
    if architecture is X86_64:
        assert run_filter(program, architecture, 0x40000000 + 1) == fail_with(errno.ENOSYS)
