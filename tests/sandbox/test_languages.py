import contextlib

import pytest

from sandbox import (
    AssertTests,
    BadTestsError,
    Case,
    FunctionTests,
    Limits,
    MissingToolchainError,
    Sandbox,
    Status,
    StdinTests,
)
from sandbox.languages import LANGUAGES, language_named
from sandbox.languages.language import insert_at_end_of

SUM = StdinTests([Case(stdin="1 2\n", expected="3\n"), Case(stdin="5 6\n", expected="11\n")])
PROGRAMS = {
    "c": '#include <stdio.h>\nint main(void) { int a, b; scanf("%d %d", &a, &b); printf("%d\\n", a + b); return 0; }',
    "cpp": "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b << std::endl; }",
    "javascript": "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);\nconsole.log(a + b);",
    "java": "import java.util.*;\npublic class Main { public static void main(String[] x) { Scanner s = new Scanner(System.in); System.out.println(s.nextInt() + s.nextInt()); } }",
    "rust": 'use std::io::*;\nfn main() { let mut s = String::new(); stdin().read_to_string(&mut s).unwrap(); let v: Vec<i32> = s.split_whitespace().map(|x| x.parse().unwrap()).collect(); println!("{}", v[0] + v[1]); }',
    "go": 'package main\nimport "fmt"\nfunc main() { var a, b int; fmt.Scan(&a, &b); fmt.Println(a + b) }',
}  # fmt: skip
INSTALLED = [language.name for language in LANGUAGES if language.find() is not None]


@pytest.fixture(scope="module")
def box():
    with Sandbox(workers=1, limits=Limits(wall_s=20, cpu_s=5)) as opened:
        yield opened


@pytest.mark.parametrize("language", [language.name for language in LANGUAGES])
def test_stdin_programs(box, language):
    if language not in INSTALLED:
        with pytest.raises(MissingToolchainError, match="install"):
            box.run(PROGRAMS[language], SUM, language=language)
        return
    outcome = box.run(PROGRAMS[language], SUM, language=language)
    assert outcome.status is Status.ACCEPTED, outcome
    wrong = box.run(PROGRAMS[language].replace("+", "-"), SUM, language=language)
    assert wrong.status in {Status.WRONG_ANSWER, Status.COMPILE_ERROR}, wrong


@pytest.mark.parametrize("language", INSTALLED)
def test_a_program_that_does_not_compile(box, language):
    outcome = box.run("this is { no program", SUM, language=language)
    assert outcome.status is Status.COMPILE_ERROR
    assert outcome.reason


C_ATTACKS = {
    "reads a file": 'int main() { FILE *f = fopen("/etc/passwd", "r"); puts(f ? "3" : "no"); }',
    "forks": 'int main() { puts(fork() >= 0 ? "3" : "no"); }',
    "executes": 'int main() { execl("/bin/echo", "echo", "3", NULL); puts("no"); }',
    "opens a socket": 'int main() { puts(socket(2, 1, 0) >= 0 ? "3" : "no"); }',
    "writes a file": 'int main() { FILE *f = fopen("x", "w"); puts(f ? "3" : "no"); }',
    "signals its parent": 'int main() { puts(kill(getppid(), 0) == 0 ? "3" : "no"); }',
    "traces": 'int main() { puts(ptrace(16, getppid(), 0, 0) == 0 ? "3" : "no"); }',
    "unshares": 'int main() { puts(unshare(0x10000000) == 0 ? "3" : "no"); }',
    "takes memory": 'int main() { char *p = malloc(2L << 30); if (p) memset(p, 1, 2L << 30); puts(p ? "3" : "no"); }',
    "leaves early": '__attribute__((constructor)) static void f() { _exit(0); } int main() { puts("3"); }',
    "includes a file": 'const char text[] = {\n#include "/etc/passwd"\n}; int main() { puts("3"); }',
    "embeds a file": '__asm__(".incbin \\"/etc/passwd\\""); int main() { puts("3"); }',
    "floods output": 'int main() { for (;;) puts("3333333333333333333333333333"); }',
    "loops": "int main() { for (;;) ; }",
    "kills itself": "int main() { raise(9); kill(getpid(), 9); syscall(SYS_tkill, getpid(), 9); for (;;) ; }",
    "has a timer kill it": "int main() { struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 9}; timer_t t; struct itimerspec s = {{0, 0}, {0, 1000}}; timer_create(CLOCK_MONOTONIC, &e, &t); timer_settime(t, 0, &s, 0); for (;;) ; }",
    "lowers its own CPU limit": "int main() { struct rlimit r = {0, 0}; setrlimit(RLIMIT_CPU, &r); prlimit(0, RLIMIT_CPU, &r, 0); for (;;) ; }",
    "slows the launcher": 'int main() { cpu_set_t s; CPU_ZERO(&s); CPU_SET(0, &s); struct sched_param p = {0}; int a = sched_setaffinity(getppid(), sizeof s, &s), b = sched_setscheduler(getppid(), SCHED_IDLE, &p), c = setpriority(PRIO_PROCESS, getppid(), 19); puts(a == 0 || b == 0 || c == 0 ? "3" : "no"); }',
    "has a huge segment": 'static char a[3L << 30]; int main() { a[5] = 1; puts("3"); return a[4]; }',
    "starts a thousand threads": 'static void *f(void *x) { pause(); return x; } int main() { pthread_t t; pthread_attr_t a; pthread_attr_init(&a); pthread_attr_setstacksize(&a, 16384); int n = 0; while (n < 3000 && pthread_create(&t, &a, f, 0) == 0) n++; puts(n >= 3000 && THREADS ? "3" : "no"); }',
}  # fmt: skip
_HEADERS = "#define _GNU_SOURCE\n#define THREADS %d\n" + "".join(
    f"#include <{name}.h>\n"
    for name in [
        "stdio",
        "stdlib",
        "string",
        "unistd",
        "signal",
        "sched",
        "sys/socket",
        "sys/ptrace",
        "sys/resource",
        "sys/syscall",
        "time",
        "pthread",
    ]
)


@pytest.fixture(scope="module")
def attacked():
    """Sandboxes under attack, made as they are needed: with namespaces, and without."""
    limits = Limits(wall_s=4, cpu_s=1, memory_mb=256, output_mb=1)
    made = {}
    with contextlib.ExitStack() as stack:

        def sandbox(namespaces):
            if namespaces not in made:
                made[namespaces] = stack.enter_context(
                    Sandbox(workers=1, namespaces=namespaces, limits=limits)
                )
            return made[namespaces]

        yield sandbox


@pytest.mark.skipif("c" not in INSTALLED, reason="no C compiler")
@pytest.mark.parametrize("name", C_ATTACKS)
@pytest.mark.parametrize("namespaces", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_attacks_from_compiled_programs(attacked, name, namespaces):
    tests = StdinTests([Case(stdin="", expected="3\n")])
    box = attacked(namespaces)
    headers = _HEADERS % ("threads" in box.report()["active"])
    outcome = box.run(headers + C_ATTACKS[name], tests, language="c")
    assert outcome.status not in {Status.ACCEPTED, Status.INFRA_ERROR}, outcome
    # The control: the launcher is none the worse, and a program that does nothing of it passes.
    right = box.run('#include <stdio.h>\nint main() { puts("3"); }', tests, language="c")
    assert right.status is Status.ACCEPTED, right


@pytest.mark.skipif("cpp" not in INSTALLED, reason="no C++ compiler")
def test_a_template_bomb_ends(box):
    bomb = "template<int n, int m> struct A { A<n - 1, m + 1> a; A<n - 1, m> b; };\ntemplate<int m> struct A<0, m> {};\nint main() { A<300, 0> a; }"
    limits = Limits(compile_wall_s=5, compile_memory_mb=512)
    assert box.run(bomb, SUM, language="cpp", limits=limits).status is Status.COMPILE_ERROR


ASSERTS = {
    "c": ("int add(int a, int b) { return a + b; }", "#include <assert.h>\nint main() { assert(add(1, 2) == 3); }"),
    "cpp": ("int add(int a, int b) { return a + b; }", "#include <cassert>\nint main() { assert(add(1, 2) == 3); }"),
    "javascript": ("const add = (a, b) => a + b;", "console.assert(add(1, 2) === 3);"),
    "java": ("class Solution { int add(int a, int b) { return a + b; } }", "public class Main { public static void main(String[] x) { if (new Solution().add(1, 2) != 3) { throw new AssertionError(); } } }"),
    "rust": ("fn main() {}\nfn add(a: i32, b: i32) -> i32 { a + b }", "#[cfg(test)]\nmod tests { use super::*;\n#[test]\nfn adds() { assert_eq!(add(1, 2), 3); } }"),
}  # fmt: skip
EARLY = {
    "c": "#include <stdlib.h>\nint add(int a, int b) { exit(0); }",
    "cpp": "#include <cstdlib>\nint add(int a, int b) { std::exit(0); }",
    "javascript": "const add = () => process.exit(0);",
    "java": "class Solution { int add(int a, int b) { System.exit(0); return 0; } }",
    "rust": "fn add(_: i32, _: i32) -> i32 { std::process::exit(0) }",
}


@pytest.mark.parametrize("language", [name for name in INSTALLED if name in ASSERTS])
def test_assert_tests_in_other_languages(box, language):
    source, test = ASSERTS[language]
    tests = AssertTests([test])
    assert box.run(source, tests, language=language).status is Status.ACCEPTED
    wrong = box.run(source.replace("+", "-"), tests, language=language)
    assert wrong.status in {Status.WRONG_ANSWER, Status.RUNTIME_ERROR}, wrong
    early = box.run(EARLY[language], tests, language=language)
    assert early.status is Status.RUNTIME_ERROR, early


@pytest.mark.skipif("c" not in INSTALLED, reason="no GCC")
def test_what_no_judge_can_hold_runs_with_its_tests_where_the_caller_lets_it(box):
    source = "struct point { int x; };\nint f(struct point p) { return p.x; }"
    test = "int main(void) { struct point p = {3}; assert(f(p) == 3); }"
    test = f"#include <assert.h>\n{test}"
    refused = box.run(source, AssertTests([test]), language="c")
    assert refused.status is Status.BAD_PROGRAM
    assert "what a judge cannot hold: struct point p" in refused.reason
    let = AssertTests([test], in_process=True)
    assert box.run(source, let, language="c").status is Status.ACCEPTED
    wrong = box.run(source.replace("p.x", "p.x + 1"), let, language="c")
    assert wrong.status is Status.WRONG_ANSWER


@pytest.mark.skipif("javascript" not in INSTALLED, reason="no Node")
@pytest.mark.parametrize(
    "source",
    [
        "console.assert = () => {}; const add = () => 0;",
        "globalThis.console = { assert() {} }; const add = () => 0;",
        "const console = { assert() {} }; const add = () => 0;",
        "JSON.stringify = () => ''; Object.is = () => true; const add = () => 0;",
        "const add = () => ({ valueOf: () => 3, toString: () => '3' });",
        "process.exitCode = 0; process.reallyExit(0); const add = () => 0;",
    ],
)
def test_javascript_tests_cannot_be_silenced(box, source):
    tests = AssertTests([ASSERTS["javascript"][1]])
    assert box.run(source, tests, language="javascript").status is not Status.ACCEPTED


def test_names_and_errors(box):
    assert language_named("C++").name == "cpp"
    assert language_named("py") is None
    with pytest.raises(BadTestsError, match="known"):
        language_named("cobol")
    if "c" in INSTALLED:
        with pytest.raises(BadTestsError, match="function tests"):
            box.run("", FunctionTests("f", [Case(expected=1)]), language="c")


def test_braces_in_strings_and_comments_do_not_count():
    source = "int main() { char c = '}'; // }\n puts(\"}{\"); /* } */ if (1) { } }"
    assert insert_at_end_of(source, 0, "X").endswith("X\n}")
