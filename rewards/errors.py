"""The errors a caller can meet, as one small tree.

```
RlvrError
├── InputError              what was handed in cannot be used; the message names the mend
│   ├── MissingColumnError  no column of the batch or file holds what a reward needs
│   └── DataFileError       a file, or one line of it, cannot be read or written
├── MissingExtraError       a package of an optional extra is not installed
├── WorkerError             a worker process could not be started
└── ShadowedPackageError    an import found somebody else's `rewards`, `sandbox` or `grpo_plugin`
```

A failure that concerns one completion is never raised: it is a `Verdict` with a status. A signal
that ends a run is no error: `TerminatedError` unwinds like `SystemExit`.
"""

from __future__ import annotations


class RlvrError(Exception):
    """Base of every error this project raises on purpose."""


class InputError(RlvrError, ValueError):
    """What was handed in cannot be used; the message says what, where, and what to do."""


class MissingColumnError(InputError):
    """No column of the batch or file holds what a reward needs."""


class DataFileError(InputError):
    """A file, or one line of it, cannot be read or written."""


class MissingExtraError(RlvrError, ImportError):
    """A package of an optional extra is not installed; the message gives the pip line."""


class WorkerError(RlvrError, RuntimeError):
    """A worker process could not be started."""


class ShadowedPackageError(RlvrError, ImportError):
    """An import found somebody else's package under one of our names."""


class TerminatedError(SystemExit):
    """SIGTERM or SIGHUP arrived; apart from `SystemExit`, which a user's reward may raise."""
