"""Seccomp filters written by hand: rules in, classic BPF out.

Not covered: pointers (BPF sees an argument's value, never what it points at, so paths are
Landlock's business) and arguments beyond their low 32 bits, which is all that the flags checked
here have. Sources: seccomp(2), Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.confine.libc import install_filter, prctl, syscall
from sandbox.confine.syscalls import Architecture, architecture

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NR_OFFSET, _ARCH_OFFSET, _ARGS_OFFSET = 0, 4, 16
_X32_BIT = 0x40000000

_PR_SET_NO_NEW_PRIVS = 38


def fail_with(code: int) -> int:
    """The action that makes a call fail with this errno."""
    return 0x00050000 | code


@dataclass(frozen=True)
class When:
    """A condition on one argument: its low 32 bits under `mask` equal one of `values`.

    `whole` asks for the high 32 bits to be zero, which makes 0 the null pointer.
    """

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    whole: bool = False


@dataclass(frozen=True)
class Rule:
    """What to do with a call: `action` where `when` holds (or always), else `otherwise`.

    Where `also` is given, both must hold.
    """

    name: str
    action: int = ALLOW
    when: When | None = None
    otherwise: int = fail_with(errno.EPERM)
    also: When | None = None


def assemble(rules: Sequence[Rule], *, default: int, arch: Architecture) -> bytes:
    """Turn rules into a BPF program for one architecture.

    Calls that the architecture does not have are left out. A foreign architecture (32-bit entry
    points) kills the process; x32 numbers are refused with ENOSYS.
    """
    program: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCH_OFFSET),
        (_JUMP_EQUAL, 1, 0, arch.audit),
        (_RETURN, 0, 0, KILL_PROCESS),
        (_LOAD, 0, 0, _NR_OFFSET),
    ]
    if arch.name == "x86_64":
        program.append((_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT))
        program.append((_RETURN, 0, 0, fail_with(errno.ENOSYS)))
    for rule in rules:
        number = arch.numbers.get(rule.name)
        if number is None:
            continue
        body = _body(rule)
        program.append((_JUMP_EQUAL, 0, len(body), number))
        program.extend(body)
    program.append((_RETURN, 0, 0, default))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)


def _body(rule: Rule) -> list[tuple[int, int, int, int]]:
    if rule.when is None:
        return [(_RETURN, 0, 0, rule.action)]
    refuse = (_RETURN, 0, 0, rule.otherwise)
    body: list[tuple[int, int, int, int]] = []
    if rule.also is not None:
        if len(rule.also.values) != 1:
            raise ValueError(f"{rule.name}: a second condition names one value")
        low_word = _ARGS_OFFSET + 8 * rule.also.argument
        body = [(_LOAD, 0, 0, low_word), (_AND, 0, 0, rule.also.mask)]
        body += [(_JUMP_EQUAL, 1, 0, rule.also.values[0] & 0xFFFFFFFF), refuse]
    low_word = _ARGS_OFFSET + 8 * rule.when.argument  # both architectures are little-endian
    if rule.when.whole:
        body += [(_LOAD, 0, 0, low_word + 4), (_JUMP_EQUAL, 1, 0, 0), refuse]
    body += [(_LOAD, 0, 0, low_word), (_AND, 0, 0, rule.when.mask)]
    for value in rule.when.values:
        body += [(_JUMP_EQUAL, 0, 1, value & 0xFFFFFFFF), (_RETURN, 0, 0, rule.action)]
    return [*body, refuse]


class Filter:
    """A filter assembled for this machine, ready to be installed in the calling thread."""

    def __init__(self, rules: Sequence[Rule], *, default: int) -> None:
        program = assemble(rules, default=default, arch=architecture())
        self._program = ctypes.create_string_buffer(program, len(program))
        # struct sock_fprog: the count, padding, then the address of the program.
        self._header = ctypes.create_string_buffer(
            struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(self._program)), 16
        )
        self._address = ctypes.addressof(self._header)

    def install(self) -> None:
        """Confine the calling thread and all that it starts, for good.

        Raises:
            OSError: the kernel has no seccomp filters, or `forbid_new_privileges` was not called.
        """
        install_filter(self._address)


def forbid_new_privileges() -> None:
    """Set no_new_privs, so that no exec can gain rights (needed by seccomp and Landlock)."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def available() -> OSError | None:
    """Whether this kernel takes filters: `None`, or the error that says why not."""
    try:
        # SECCOMP_GET_ACTION_AVAIL (2) changes nothing and needs no rights.
        syscall("seccomp", 2, 0, struct.pack("I", ALLOW))
    except OSError as error:
        return error
    return None
