"""Files of a run: its own folder, which is there while it runs, holds so much, and then is gone."""

import os
import tempfile
from pathlib import Path

import pytest

from sandbox import AssertTests, Case, FunctionTests, Limits, Sandbox, Status, StdinTests
from sandbox.zygote.files import empty, mount_point

QUICK = Limits(wall_s=10, cpu_s=3, memory_mb=256)
LEFT = FunctionTests("f", [Case(expected=[])])
LOOK = "import os\ndef f(): return os.listdir('.')"


@pytest.fixture(scope="module", params=["namespaces", "required"])
def boxes(request):
    """A sandbox of each kind that this machine has: a tmpfs of its own, or a folder on a disk."""
    with Sandbox(workers=1, limits=QUICK, namespaces=request.param == "namespaces") as opened:
        if "files" not in opened.report()["active"]:
            pytest.skip(str(opened.report()["unavailable"]))
        yield opened


@pytest.mark.parametrize(
    "source",
    [
        "with open('notes.txt', 'w') as file: file.write('6')\nprint(open('notes.txt').read())",
        "import tempfile\nwith tempfile.TemporaryFile('w+') as file:\n"
        " file.write('6')\n file.seek(0)\n print(file.read())",
        "import tempfile\nwith tempfile.NamedTemporaryFile('w+') as file:\n"
        " file.write('6')\n file.flush()\n print(open(file.name).read())",
        "import os, tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
        " path = os.path.join(folder, 'x')\n open(path, 'w').write('6')\n print(open(path).read())",
        "from pathlib import Path\nPath('a/b').mkdir(parents=True)\nPath('a/b/c').write_text('6')\n"
        "Path('a/b').rename('d')\nprint(Path('d/c').read_text())",
        "import json, os\njson.dump([6], open('x.json', 'w'))\nos.replace('x.json', 'y.json')\n"
        "print(*json.load(open('y.json')), *os.listdir()[1:])",
        "import csv\nwith open('x.csv', 'w') as file: csv.writer(file).writerow([6])\n"
        "print(next(csv.reader(open('x.csv')))[0])",
        "import shelve\nwith open('x', 'wb') as file: file.truncate(10)\n"
        "import os, shutil\nshutil.copyfile('x', 'y')\nprint(os.path.getsize('y') - 4)",
        "import zipfile\nwith zipfile.ZipFile('x.zip', 'w') as file: file.writestr('a', '6')\n"
        "print(zipfile.ZipFile('x.zip').read('a').decode())",
        "import sqlite3\nwith sqlite3.connect('x.db') as base:\n"
        " base.execute('create table t (n)')\n base.execute('insert into t values (6)')\n"
        "print(*sqlite3.connect('x.db').execute('select n from t').fetchone())",
        "import contextlib, os\nwith open(os.devnull, 'w') as nowhere:\n"
        " with contextlib.redirect_stdout(nowhere): print('noise')\nprint(6)",
    ],
)
def test_programs_keep_files(boxes, source):
    outcome = boxes.run(source, StdinTests([Case(stdin="", expected="6")]))
    assert outcome.status is Status.ACCEPTED, outcome
    assert boxes.run(LOOK, LEFT).status is Status.ACCEPTED


def test_files_of_a_function_that_is_called_again(boxes):
    source = "def f(x):\n open('log', 'a').write(x)\n return open('log').read()"
    tests = FunctionTests("f", [Case(args=("a",), expected="a"), Case(args=("b",), expected="ab")])
    assert boxes.run(source, tests).status is Status.ACCEPTED


def test_tests_and_program_share_the_folder(boxes):
    tests = AssertTests(
        "import os, tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
        " path = os.path.join(folder, 'in')\n open(path, 'w').write('word')\n"
        " assert shout(path) == 4\n assert open(path + '.out').read() == 'WORD'"
    )
    source = "def shout(path):\n text = open(path).read()\n return open(path + '.out', 'w').write(text.upper())"
    assert boxes.run(source, tests).status is Status.ACCEPTED
    assert boxes.run(source.replace("upper", "title"), tests).status is Status.WRONG_ANSWER


@pytest.mark.parametrize(
    "left",
    [
        "open('x', 'w').close()",
        "os.makedirs('/'.join(['d' * 100] * 30))",
        "for _ in range(1500):\n os.mkdir('d')\n os.chdir('d')",
        "os.umask(0o777)\nos.mkdir('d')\nopen('x', 'w').close()",
        "os.mkdir('d', 0o300)\nopen('d/x', 'w').close()",
        "for n in range(3000): open(f'{n}', 'w').close()",
        "open(b'\\xff', 'w').close()",
        "open('x', 'w').close()\nos.utime('.', (0, 0))",
        "os.chmod('.', 0)",
        "os.utime('.', (1, 1))",
        "open('x', 'w').close()\nos.abort()",
        "open('x', 'w').close()\nwhile True: pass",
        "open('x', 'wb').truncate(1 << 20)",
    ],
)
def test_nothing_of_a_run_is_there_in_the_next(boxes, left):
    boxes.run_program("import os\n" + left, limits=Limits(wall_s=5, cpu_s=1))
    probe = boxes.run_program(
        "import os\nstate = os.stat('.')\nprint(os.listdir('.'), oct(state.st_mode & 0o777), state.st_mtime)"
    )
    assert probe.stdout == "[] 0o700 0.0\n"


@pytest.mark.parametrize(
    "source",
    [
        # On a disk the quota is watched; a program may be over it for a moment, not for a second.
        "import time\nfor n in range(100):\n open(f'{n}', 'wb').write(b'x' * 1_000_000)\n"
        "time.sleep(1)",
        "n = 0\nwhile True:\n open(f'{n}', 'w').close()\n n += 1",
        "import os\nn = 0\nwhile True:\n os.makedirs(f'{n}/a/b')\n n += 1",
    ],
)
def test_the_quota_holds(boxes, source):
    run = boxes.run_program(source)
    assert run.status in {Status.RUNTIME_ERROR, Status.OUTPUT_LIMIT}
    assert run.status is Status.OUTPUT_LIMIT or "No space left" in run.stderr
    assert boxes.run(LOOK, LEFT).status is Status.ACCEPTED


def test_the_quota_is_an_option_and_none_means_none():
    write = "open('x', 'wb').write(b'x' * 3_000_000)"
    with Sandbox(workers=1, limits=QUICK, files_mb=2) as box:
        assert box.run_program(write).status is Status.RUNTIME_ERROR
        assert box.run_program(write.replace("3_000", "1_000")).status is Status.FINISHED
    with Sandbox(workers=1, limits=QUICK, files_mb=0) as box:
        assert box.report()["unavailable"]["files"] == "not asked for"
        assert "Error" in box.run_program("open('x', 'w')").stderr


def test_nothing_is_left_on_the_machine():
    before = set(os.listdir(tempfile.gettempdir()))
    with Sandbox(workers=2, limits=QUICK, namespaces=False) as box:
        box.run_program("import os\nos.makedirs('a/b')\nopen('a/x', 'w').close()")
        made = [worker.facts.files for worker in box.executor.workers if worker.facts.files]
        os.kill(box.executor.workers[0].pid, 9)
        box.run_program("open('y', 'w').close()")
    assert made == [] or not any(Path(path).exists() for path in made)
    new = set(os.listdir(tempfile.gettempdir())) - before
    assert not {name for name in new if name.startswith("rlvr-files")}


def test_workers_do_not_see_each_others_files(boxes):
    with Sandbox(
        workers=2, limits=QUICK, namespaces="namespaces" in boxes.report()["active"]
    ) as box:
        source = (
            "import os, sys, time\nopen(input(), 'w').close()\ntime.sleep(0.3)\n"
            "print(len(os.listdir('.')))"
        )
        tests = StdinTests([Case(stdin="a", expected="1")])
        assert [o.status for o in box.run_many([(source, tests)] * 2)] == [Status.ACCEPTED] * 2


def test_the_place_hides_nothing_that_must_be_seen():
    assert mount_point(["/usr/lib", "/tmpfiles"]) == "/tmp"
    assert mount_point(["/usr/lib", "/tmp/venv/lib"]) != "/tmp"


def test_emptying_follows_no_link(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    folder = tmp_path / "folder"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "link").symlink_to(kept)
    (folder / "a" / "link").symlink_to(kept / "file")
    handle = os.open(folder, os.O_RDONLY)
    handles = len(os.listdir("/proc/self/fd"))
    empty(handle)
    assert len(os.listdir("/proc/self/fd")) == handles
    os.close(handle)
    assert os.listdir(folder) == []
    assert (kept / "file").read_text() == "x"


def test_emptying_brings_up_what_lies_deep(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    before = Path.cwd()
    os.chdir(folder)
    try:
        for level in range(1200):
            for beside in ("0-0", "1-", str(level)):
                os.mkdir(beside)
            os.mkdir("d" * 100)
            os.chdir("d" * 100)
        os.mkdir("closed", 0)
    finally:
        os.chdir(before)
    handle = os.open(folder, os.O_RDONLY)
    empty(handle)
    os.close(handle)
    assert os.listdir(folder) == []
