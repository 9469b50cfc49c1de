"""Compiled programs kept between sessions: found again, and trusted only where nobody else was."""

import os
import stat
from dataclasses import replace

import pytest

from sandbox import Case, Limits, Sandbox, Status, StdinTests, build_store
from sandbox.build_store import BuildStore, KeptFile, build_key, named_store
from sandbox.languages import language_named

TESTS = StdinTests([Case(stdin="", expected="3")])
SOURCE = '#include <stdio.h>\nint main(void) { puts("3"); return 0; }\n'
COMPILED = [name for name in ("c", "cpp", "java", "rust") if language_named(name).find()]
SOURCES = {
    "c": SOURCE,
    "cpp": SOURCE,
    "java": "class Main { public static void main(String[] a) { System.out.println(3); } }",
    "rust": 'fn main() { println!("3"); }',
}
with_c = pytest.mark.skipif("c" not in COMPILED, reason="no C compiler")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kept"


@pytest.fixture
def work(tmp_path):
    made = tmp_path / "work"
    (made / "deep").mkdir(parents=True)
    (made / "program").write_bytes(b"\x7fELF\n\n")
    (made / "program").chmod(0o755)
    (made / "deep" / "part").write_bytes(b"")
    return made


KEPT = {"deep/part": KeptFile(b""), "program": KeptFile(b"\x7fELF\n\n", executable=True)}


def run(folder, source=SOURCE, language="c"):
    """The status, and the CPU seconds of the compiler."""
    with Sandbox(workers=1, limits=Limits(wall_s=60, cpu_s=30), build_cache=folder) as box:
        status = box.run(source, TESTS, language=language).status
        (build,) = box.executor.builds._builds.values()
        return status, build.cpu_s


@pytest.mark.parametrize("language", [*COMPILED[:1], *(
    pytest.param(name, marks=pytest.mark.slow) for name in COMPILED[1:]
)])  # fmt: skip
def test_a_program_is_compiled_in_one_session_and_run_in_the_next(folder, language):
    first, compiled = run(folder, SOURCES[language], language)
    again, nothing = run(folder, SOURCES[language], language)
    assert first is again is Status.ACCEPTED
    assert compiled > 0
    assert nothing == 0


@with_c
def test_the_folder_and_its_entries_are_closed_to_others(folder):
    run(folder)
    (entry,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600


@with_c
def test_a_program_that_does_not_compile_is_not_kept(folder):
    assert run(folder, "int main(void) { return x; }")[0] is Status.COMPILE_ERROR
    assert not list(folder.iterdir())


@with_c
def test_a_program_neither_sees_nor_changes_the_folder(folder):
    run(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (name,) = before
    prying = f"""#include <stdio.h>
    int main(void) {{
        FILE *read = fopen("{folder}/{name}", "r"), *made = fopen("{folder}/new", "w");
        puts(read || made ? "4" : "3");
    }}"""
    assert run(folder, prying)[0] is Status.ACCEPTED
    assert before.items() < {path.name: path.read_bytes() for path in folder.iterdir()}.items()
    assert len(list(folder.iterdir())) == 2


@with_c
def test_an_altered_entry_is_compiled_again(folder):
    run(folder)
    (entry,) = folder.iterdir()
    sound = entry.read_bytes()
    for altered in (sound[:-1], sound[:80] + b"x" + sound[81:], b"", b"\n\n"):
        entry.write_bytes(altered)
        status, compiled = run(folder)
        assert status is Status.ACCEPTED
        assert compiled > 0


def test_what_was_kept_comes_back(folder, work):
    store = BuildStore(folder)
    assert store.load("key") is None
    store.save("key", work)
    assert store.load("key") == KEPT


def test_another_programs_entry_under_this_name_is_none(folder, work):
    store = BuildStore(folder)
    store.save("one", work)
    (folder / "one").rename(folder / "other")
    assert store.load("other") is None


@pytest.mark.parametrize("how", ["link", "hard link", "readable", "writable"])
def test_an_entry_that_others_could_reach_is_none(folder, work, tmp_path, how):
    store = BuildStore(folder)
    store.save("key", work)
    entry = folder / "key"
    if how == "link":
        entry.rename(tmp_path / "elsewhere")
        entry.symlink_to(tmp_path / "elsewhere")
    elif how == "hard link":
        os.link(entry, tmp_path / "elsewhere")
    else:
        entry.chmod(0o604 if how == "readable" else 0o620)
    assert store.load("key") is None


@pytest.mark.parametrize("mode", [0o777, 0o750, 0o701])
def test_an_open_folder_is_not_used(folder, work, mode):
    folder.mkdir()
    folder.chmod(mode)
    store = BuildStore(folder)
    store.save("key", work)
    assert store.load("key") is None
    assert not list(folder.iterdir())


def test_a_link_to_a_folder_is_not_used(folder, work, tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "real")
    BuildStore(folder).save("key", work)
    assert not list((tmp_path / "real").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("given", ["folder", "entry"])
def test_what_another_user_owns_is_not_used(folder, work, given):
    store = BuildStore(folder)
    store.save("key", work)
    os.chown(folder if given == "folder" else folder / "key", 12345, 12345)
    assert store.load("key") is None


def test_a_work_folder_with_links_is_not_kept(folder, work):
    (work / "out").symlink_to("/etc/passwd")
    store = BuildStore(folder)
    store.save("key", work)
    assert store.load("key") is None


def test_the_folder_is_of_bounded_size(folder, work, monkeypatch):
    monkeypatch.setattr(build_store, "_KEPT", 3)
    store = BuildStore(folder)
    for age, key in enumerate("abcde"):
        store.save(key, work)
        os.utime(folder / key, (age, age))
    assert {path.name for path in folder.iterdir()} == {"c", "d", "e"}
    monkeypatch.setattr(build_store, "_KEPT_BYTES", 1)
    store.save("f", work)
    assert not list(folder.iterdir())


@with_c
@pytest.mark.parametrize("changed", ["source", "compiler", "flags", "language"])
def test_the_key_is_of_everything_that_a_build_depends_on(changed, tmp_path):
    language = language_named("c")
    tools, limits, source = language.find(), Limits(), SOURCE
    before = build_key(language, tools, source, limits)
    if changed == "source":
        source += " "
    elif changed == "language":
        language = language_named("cpp")
    elif changed == "flags":
        language = replace(language, compile=lambda *_: [["cc"]])
    else:
        compiler = tmp_path / "gcc"
        compiler.write_text("another")
        tools = type(tools)({**tools.programs, "compiler": str(compiler)})
    assert build_key(language, tools, source, limits) != before


def test_the_variable_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("RLVR_BUILD_CACHE")
    assert named_store() is None
    monkeypatch.setenv("RLVR_BUILD_CACHE", str(tmp_path))
    assert named_store().folder == tmp_path
    monkeypatch.setenv("RLVR_BUILD_CACHE", "on")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert named_store().folder == tmp_path / "rlvr" / "builds"
    assert named_store("off") is None
