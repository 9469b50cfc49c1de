"""Unpacking zstd: all frames, and no truncated file for a whole one."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.rows.zstd_stream import DamagedZstdError, ZstdStream

zstandard = pytest.importorskip("zstandard")


def unpack(packed):
    return io.BufferedReader(ZstdStream(io.BytesIO(packed), name="x")).read()


def skippable(content):
    return struct.pack("<II", 0x184D2A50, len(content)) + content


@given(st.lists(st.binary(max_size=5000), max_size=4))
def test_frames_are_joined(parts):
    assert unpack(b"".join(map(zstandard.compress, parts))) == b"".join(parts)


def test_a_frame_without_a_size_and_with_a_checksum():
    writer = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    content = bytes(range(256)) * 10_000
    assert unpack(writer.compress(content) + writer.flush()) == content


def test_skippable_frames_hold_nothing():
    packed = skippable(b"x" * 3000) + zstandard.compress(b"a") + skippable(b"") + skippable(b"z")
    assert unpack(packed) == b"a"


def test_every_truncation_is_noticed():
    first, second = zstandard.compress(b"hello " * 100), zstandard.compress(bytes(range(200)))
    packed = first + second
    for size in range(1, len(packed)):
        if size == len(first):
            assert unpack(packed[:size]) == b"hello " * 100
            continue
        with pytest.raises(EOFError):
            unpack(packed[:size])


@pytest.mark.parametrize("tail", [b"\0\0\0\0", b"{}\n", b"\x1f\x8b\x08\0"])
def test_what_follows_a_frame_and_is_none_is_damage(tail):
    with pytest.raises(DamagedZstdError):
        unpack(zstandard.compress(b"x") + tail * 10)


def test_a_changed_byte_is_found_by_the_checksum():
    packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(bytes(range(256))))
    packed[100] ^= 1
    with pytest.raises(DamagedZstdError):
        unpack(bytes(packed))


def test_a_bomb_is_unpacked_a_piece_at_a_time():
    size = 2**30
    packed = zstandard.ZstdCompressor(level=1).compress(bytes(size))
    stream = io.BufferedReader(ZstdStream(io.BytesIO(packed), name="x"))
    assert len(packed) < 2**16
    total = most = 0
    while piece := stream.read(2**16):
        total += len(piece)
        most = max(most, len(stream.raw._ready))
    assert total == size
    assert most <= 2**25
