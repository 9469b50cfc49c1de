"""A zstd file as a stream of bytes that notices when the file ends early."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

from rewards.extras import require_package

if TYPE_CHECKING:
    import zstandard
    from typing_extensions import Buffer

# One block of 4 bytes can stand for 128 kB: this much at once becomes 32 MB at the very most.
_READ_BYTES = 1024


class DamagedZstdError(Exception):
    """The data cannot be unpacked."""


class ZstdStream(io.RawIOBase):
    """What a zstd file holds, frame after frame (as `cat` and `pzstd` make them).

    zstandard's own stream reader takes a truncated file for a complete one; this one does not.

    Raises:
        EOFError: on reading, where the file ends within a frame.
        DamagedZstdError: on reading, where it holds something else.
        MissingExtraError: zstandard is not installed.
    """

    def __init__(self, packed: BinaryIO, *, name: str) -> None:
        require_package("zstandard", needed_by=f"{name} (compressed with zstd)", extra="data")
        self._packed = packed
        self._rest = b""  # read and not yet given to a frame
        self._ready = memoryview(b"")  # unpacked and not yet handed out
        self._frame: zstandard.ZstdDecompressionObj | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, target: Buffer, /) -> int:
        """Unpack some bytes; 0 at the end."""
        while not self._ready and self._unpack():
            pass
        with memoryview(target) as view:
            count = min(len(view), len(self._ready))
            view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _unpack(self) -> bool:
        """Unpack the next piece; false at the end of the file."""
        import zstandard

        piece = self._rest or self._packed.read(_READ_BYTES)
        self._rest = b""
        if not piece:
            if self._frame is not None:
                raise EOFError
            return False
        frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
        try:
            self._ready = memoryview(frame.decompress(piece))
        except zstandard.ZstdError as error:
            said = str(error).removeprefix("zstd decompressor error: ")
            raise DamagedZstdError(said) from None
        self._frame = frame
        if frame.eof:
            self._rest = frame.unused_data
            self._frame = None
        return True
