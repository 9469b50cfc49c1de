"""The errors a caller of the sandbox can meet, as one small tree.

```
SandboxError
├── BadFilesError           files for a program cannot be used: a name, a quota, a language
├── BadTestsError           the tests themselves cannot be used; the message says which and why
├── MissingToolchainError   no compiler or interpreter for the language on this machine
├── UnconfinedError         a required layer is missing, or the self-test found a hole
└── WorkerLostError         of an executor: a job was lost and may be handed out again
```

The last one is in `sandbox.worker`; a `Sandbox` never lets it out. What an untrusted program does
is never raised: it is an `Outcome` with a status.
"""

from __future__ import annotations


class SandboxError(Exception):
    """Base of every error the sandbox raises on purpose."""


class BadFilesError(SandboxError, ValueError):
    """Files cannot be given to a program, or fetched from it, as they stand."""


class BadTestsError(SandboxError, ValueError):
    """The tests cannot be used as they stand."""


class MissingToolchainError(SandboxError, RuntimeError):
    """The language needs a compiler or interpreter that is not on this machine."""


class UnconfinedError(SandboxError, RuntimeError):
    """This machine cannot confine a program as required, and the caller did not accept that."""
