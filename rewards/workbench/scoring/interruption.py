"""How a run learns that it is to end."""

from __future__ import annotations


class TerminatedError(SystemExit):
    """SIGTERM arrived; apart from `SystemExit`, which a user's reward may raise for its own."""
