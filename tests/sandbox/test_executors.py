"""One interface for what runs jobs: the local pool, Ray actors, and anybody's own."""

import pickle
import threading
from importlib.util import find_spec

import pytest

from sandbox import (
    AssertTests,
    BadTestsError,
    Case,
    FunctionTests,
    Job,
    Limits,
    Outcome,
    ProgramRun,
    RayPool,
    Sandbox,
    SandboxError,
    Status,
    StdinTests,
    TestOutcome,
    UnconfinedError,
    WorkerLostError,
)
from sandbox.executors.local import LocalPool

DOUBLE = "def f(x): return 2 * x"
LIMITS = Limits(wall_s=30, cpu_s=5)
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")


class Recorder:
    """An executor that answers by itself, and loses the first `losses` jobs."""

    capacity = 3

    def __init__(self, losses=0):
        self.jobs = []
        self.losses = losses
        self.closed = False
        self._lock = threading.Lock()

    def run(self, job):
        with self._lock:
            self.jobs.append(job)
            self.losses -= 1
            if self.losses >= 0:
                raise WorkerLostError("a cable was cut")
        if job.tests is None:
            return ProgramRun(status=Status.FINISHED, stdout=job.stdin.decode())
        if "bad" in job.source:
            raise BadTestsError("no tests")
        tests = (TestOutcome(status=Status.ACCEPTED, reason=job.source),) * job.tests.total
        return Outcome(status=Status.ACCEPTED, tests=tests, reason=job.source)

    def report(self):
        return {"active": ["recorder"]}

    def close(self):
        self.closed = True


def test_an_executor_gets_the_whole_job_and_is_closed_with_the_sandbox():
    recorder = Recorder()
    tests = StdinTests([Case(stdin="1", expected="1")])
    with Sandbox(executor=recorder, limits=LIMITS) as box:
        box.run("print(1)", tests, language="cpp", fail_fast=True)
        assert box.run_program("print(1)", stdin="žluť").stdout == "žluť"
        assert box.report() == {"active": ["recorder"]}
    first, second = recorder.jobs
    expected = Job(source="print(1)", tests=tests, language="cpp", limits=LIMITS, fail_fast=True)
    assert first == expected
    assert second == Job(source="print(1)", stdin="žluť".encode(), limits=LIMITS)
    assert recorder.closed


def test_what_is_lost_is_handed_out_once_more():
    tests = FunctionTests("f", [Case(args=(1,), expected=2)])
    once, twice = Recorder(losses=1), Recorder(losses=2)
    assert Sandbox(executor=once).run(DOUBLE, tests).status is Status.ACCEPTED
    assert len(once.jobs) == 2
    lost = Sandbox(executor=twice).run(DOUBLE, tests)
    assert (lost.status, lost.reason, lost.total) == (Status.INFRA_ERROR, "a cable was cut", 1)
    lost_run = Sandbox(executor=Recorder(losses=2)).run_program("")
    assert (lost_run.status, lost_run.reason) == (Status.INFRA_ERROR, "a cable was cut")


def test_order_is_kept_and_one_bad_job_costs_no_other_its_outcome():
    tests = FunctionTests("f", [Case(args=(1,), expected=2)])
    jobs = [(f"{'bad' if n == 7 else 'right'} {n}", tests) for n in range(40)]
    outcomes = Sandbox(executor=Recorder()).run_many(jobs)
    assert [o.reason for n, o in enumerate(outcomes) if n != 7] == [
        f"right {n}" for n in range(40) if n != 7
    ]
    assert outcomes[7].status is Status.INFRA_ERROR


@pytest.mark.parametrize(
    "tests",
    [
        None,
        FunctionTests("f", [Case(args=([1],), kwargs={"k": (2, {3})}, expected={"a": None})]),
        StdinTests([Case(stdin="1", expected="2")], tolerance=0.1),
        AssertTests(["assert f(1) == 1"], entry="f"),
    ],
)
def test_a_job_can_be_pickled(tests):
    job = Job(source=DOUBLE, tests=tests, stdin=b"\xff", limits=Limits(processes=3))
    assert pickle.loads(pickle.dumps(job)) == job


def everything_runs(box):
    """What every executor must do; `box` has it."""
    numbers = range(30)
    jobs = [
        (DOUBLE, FunctionTests("f", [Case(args=(n,), expected=2 * n + n % 2)])) for n in numbers
    ]
    outcomes = box.run_many(jobs)
    assert [o.status is Status.ACCEPTED for o in outcomes] == [n % 2 == 0 for n in numbers]
    assert all(o.cpu_s > 0 for o in outcomes)
    assert box.run(DOUBLE, AssertTests(["assert f(2) == 4"])).status is Status.ACCEPTED
    echo = StdinTests([Case(stdin="a b", expected="a b")])
    assert box.run("print(input())", echo).status is Status.ACCEPTED
    hang = box.run("while True: pass", echo, limits=Limits(cpu_s=0.3))
    assert hang.status is Status.TIME_LIMIT
    run = box.run_program("import sys\nprint(sys.stdin.read())\nsys.exit(3)", stdin=b"\xc5\xbe")
    assert (run.stdout, run.return_code) == ("ž\n", 3)
    with pytest.raises(BadTestsError):
        box.run(DOUBLE, AssertTests(["assert ("]))
    with pytest.raises(BadTestsError):
        box.run("", echo, language="brainfuck")
    assert {"seccomp", "landlock"} <= {*box.report()["active"]}


def test_the_local_pool_as_an_executor():
    with Sandbox(executor=LocalPool(workers=2), limits=LIMITS) as box:
        everything_runs(box)


def test_a_reward_whose_programs_run_elsewhere():
    from rewards import Code

    recorder = Recorder()
    reward = Code(executor=recorder)
    text = "```python\nprint(input())\n```"
    verdict = reward.verify(text, {"inputs": ["1"], "outputs": ["1"]})
    assert verdict.score == 1.0
    assert len(recorder.jobs) == 1
    assert "executor" not in repr(reward)


@needs_ray
def test_without_a_cluster_the_pool_says_so():
    import ray

    if ray.is_initialized():
        pytest.skip("somebody connected this process to a cluster")
    with pytest.raises(SandboxError, match=r"ray\.init"):
        RayPool()


def test_without_ray_the_pool_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SandboxError, match=r"rlvr\[ray\]"):
        RayPool()


@pytest.fixture(scope="module")
def cluster():
    ray = pytest.importorskip("ray")
    ray.init(
        address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False,
        object_store_memory=80 << 20,
    )  # fmt: skip
    yield ray
    ray.shutdown()


@pytest.mark.slow
@needs_ray
@pytest.mark.timeout(240)
def test_programs_on_a_cluster(cluster):
    pool = RayPool(workers_per_node=2)
    with Sandbox(executor=pool, limits=LIMITS) as box:
        assert pool.capacity == 2
        assert box.report()["nodes"] == 1
        everything_runs(box)
        tests = FunctionTests("f", [Case(args=(1,), expected=2)])
        # An actor that dies is started anew, and the job it had is handed out once more.
        cluster.kill(pool._nodes[0].actor())
        assert box.run(DOUBLE, tests).status is Status.ACCEPTED
        copy = pickle.loads(pickle.dumps(pool))
        assert copy.capacity == 2
        copy.close()
    with pytest.raises(UnconfinedError, match="landlock"):
        RayPool(workers_per_node=1, without=["landlock"])
