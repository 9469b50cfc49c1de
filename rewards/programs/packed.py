"""Test cells that LiveCodeBench packs: base64 of zlib of a pickle that holds one text.

Not covered: any other pickle. Its opcodes are walked, never run: one that is not part of "a text"
is an error, so that data from the net can do nothing here.
"""

from __future__ import annotations

import base64
import binascii
import pickletools
import zlib

from rewards.errors import InputError

_MAX_BYTES = 1 << 30
_TEXT_OPCODES = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"})
_AROUND = frozenset({"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "STOP"})
_LEAST = 16
# base64 of what every zlib stream of the usual window size starts with: 78 01, 78 5e, 78 9c, 78 da
_STARTS = ("eAE", "eF4", "eJw", "eNo", "eJx", "eJy", "eJz")


def is_packed(text: str) -> bool:
    """Whether a cell looks packed: the alphabet of base64 and a zlib header."""
    return len(text) >= _LEAST and text.startswith(_STARTS) and text[:200].strip().isascii() and (
        " " not in text[:200]
    )  # fmt: skip


def unpack(text: str) -> str:
    """The text inside.

    Raises:
        InputError: it is not base64 of zlib of a text, pickled or plain, or is beyond 1 GB.
    """
    try:
        stream = zlib.decompressobj()
        data = stream.decompress(base64.b64decode(text, validate=False), _MAX_BYTES)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise InputError(f"the tests look packed and cannot be unpacked: {error}") from None
    if stream.unconsumed_tail:
        raise InputError(f"the packed tests hold more than {_MAX_BYTES} bytes")
    if data[:1] != b"\x80":
        return _decoded(data)
    found: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name in _TEXT_OPCODES and not found:
                found.append(str(argument))
            elif opcode.name not in _AROUND:
                raise InputError(f"the packed tests hold a pickle of more than text: {opcode.name}")
    except ValueError as error:
        raise InputError(f"the packed tests hold a damaged pickle: {error}") from None
    if not found:
        raise InputError("the packed tests hold a pickle without a text")
    return found[0]


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"the packed tests are no text: {error}") from None
