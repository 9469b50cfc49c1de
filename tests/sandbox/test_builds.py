"""The cache of compiled programs: nothing compiled twice, and no disk filled."""

import pytest

from sandbox import Case, Limits, Sandbox, Status, StdinTests, builds
from sandbox.languages import language_named

pytestmark = pytest.mark.skipif(language_named("c").find() is None, reason="no C compiler")
TESTS = StdinTests([Case(stdin="", expected="3")])
SOURCE = '#include <stdio.h>\nstatic volatile char text[{size}] = {{1}};\nint main(void) {{ puts("3"); return text[1]; }}\n/* {mark} */'


@pytest.fixture
def box():
    with Sandbox(workers=1, limits=Limits(wall_s=20)) as opened:
        yield opened


def program(mark, size=1):
    return SOURCE.format(mark=mark, size=size)


def test_a_program_is_compiled_once(box):
    for _ in range(3):
        assert box.run(program("a"), TESTS, language="c").status is Status.ACCEPTED
    assert len(box.executor.builds._builds) == 1


def test_the_oldest_go_when_there_are_many(box, monkeypatch):
    monkeypatch.setattr(builds, "_KEPT", 2)
    for mark in "abc":
        assert box.run(program(mark), TESTS, language="c").status is Status.ACCEPTED
    folders = [path for path in box.executor.builds.root.iterdir() if path.name.isdigit()]
    assert len(folders) == len(box.executor.builds._builds) == 2
    assert box.run(program("a"), TESTS, language="c").status is Status.ACCEPTED


def test_large_programs_do_not_pile_up(box, monkeypatch):
    monkeypatch.setattr(builds, "_KEPT_BYTES", 5 << 20)
    for mark in "abcdef":
        ran = box.run(program(mark, size=2 << 20), TESTS, language="c")
        assert ran.status is Status.ACCEPTED
    kept = sum(build.size_bytes for build in box.executor.builds._builds.values())
    assert 2 << 20 < kept < 10 << 20
