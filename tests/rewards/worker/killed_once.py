"""A module whose first import, anywhere, ends its process as a full memory would."""

import os
import signal
from pathlib import Path

marker = Path(os.environ["RLVR_TEST_MARKER"])
if len(marker.read_text()) < int(os.environ["RLVR_TEST_KILLS"]):
    with marker.open("a") as file:
        file.write("x")
    os.kill(os.getpid(), signal.SIGKILL)
