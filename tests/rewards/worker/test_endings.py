"""How a task ends, on both kinds of workers."""

import signal

import pytest

from rewards.worker import Budget, Ending


def test_done(open_either):
    result = open_either("add").run(2, 3)
    assert (result.ending, result.value, result.error, result.attempts) == (Ending.DONE, 5, "", 1)
    assert result.cpu_s >= 0
    assert result.wall_s > 0


def test_exception_is_reported_with_type_and_message(open_either):
    pool = open_either("fail")
    result = pool.run("no such thing")
    assert (result.ending, result.value) == (Ending.FAILED, None)
    assert result.error == "LookupError: no such thing"
    assert len(pool.run("x" * 100_000).error) < 5000


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("fail_silently", "MuteError: <its message raised RuntimeError>"),
        ("exit_politely", "SystemExit: 3"),
        ("interrupt", "KeyboardInterrupt"),
        ("recurse", "RecursionError: maximum recursion depth exceeded"),
        ("not_json", "the result (set) is not JSON: TypeError"),
    ],
)
def test_odd_failures(open_pool, name, error):
    pool = open_pool(name)
    first, second = pool.run(), pool.run()
    assert first.ending is second.ending is Ending.FAILED
    assert error in first.error


def test_cpu_limit_inside_a_loop_in_c(open_either):
    result = open_either("power_bomb", budget=Budget(cpu_s=0.2, wall_s=60)).run()
    assert (result.ending, result.attempts) == (Ending.CPU_LIMIT, 1)
    assert result.cpu_s >= 0.2


def test_cpu_limit_starts_with_each_task(open_either):
    pool = open_either("spin", budget=Budget(cpu_s=0.4, wall_s=60))
    results = [pool.run(0.15) for _ in range(4)]
    assert [r.ending for r in results] == [Ending.DONE] * 4
    assert pool.run(1.0).ending is Ending.CPU_LIMIT
    assert pool.run(0.01).ending is Ending.DONE


@pytest.mark.parametrize("name", ["memory_bomb", "creeping_bomb"])
def test_memory_limit(open_either, name):
    pool = open_either(name, budget=Budget(memory_mb=64))
    result = pool.run()
    assert (result.ending, result.attempts) == (Ending.MEMORY_LIMIT, 1)
    assert result.error.startswith("MemoryError")


def test_memory_limit_is_lifted_between_tasks_and_anew_for_each(open_pool):
    pool = open_pool("hold", budget=Budget(memory_mb=64))
    assert [pool.run(40).value for _ in range(5)] == [40 << 20] * 5
    assert pool.run(80).ending is Ending.MEMORY_LIMIT
    assert pool.run(40).ending is Ending.DONE


def test_memory_error_that_the_function_handles_is_its_business(open_pool):
    result = open_pool("swallow_memory_error", budget=Budget(memory_mb=64)).run()
    assert result.value == "caught"


def test_no_limits(open_pool):
    pool = open_pool("limit_now", budget=Budget(cpu_s=None, wall_s=None, memory_mb=None))
    assert pool.run().value == [-1, -1]


def test_wall_limit_is_tried_twice_when_the_task_slept(open_either):
    result = open_either("hang", budget=Budget(wall_s=0.2)).run()
    assert (result.ending, result.attempts) == (Ending.WALL_LIMIT, 2)
    assert result.cpu_s < 0.2
    assert result.wall_s >= 0.2


def test_wall_limit_that_the_machine_caused_is_healed(open_either, tmp_path):
    result = open_either("hang_once", budget=Budget(wall_s=1)).run(str(tmp_path / "marker"))
    assert (result.value, result.attempts) == ("second time", 2)


@pytest.mark.slow
def test_wall_limit_after_much_cpu_is_final(open_pool):
    result = open_pool("spin_then_hang", budget=Budget(cpu_s=0.5, wall_s=3)).run(0.3)
    assert (result.ending, result.attempts) == (Ending.WALL_LIMIT, 1)
    assert 0.3 <= result.cpu_s < 0.6


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_crash_is_tried_twice(open_either, number):
    result = open_either("die").run(int(number))
    assert (result.ending, result.attempts) == (Ending.DIED, 2)
    assert number.name in result.error


def test_crash_that_does_not_happen_again_is_healed(open_either, tmp_path):
    result = open_either("die_once").run(str(tmp_path / "marker"), int(signal.SIGSEGV))
    assert (result.value, result.attempts) == ("second time", 2)


def test_segmentation_fault_in_c_names_the_line(open_pool):
    result = open_pool("read_null").run()
    assert result.ending is Ending.DIED
    assert "read_null" in result.error  # from faulthandler


def test_exit_without_a_word(open_either):
    result = open_either("leave").run(0)
    assert (result.ending, result.attempts) == (Ending.DIED, 2)


def test_last_standard_error_is_in_the_message(open_either):
    result = open_either("complain_and_die").run()
    assert "the reactor is leaking" in result.error


def test_print_is_harmless(open_either, capfd):
    pool = open_either("chatter")
    assert [pool.run(f"hello {i}\n" * 1000).value for i in range(3)] == [
        f"hello {i}\n" * 1000 for i in range(3)
    ]
    assert capfd.readouterr() == ("", "")


def test_standard_input_is_empty(open_either):
    assert open_either("read_stdin").run().value == ""
