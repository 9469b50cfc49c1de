"""Whole programs without tests: what they printed, how they ended, and what they cannot claim."""

import os

import pytest

from sandbox import BadTestsError, Limits, ProgramRun, Sandbox, Status
from sandbox.languages import LANGUAGES

QUICK = Limits(wall_s=2, cpu_s=0.5, memory_mb=256, output_mb=0.1)
MOST = 100_000
ECHOES = {
    "c": '#include <stdio.h>\nint main(void) { int c; while ((c = getchar()) != EOF) putchar(c); fputs("bad", stderr); return 3; }',
    "cpp": '#include <iostream>\nint main() { std::cout << std::cin.rdbuf(); std::cerr << "bad"; return 3; }',
    "go": 'package main\nimport ("io"; "os")\nfunc main() { io.Copy(os.Stdout, os.Stdin); os.Stderr.WriteString("bad"); os.Exit(3) }',
    "java": 'public class Main { public static void main(String[] x) throws Exception { System.in.transferTo(System.out); System.err.print("bad"); System.exit(3); } }',
    "javascript": "process.stdout.write(require('fs').readFileSync(0)); process.stderr.write('bad'); process.exitCode = 3;",
    "python": "import sys\nsys.stdout.write(sys.stdin.read())\nsys.stderr.write('bad')\nsys.exit(3)",
    "rust": 'use std::io::*;\nfn main() { let mut s = String::new(); stdin().read_to_string(&mut s).unwrap(); print!("{}", s); eprint!("bad"); std::process::exit(3) }',
}  # fmt: skip
HERE = ["python", *(language.name for language in LANGUAGES if language.find() is not None)]


@pytest.mark.parametrize("language", HERE)
def test_streams_and_exit_code_of_every_language(box, language):
    run = box.run_program(ECHOES[language], stdin="žluť\n2\n", language=language)
    assert (run.stdout, run.stderr, run.return_code) == ("žluť\n2\n", "bad", 3)
    assert run.status is Status.RUNTIME_ERROR
    assert run.cpu_s > 0
    assert run.wall_s > 0
    assert run.peak_mb > 1


@pytest.mark.parametrize("language", HERE)
def test_what_does_not_compile_is_told_apart(box, language):
    run = box.run_program("int main( { ] 'x", language=language)
    assert run.status is Status.COMPILE_ERROR
    assert run.return_code is None
    assert "main." in run.stderr or "rror" in run.stderr  # where, or what
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("source", "status", "code"),
    [
        ("print(1)", Status.FINISHED, 0),
        ("import sys\nsys.exit()", Status.FINISHED, 0),
        ("1 / 0", Status.RUNTIME_ERROR, 1),
        ("import ctypes\nctypes.string_at(0)", Status.RUNTIME_ERROR, -11),
        ("while True: pass", Status.TIME_LIMIT, None),
        ("import time\ntime.sleep(60)", Status.TIME_LIMIT, None),
        ("x = bytearray(10 ** 10)", Status.MEMORY_LIMIT, 1),
        ("while True: print('x' * 1000)", Status.OUTPUT_LIMIT, 1),
        ("print(", Status.COMPILE_ERROR, None),
        ("\0", Status.COMPILE_ERROR, None),
        ("#" * 4_000_001, Status.BAD_PROGRAM, None),
    ],
)
def test_how_a_program_ended(box, source, status, code):
    run = box.run_program(source, limits=QUICK)
    assert (run.status, run.return_code) == (status, code), run.reason


def test_errors_are_shown_as_an_interpreter_shows_them(box):
    source = "def f(x):\n    return 1 / x\nprint('first')\nf(0)\n"
    run = box.run_program(source)
    assert run.stdout == "first\n"
    assert run.stderr.startswith('Traceback (most recent call last):\n  File "solution.py", line 4')
    assert "    return 1 / x\n" in run.stderr
    assert run.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert "sandbox" not in run.stderr
    assert box.run_program("import sys\nsys.exit('bye')").stderr == "bye\n"
    hooked = "import sys\nsys.excepthook = lambda *_: print('mine')\n1 / 0"
    assert box.run_program(hooked).stdout == "mine\n"


def test_input_may_be_bytes_of_any_kind(box):
    source = "import sys\nprint(sys.stdin.buffer.read().hex())"
    assert box.run_program(source, stdin=b"\xff\0").stdout == "ff00\n"
    assert box.run_program(source, stdin="\udcff").stdout == "ff\n"
    assert box.run_program(source, stdin="\ud800").stdout == "eda080\n"
    assert box.run_program("import os\nos.write(1, b'a\\xff')").stdout == "a\ufffd"


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.write(3, b'\\0\\0\\0\\2Cx')\nos._exit(1)",
        "import os\nos.write(3, b'\\0\\0\\0\\1S\\0\\0\\0\\2Cx')\nos._exit(1)",
        "import os\nos.write(3, b'\\0\\0\\0\\1R')\nos._exit(1)",
        "import os\nos.write(3, b'\\xff' * 10_000)\nos._exit(1)",
        "import os\nos.write(3, b'\\0\\0\\0\\7Accepted')\nos._exit(1)",
        "import os\nos.close(3)\nos._exit(1)",
        "import os\nos._exit(120)",
        "import sys\nsys.stdout = sys.stderr = None\nraise SystemExit('x')",
    ],
)
def test_no_program_can_claim_another_end_than_its_own(box, source):
    run = box.run_program(source, limits=QUICK)
    assert run.status is Status.RUNTIME_ERROR
    assert run.return_code in {1, 120}


@pytest.mark.parametrize("stream", [1, 2])
def test_a_flood_is_cut_off_and_costs_no_memory(box, stream):
    source = f"import os\nwhile True: os.write({stream}, b'x' * 65536)"
    run = box.run_program(source, limits=QUICK)
    assert run.status is (Status.OUTPUT_LIMIT if stream == 1 else Status.TIME_LIMIT)
    assert (len(run.stdout), len(run.stderr) >= MOST) == ((MOST, False), (0, True))[stream - 1]
    assert len(run.stderr) <= MOST


def test_many_words_on_stderr_end_no_program(box):
    source = "import sys\nfor _ in range(1000): sys.stderr.write('x' * 5000)\nprint('done')"
    run = box.run_program(source, limits=QUICK)
    assert (run.status, run.stdout, len(run.stderr)) == (Status.FINISHED, "done\n", MOST)


def test_a_channel_written_full_ends_by_the_clock(box):
    source = "import os\nwhile True: os.write(3, b'\\0' * 65536)"
    assert box.run_program(source, limits=QUICK).status is Status.TIME_LIMIT


def test_no_run_sees_the_one_before_it(box):
    box.run_program("import builtins, sys\nbuiltins.print = None\nsys.argv.append('x')")
    assert box.run_program("import sys\nprint(sys.argv)").stdout == "['solution.py']\n"


def test_a_zygote_that_dies_is_ours_to_answer_for(box):
    os.kill(box.executor.workers[0].pid, 9)
    assert box.run_program("print(1)").stdout == "1\n"


def test_a_worker_that_never_comes_up_is_no_programs_fault(box, monkeypatch):
    from sandbox.worker import Worker, WorkerLostError

    def lost(*_):
        raise WorkerLostError("no worker")

    monkeypatch.setattr(Worker, "begin", lost)
    assert box.run_program("print(1)") == ProgramRun(status=Status.INFRA_ERROR, reason="no worker")


def test_an_unknown_language_is_refused(box):
    with pytest.raises(BadTestsError, match="brainf"):
        box.run_program("+", language="brainf")


def test_modules_are_those_of_the_sandbox():
    with Sandbox(workers=1, modules=()) as bare:
        assert "No module" in bare.run_program("import numpy").stderr
