"""Which system calls each kind of untrusted process may make.

Not covered: what a permitted call is used for. Files are Landlock's and the namespaces'
business, amounts are the resource limits'. Everything not named fails with EPERM.
"""

from __future__ import annotations

import errno
import os

from sandbox.confine.seccomp import ALLOW, Rule, When, fail_with


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# What a language runtime needs to compute, to read files it may read, and to end.
_COMPUTE = _names("""
read write open close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn
pread64 readv writev preadv pwrite64 sched_yield mremap mincore madvise dup dup2 dup3 nanosleep
getpid gettid getppid uname getcwd gettimeofday getrlimit getrusage sysinfo times time getuid
getgid geteuid getegid getresuid getresgid getgroups getpgrp getpgid getsid rt_sigpending
rt_sigtimedwait rt_sigsuspend sigaltstack fstatfs statfs getpriority futex sched_getaffinity
set_tid_address restart_syscall clock_gettime clock_getres clock_nanosleep exit exit_group
set_robust_list rseq getrandom membarrier poll ppoll select pselect6 pipe pipe2
stat lstat newfstatat access faccessat faccessat2 readlink readlinkat getdents64 statx getcpu
arch_prctl fadvise64 umask getitimer setitimer alarm pause sched_get_priority_max
sched_get_priority_min sched_getparam sched_getscheduler epoll_create epoll_create1 epoll_ctl
epoll_wait epoll_pwait eventfd eventfd2 msync setrlimit close_range chdir
futex_waitv futex_wake futex_wait futex_requeue
""")

# What the zygote itself needs beyond that; its children lose these again (see `CHILD_RULES`).
_SUPERVISE = _names("""
fork vfork clone wait4 waitid kill pidfd_open pidfd_send_signal recvmsg sendmsg seccomp prctl
""")

_CLONE_THREAD = 0x00010000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_O_TMPFILE = 0o20000000  # __O_TMPFILE alone; os.O_TMPFILE also holds O_DIRECTORY
_FCNTL_COMMANDS = (0, 1, 2, 3, 4, 1030)  # F_DUPFD, GETFD, SETFD, GETFL, SETFL, DUPFD_CLOEXEC
_IOCTL_COMMANDS = (0x541B, 0x5421, 0x5450, 0x5451)  # FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
_PR_SET_NAME, _PR_GET_NAME = 15, 16

_NO_CALL = fail_with(errno.ENOSYS)  # glibc then falls back to the call we can look into
_READ_ONLY = fail_with(errno.EACCES)

_THREADS_ONLY = Rule("clone", when=When(0, (_CLONE_THREAD,), _CLONE_THREAD))
_OPENS = (
    Rule("openat", when=When(2, (0,), _WRITING | _O_TMPFILE), otherwise=_READ_ONLY),
    Rule("open", when=When(1, (0,), _WRITING | _O_TMPFILE), otherwise=_READ_ONLY),
)
_COMMON = (
    Rule("ioctl", when=When(1, _IOCTL_COMMANDS), otherwise=fail_with(errno.ENOTTY)),
    Rule("fcntl", when=When(1, _FCNTL_COMMANDS)),
    Rule("prlimit64", when=When(0, (0,))),  # its own limits only; hard ones can but sink
    Rule("clone3", _NO_CALL),  # its flags lie behind a pointer
    Rule("openat2", _NO_CALL),
)

# An event loop wakes itself through a pair of sockets (asyncio). A pair of streams reaches nobody
# else: it has no other peer, and no address may be given (AF_UNIX 1, SOCK_STREAM 1, null).
_PAIRS = (
    Rule("socketpair", when=When(0, (1,), whole=True), also=When(1, (1,), 0xF)),
    Rule("sendto", when=When(4, (0,), whole=True)),
    Rule("recvfrom"),
    Rule("shutdown"),
)

_RULES = (
    *(Rule(name) for name in _COMPUTE),
    *_COMMON,
    *_PAIRS,
    *(Rule(name) for name in _SUPERVISE),
)
ZYGOTE_RULES = (*_RULES, *_OPENS)
"""For a Python zygote and, inherited, its children. Default: EPERM."""

# No links of either kind, no devices, no locks, which would hold for files of others too; and no
# truncation by path, which old Landlock lets through.
_FILES = _names("""
creat mkdir mkdirat rmdir unlink unlinkat rename renameat ftruncate fallocate fsync fdatasync
pwritev fchdir
""")
_METADATA = _names("chmod fchmod fchmodat fchmodat2 utimensat")
_ATTRIBUTES = _names("""
listxattr llistxattr flistxattr getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr
""")
# Such attributes are none that a file could have here; `shutil.copy2` then goes on without.
_ON_FILES = (
    *(Rule(name, when=When(at, (0,), _O_TMPFILE)) for name, at in (("openat", 2), ("open", 1))),
    *(Rule(name) for name in (*_FILES, *_METADATA)),
    *(Rule(name, fail_with(errno.ENOTSUP)) for name in _ATTRIBUTES),
)
ZYGOTE_RULES_WITH_FILES = (*_RULES, *_ON_FILES)
"""The same where children have a folder to write in; Landlock or the mounts say which."""

_RLIMIT_CPU, _SIGKILL = 0, 9
# A process that brings SIGKILL upon itself would look like one that the machine killed.
_OWN_END = (
    Rule("setrlimit", fail_with(errno.EPERM), When(0, (_RLIMIT_CPU,)), otherwise=ALLOW),
    Rule("prlimit64", fail_with(errno.EPERM), When(1, (_RLIMIT_CPU,)), otherwise=ALLOW),
)
_NOT_FOR_CHILDREN = fail_with(errno.EPERM)
CHILD_RULES = (
    _THREADS_ONLY,
    *(Rule(name, _NOT_FOR_CHILDREN) for name in _SUPERVISE if name not in ("prctl", "clone")),
    Rule("prctl", when=When(0, (_PR_SET_NAME, _PR_GET_NAME))),
    *_OWN_END,
)
"""On top of `ZYGOTE_RULES`, in each forked child. Short, because it is installed for every run.
Default: allow."""

_TO_START = _names("execve setpgid setsid link linkat")
_KEPT_BY_PROCESSES = ("fork", "vfork", "clone", "wait4", "waitid", "kill", "prctl")
_SIGCHLD = 17
# Whose parent ignores this signal, its time is lost to counting. Nor may one become another's child
# (CLONE_PARENT), enter namespaces or be traced.
_COUNTED = Rule("rt_sigaction", fail_with(errno.EPERM), When(0, (_SIGCHLD,)), otherwise=ALLOW)
_CLONE_REFUSED = 0x7E02_0000 | 0x0080 << 16 | 0x8000 | 0x2000 | 0x1000 | 0x80
ZYGOTE_RULES_WITH_PROCESSES = (
    *ZYGOTE_RULES_WITH_FILES,
    *(Rule(name) for name in _TO_START),
)
"""The same where children may start processes: only in a pid namespace, where there is nobody else,
and with mounts under which a hard link leads nowhere (semaphores are made with one)."""

CHILD_RULES_WITH_PROCESSES = (
    Rule("clone", when=When(0, (0,), _CLONE_REFUSED)),
    _COUNTED,
    *(Rule(name, _NOT_FOR_CHILDREN) for name in _SUPERVISE if name not in _KEPT_BY_PROCESSES),
    Rule("prctl", when=When(0, (_PR_SET_NAME, _PR_GET_NAME))),
    *_OWN_END,
)
"""On top of those, for a program that may be several processes. Default: allow."""

CHILD_RULES_ALONE = (*CHILD_RULES, *(Rule(name, _NOT_FOR_CHILDREN) for name in _TO_START))
"""On top of those, for what stays one process: a judge. Default: allow."""

CHILD_RULES_AMONG_OTHERS = (*CHILD_RULES, *(Rule(name, _NOT_FOR_CHILDREN) for name in _METADATA))
"""The same where the folder lies on a disk and other files there belong to the same user: Landlock
does not govern metadata."""

_RUNTIME = _names("""
tgkill kill execve prctl sched_getattr getpriority get_mempolicy mlock munlock preadv pwritev
epoll_pwait2 capget timerfd_create timerfd_settime map_shadow_stack ftruncate fchdir
""")
PROGRAM_RULES = (
    *(Rule(name) for name in (*_COMPUTE, *_RUNTIME)),
    *_OPENS,
    *_COMMON,
    _THREADS_ONLY,
)
"""For programs of other languages: threads but no processes, reading but no writing. Default:
EPERM. Landlock decides what may be executed. `PROGRAM_LIMITS` narrows this further, and `command`
narrows signals to the process itself. No call may touch another process of the same user, as
those that set priorities and CPUs do; no timer may send a signal of the program's choice."""

PROGRAM_LIMITS = (
    Rule("kill", fail_with(errno.EPERM), When(1, (_SIGKILL,)), otherwise=ALLOW),
    Rule("tgkill", fail_with(errno.EPERM), When(2, (_SIGKILL,)), otherwise=ALLOW),
    *_OWN_END,
)
"""On top of `PROGRAM_RULES`. Default: allow."""

_BUILD = _names("""
fork vfork clone wait4 waitid execve prctl open openat creat unlink unlinkat rename renameat
renameat2 mkdir mkdirat rmdir symlink symlinkat link linkat chmod fchmod fchmodat ftruncate truncate
fallocate fsync fdatasync flock fcntl sched_setaffinity setpgid setsid utimensat
copy_file_range sendfile fchdir socketpair tgkill getxattr lgetxattr fgetxattr pwritev
recvfrom recvmsg sendto sendmsg
""")
COMPILER_RULES = (
    *(Rule(name) for name in (*_COMPUTE, *_BUILD)),
    *(rule for rule in _COMMON if rule.name not in _BUILD),
)
"""For compilers: processes and files, within what Landlock and the limits leave. Default: EPERM."""

REFUSE = fail_with(errno.EPERM)
PASS = ALLOW
