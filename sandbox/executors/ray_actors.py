"""Jobs on the nodes of a Ray cluster: one actor a node, and in it a local pool.

Not covered: clusters that grow or shrink later; the nodes are those that are alive at the start. An
actor that dies is started anew on its node.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from sandbox.errors import SandboxError
from sandbox.executors.job import Job
from sandbox.executors.local import LocalPool
from sandbox.outcome import Outcome, ProgramRun
from sandbox.worker import WorkerLostError

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from 3.11 on

_WAITING_FOR_EACH = 2  # calls that an actor accepts for each of its workers


class _NodePool:
    """What lives on a node: a local pool, made there at the first use.

    Not sooner: what an actor raises while it is made reaches nobody as itself.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._made: LocalPool | None = None

    def run(self, job: Job) -> Outcome | ProgramRun:
        return self._pool().run(job)

    def report(self) -> Mapping[str, object]:
        return self._pool().report()

    def close(self) -> None:
        if self._made is not None:
            self._made.close()

    def _pool(self) -> LocalPool:
        with self._lock:
            if self._made is None:
                self._made = LocalPool(**self._options)
            return self._made


class _Node:
    """A node of the cluster, and the actor that serves it."""

    def __init__(self, ray: Any, node_id: str, workers: int, options: Mapping[str, Any]) -> None:
        self._ray = ray
        self._node_id = node_id
        self.workers = workers
        self._options = {**options, "workers": workers}
        self.busy = 0
        self._lock = threading.Lock()
        self._actor: Any = None

    def actor(self) -> Any:
        """Its actor, started where there is none."""
        with self._lock:
            if self._actor is None:
                where = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
                    self._node_id, soft=False
                )
                made = self._ray.remote(_NodePool).options(
                    num_cpus=0,  # its children compute, where the trainer's processes do too
                    max_concurrency=self.workers * _WAITING_FOR_EACH,
                    scheduling_strategy=where,
                )
                self._actor = made.remote(self._options)
            return self._actor

    def drop(self, actor: Any) -> None:
        """Forget an actor that died."""
        with self._lock:
            if self._actor is actor:
                self._actor = None

    def close(self) -> None:
        with self._lock:
            actor, self._actor = self._actor, None
        if actor is not None:
            try:
                self._ray.get(actor.close.remote())
            except self._ray.exceptions.RayError:  # it died before
                return
            self._ray.kill(actor)


class RayPool:
    """Runs jobs on every node of the Ray cluster that this process is connected to.

    ```python
    ray.init()
    box = Sandbox(executor=RayPool(workers_per_node=8))
    ```

    Args:
        workers_per_node: zygotes of a node; by default as many as Ray counts CPUs there.
        options: those of `sandbox.executors.local.LocalPool`, for every node.

    Raises:
        SandboxError: ray is not installed, or this process is not connected.
        UnconfinedError: a node cannot confine programs.
    """

    def __init__(self, *, workers_per_node: int | None = None, **options: Any) -> None:
        try:
            import ray  # dear to import, and only here
            import ray.util.scheduling_strategies
        except ImportError as error:
            raise SandboxError("RayPool needs ray: pip install 'rlvr[ray]'") from error
        if not ray.is_initialized():
            raise SandboxError("RayPool needs a cluster: call ray.init() first")
        self._ray: Any = ray
        self._made_with = {"workers_per_node": workers_per_node, **options}
        self._lock = threading.Lock()
        self._nodes = [
            _Node(
                self._ray,
                node["NodeID"],
                workers_per_node or int(node["Resources"]["CPU"]),
                options,
            )
            for node in self._ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU")
        ]
        if not self._nodes:
            raise SandboxError("no node of the Ray cluster has a CPU")
        try:
            self.report()  # so that a node that cannot confine is known now
        except BaseException:
            self.close()
            raise

    @property
    def capacity(self) -> int:
        """The workers of all nodes."""
        return sum(node.workers for node in self._nodes)

    def run(self, job: Job) -> Outcome | ProgramRun:
        """Run a job, once, on the node that has the most room.

        Raises:
            WorkerLostError: the node or its actor was lost.
            SandboxError: what the node's pool raises.
        """
        with self._lock:
            node = min(self._nodes, key=lambda each: each.busy / each.workers)
            node.busy += 1
        try:
            found: Outcome | ProgramRun = self._ask(node, "run", job)
            return found
        finally:
            with self._lock:
                node.busy -= 1

    def report(self) -> Mapping[str, object]:
        """What the first node reports, with the number of nodes and workers.

        Raises:
            SandboxError: what a node's pool raises.
        """
        reports = [self._ask(node, "report") for node in self._nodes]
        return {**reports[0], "nodes": len(reports), "workers": self.capacity}

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(RayPool, **self._made_with), ()  # of its own, where it is unpickled

    def close(self) -> None:
        """End the actors and their pools."""
        for node in self._nodes:
            node.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, node: _Node, method: str, *arguments: Job) -> Any:
        errors = self._ray.exceptions
        actor = node.actor()
        try:
            return self._ray.get(getattr(actor, method).remote(*arguments))
        except errors.RayTaskError as error:
            if isinstance(error.cause, SandboxError):
                raise error.cause from None
            raise
        except errors.RayActorError as error:
            node.drop(actor)
            raise WorkerLostError(f"a Ray actor was lost: {error}") from error
