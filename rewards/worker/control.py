"""The words between a parent and a server that forks: packets on one socket.

First the plan, answered by `READY` or by what went wrong; then requests, each answered.
"""

from __future__ import annotations

import struct

READY = b"ready"
HELLO_BYTES = 1 << 20  # above what one packet can hold
REQUEST = struct.Struct("<q")  # the number of a child to end, or 0 to spawn one
SPAWNED = struct.Struct("<q")  # its number, or minus the errno; a socket comes along
ENDED = struct.Struct("<id")  # wait status, CPU seconds
