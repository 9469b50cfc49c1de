"""Where a callback keeps what a checkpoint must hold besides the trainer's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def checkpoint_folder(args: Any, state: Any) -> Path:
    """The folder of the checkpoint of the present step."""
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"


def resumed_folder(args: Any, state: Any) -> Path | None:
    """The checkpoint a run goes on from, or `None` for a fresh run or if it stands elsewhere."""
    if not state.global_step:
        return None
    given = args.resume_from_checkpoint
    named = [Path(given)] if isinstance(given, str) and Path(given).is_dir() else []
    folders = [*named, checkpoint_folder(args, state)]
    return next((folder for folder in folders if folder.is_dir()), None)
