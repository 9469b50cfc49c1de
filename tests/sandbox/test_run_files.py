"""Files into a program's folder and out of it again: what is asked for, and nothing else."""

import asyncio
import os
import socket

import pytest

from sandbox import BadFilesError, Limits, Sandbox, Status
from sandbox.zygote.handed_files import _plain_file

QUICK = Limits(wall_s=10, cpu_s=3, memory_mb=256, output_mb=1)
MEGABYTE = 1 << 20
NEITHER = ["seccomp", "landlock"]
PLACES = {
    "tmpfs": {},
    "disk": {"namespaces": False},
    "disk, any call": {"namespaces": False, "allow_degraded": ["seccomp"], "_without": ["seccomp"]},
    "tmpfs, bare": {"allow_degraded": NEITHER, "_without": NEITHER},  # links can be made here
}
DEGRADED = [pytest.param(name, marks=pytest.mark.slow) for name in [*PLACES][2:]]


@pytest.fixture(scope="module", params=["tmpfs", "disk", *DEGRADED])
def boxes(request):
    """A tmpfs of its own, or a folder on a disk; with and without what refuses links."""
    with Sandbox(workers=1, limits=QUICK, **PLACES[request.param]) as opened:
        if "files" not in opened.report()["active"]:
            pytest.skip(str(opened.report()["unavailable"]["files"]))
        yield opened


def test_files_come_and_go(boxes):
    source = (
        "import os, helper\nos.makedirs('out/deep')\n"
        "open('out/deep/x', 'wb').write(helper.turned(open('data/in', 'rb').read()))\n"
        "os.remove('gone')\nopen('žluť', 'w').write('a')\nprint(sorted(os.listdir('.')))"
    )
    run = boxes.run_program(
        source,
        files={"helper.py": b"def turned(x): return x[::-1]", "data/in": b"a\0\xff", "gone": b""},
        fetch_files=["out/deep/x", "data/in", "žluť", "gone", "never", "out", "data/in/x", "žluť"],
    )
    assert run.status is Status.FINISHED, run
    assert run.stdout == "['data', 'helper.py', 'out', 'žluť']\n"
    assert run.files == {"out/deep/x": b"\xff\0a", "data/in": b"a\0\xff", "žluť": b"a"}
    assert {*run.not_fetched} == {"gone", "never", "out", "data/in/x"}
    assert boxes.run_program("import os\nprint(os.listdir('.'))").stdout == "[]\n"


@pytest.mark.parametrize(
    "end", ["1 / 0", "import os\nos._exit(3)", "while True: pass", "import time\ntime.sleep(60)"]
)
def test_files_are_fetched_however_it_ended(box, end):
    source = f"with open('x', 'w') as file: file.write('left')\n{end}"
    run = box.run_program(source, fetch_files=["x"], limits=Limits(wall_s=1, cpu_s=0.5))
    assert run.status is not Status.FINISHED
    assert run.files == {"x": b"left"}


def test_what_does_not_compile_has_what_it_was_given(boxes):
    run = boxes.run_program("print(", files={"x": b"1"}, fetch_files=["x"])
    assert (run.status, run.files) == (Status.COMPILE_ERROR, {"x": b"1"})


BAD_NAMES = [
    *("/etc/passwd", "../x", "a/../../x", "a/..", "..", ".", "", "a//b", "a/", "/", "./a", "a/./b"),
    *("a\0b", "\udcff", "/".join("a" * 17), "a" * 256, "ž" * 128),
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_leads_elsewhere_is_refused(box, name):
    with pytest.raises(BadFilesError, match=r"relative|deep|UTF-8|bytes"):
        box.run_program("", files={name: b""})
    with pytest.raises(BadFilesError, match=r"relative|deep|UTF-8|bytes"):
        box.run_program("", fetch_files=[name])


@pytest.mark.parametrize(
    ("files", "fetched"),
    [
        ({"a": b"", "a/b": b""}, []),
        ({"a/b/c": b"", "a/b": b""}, []),
        ({f"{n}": b"" for n in range(257)}, []),
        ({}, [f"{n}" for n in range(33)]),
        ({"a": "text"}, []),
        ({3: b""}, []),
        ({}, [None]),
        ({}, "out.txt"),
    ],
)
def test_what_cannot_be_is_refused_before_a_program_runs(box, files, fetched):
    with pytest.raises(BadFilesError):
        box.run_program("", files=files, fetch_files=fetched)


def test_as_many_as_are_allowed(boxes):
    files = {f"d{n % 3}/{n}": b"%d" % n for n in range(256)}
    asked = [*files][-32:]
    run = boxes.run_program("", files=files, fetch_files=asked)
    assert run.files == {name: files[name] for name in asked}
    assert boxes.run_program("print(1)").stdout == "1\n"


def test_files_that_do_not_fit_are_the_callers_fault(boxes):
    with pytest.raises(BadFilesError, match="big: "):
        boxes.run_program("print(1)", files={"first": b"1", "big": b"x" * (40 * MEGABYTE)})
    assert boxes.run_program("import os\nprint(os.listdir('.'))").stdout == "[]\n"


def test_a_sandbox_without_files_says_so():
    with Sandbox(workers=1, limits=QUICK, files_mb=0) as box:
        with pytest.raises(BadFilesError, match="keeps no files"):
            box.run_program("print(1)", files={"x": b""})
        run = box.run_program("print(1)", fetch_files=["x"])
        assert (run.stdout, run.files, {*run.not_fetched}) == ("1\n", {}, {"x"})


def test_a_compiled_program_has_no_folder(box):
    with pytest.raises(BadFilesError, match="cpp"):
        box.run_program("int main() {}", files={"x": b""}, language="cpp")
    with pytest.raises(BadFilesError, match="cpp"):
        box.run_program("int main() {}", fetch_files=["x"], language="cpp")


def test_what_is_fetched_is_bounded_in_all(boxes):
    source = "for name in 'abc': open(name, 'wb').write(b'x' * 400_000)\nopen('d', 'wb').truncate(3 << 20)"
    run = boxes.run_program(source, fetch_files=["a", "d", "b", "c"])
    assert {*run.files} == {"a", "b"}
    assert "1,000,000 bytes" in run.not_fetched["c"]
    assert "1,000,000 bytes" in run.not_fetched["d"]


PLANTED = {  # how a program would have something else handed over; most need a call that it lacks
    "link": "os.symlink(os.__file__, 'x')",
    "link to a folder": "os.mkdir('e')\nopen('e/passwd', 'w').write('1')\nos.symlink('e', 'd')",
    "link beside": "open('secret', 'w').write('1')\nos.symlink('secret', 'x')",
    "hard link": "os.link(os.__file__, 'x')",
    "pipe": "os.mkfifo('x')",
    "device": "os.mknod('x', 0o20666, os.makedev(1, 5))",
    "socket": "import socket\nsocket.socket(socket.AF_UNIX).bind('x')",
    "folder": "os.mkdir('x')",
    "closed": "open('x', 'w').close()\nos.chmod('x', 0)",
    "closed folder": "os.mkdir('d')\nopen('d/passwd', 'w').close()\nos.chmod('d', 0)",
    "no folder left": "os.chmod('.', 0)",
    "deep": "for _ in range(300):\n os.mkdir('d')\n os.chdir('d')",
    "many": "for n in range(3000): open(f'{n}', 'w').close()",
}


@pytest.mark.parametrize("planted", PLANTED)
def test_nothing_is_handed_over_but_a_plain_file_of_its_own(boxes, planted):
    source = f"import os\n{PLANTED[planted]}"
    run = boxes.run_program(source, fetch_files=["x", "d/passwd"], limits=Limits(wall_s=5, cpu_s=2))
    # On a disk nobody may close a file; it is the program's own, and empty.
    assert not run.files or ("closed" in planted and [*run.files.values()] == [b""]), run
    assert {*run.files, *run.not_fetched} == {"x", "d/passwd"}
    again = boxes.run_program("import os\nprint(os.listdir('.'))", files={}, fetch_files=["x"])
    assert (again.stdout, again.files) == ("[]\n", {})


def test_no_link_is_followed_and_nothing_waits(tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("1")
    folder = tmp_path / "folder"
    (folder / "d").mkdir(parents=True)
    (folder / "d" / "x").write_text("mine")
    (folder / "link").symlink_to(secret)
    (folder / "dangling").symlink_to("nowhere")
    (folder / "up").symlink_to(tmp_path)
    (folder / "beside").symlink_to("d")
    os.mkfifo(folder / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(folder)  # such a name must be short
    listening.bind("socket")
    with listening:
        handle = os.open(folder, os.O_RDONLY)
        names = [
            "link",
            "dangling",
            "up/secret",
            "beside/x",
            "pipe",
            "socket",
            "d",
            "none",
            "d/x/y",
        ]
        found = [_plain_file(handle, name) for name in names]
        assert [at for _, at in found] == [-1] * len(names)
        assert b"".join(state for state, _ in found[4:]) == b"NCNMM"
        state, mine = _plain_file(handle, "d/x")
        assert (state, os.read(mine, 10)) == (b"G", b"mine")
        os.close(mine)
        os.close(handle)


def test_what_the_program_says_of_its_files_is_its_own_affair(boxes):
    # It knows its channel; before it starts, nothing but ours speaks there.
    source = "import os\nos.write(3, b'\\0\\0\\0\\5Fgone')\nopen('x', 'w').write('1')\nprint(1)"
    run = boxes.run_program(source, files={"y": b""}, fetch_files=["x"])
    assert (run.status, run.files) == (Status.FINISHED, {"x": b"1"})


def test_no_handle_is_left_open(boxes):
    boxes.run_program("")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(4):
        boxes.run_program("open('a', 'w').close()", fetch_files=["a", "b"])
        with pytest.raises(BadFilesError):
            boxes.run_program("", files={"x": b"x" * (40 * MEGABYTE)}, fetch_files=["x"])
    assert len(os.listdir("/proc/self/fd")) == before
    boxes.run_program("", fetch_files=[f"{n}" for n in range(32)])
    source = "import os\nprint(len({os.open('/dev/null', 0) for _ in range(50)}))"
    assert boxes.run_program(source).stdout == "50\n"


def test_several_processes_write_files(several_or_skip):
    source = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', \"open('x', 'w').write('1')\"])"
    run = several_or_skip.run_program(
        source, fetch_files=["x"], limits=Limits(wall_s=10, cpu_s=5, memory_mb=512, processes=4)
    )
    assert run.files == {"x": b"1"}, run


@pytest.fixture(scope="module")
def several_or_skip():
    from sandbox import UnconfinedError

    with Sandbox(workers=1, limits=QUICK) as opened:
        try:
            opened.run_program("", limits=Limits(processes=2))
        except UnconfinedError as error:
            pytest.skip(str(error))
        yield opened


def test_from_an_event_loop(box):
    async def both():
        runs = (
            asyncio.to_thread(
                box.run_program, "open('y', 'w').write(open('x').read())",
                files={"x": b"%d" % n}, fetch_files=["y"],
            )
            for n in range(4)
        )  # fmt: skip
        return await asyncio.gather(*runs)

    assert [run.files["y"] for run in asyncio.run(both())] == [b"0", b"1", b"2", b"3"]
