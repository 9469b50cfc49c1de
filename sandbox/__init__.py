"""Runs untrusted, model-written code against tests: isolated, fast, judged from outside.

```python
from sandbox import Case, FunctionTests, Sandbox

with Sandbox(workers=2) as box:
    tests = FunctionTests("add", [Case(args=(1, 2), expected=3)])
    outcome = box.run("def add(a, b): return a + b", tests)
    outcome.status   # Status.ACCEPTED
```

`Sandbox` runs `FunctionTests`, `StdinTests` and `AssertTests` made of `Case`s under `Limits`, and
returns an `Outcome` with a `Status` for the run and for each test. `Sandbox.run_program` runs a
whole program without tests, with files of yours beside it, and returns a `ProgramRun`: what it
printed and wrote, and how it ended. Both hand
`Job`s to an `Executor`: this machine's workers, or a `RayPool`. Errors are drawn in
`sandbox.errors`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.box import Sandbox as Sandbox
    from sandbox.cases import AssertTests as AssertTests
    from sandbox.cases import Case as Case
    from sandbox.cases import FunctionTests as FunctionTests
    from sandbox.cases import StdinTests as StdinTests
    from sandbox.cases import Step as Step
    from sandbox.compare import Comparison as Comparison
    from sandbox.compare import Order as Order
    from sandbox.errors import BadFilesError as BadFilesError
    from sandbox.errors import BadTestsError as BadTestsError
    from sandbox.errors import MissingToolchainError as MissingToolchainError
    from sandbox.errors import SandboxError as SandboxError
    from sandbox.errors import UnconfinedError as UnconfinedError
    from sandbox.executors.job import Executor as Executor
    from sandbox.executors.job import Job as Job
    from sandbox.executors.ray_actors import RayPool as RayPool
    from sandbox.limits import Limits as Limits
    from sandbox.outcome import Outcome as Outcome
    from sandbox.outcome import ProgramRun as ProgramRun
    from sandbox.outcome import Status as Status
    from sandbox.outcome import TestOutcome as TestOutcome
    from sandbox.wire import BinaryTree as BinaryTree
    from sandbox.wire import LinkedList as LinkedList
    from sandbox.worker import WorkerLostError as WorkerLostError

# Lazy, because the zygote imports submodules of this package and wants nothing else.
_HOMES = {
    "AssertTests": "cases",
    "BadFilesError": "errors",
    "BadTestsError": "errors",
    "BinaryTree": "wire",
    "Case": "cases",
    "Comparison": "compare",
    "Executor": "executors.job",
    "FunctionTests": "cases",
    "Job": "executors.job",
    "Limits": "limits",
    "LinkedList": "wire",
    "MissingToolchainError": "errors",
    "Order": "compare",
    "Outcome": "outcome",
    "ProgramRun": "outcome",
    "RayPool": "executors.ray_actors",
    "Sandbox": "box",
    "SandboxError": "errors",
    "Status": "outcome",
    "StdinTests": "cases",
    "Step": "cases",
    "TestOutcome": "outcome",
    "UnconfinedError": "errors",
    "WorkerLostError": "worker",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - the table above is the list


def __getattr__(name: str) -> object:
    if name == "__version__":
        from rlvr_origin import installed_version  # not for the zygote

        return installed_version()
    if name not in _HOMES and (name.startswith("_") or not find_spec(f"sandbox.{name}")):
        raise AttributeError(f"module 'sandbox' has no attribute {name!r}")
    module = import_module(f"sandbox.{_HOMES.get(name, name)}")
    found: object = getattr(module, name) if name in _HOMES else module
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({name for name in globals() if name.startswith("__")} | _HOMES.keys())
