"""Asserts of C: what pointers lead to goes over and comes back, and nothing else does."""

import subprocess

import pytest

from sandbox import AssertTests, BadTestsError, Limits, Sandbox, Status
from sandbox.languages.c import C

pytestmark = [
    pytest.mark.slow,  # each case compiles two programs
    pytest.mark.skipif(C.find() is None, reason="no GCC"),
]

ADD = "int add(int a, int b) { return a + b; }"
THREE = "#include <assert.h>\nint main(void) { assert(add(1, 2) == 3); return 0; }"


@pytest.fixture(scope="module")
def box():
    with Sandbox(workers=1, limits=Limits(wall_s=10, cpu_s=2)) as opened:
        yield opened


def judged(box, source, *tests):
    return box.run(source, AssertTests(tests), language="c")


HEADERS = "#include <stdbool.h>\n#include <stdlib.h>\n#include <string.h>\n#include <ctype.h>\n"
NUMBERS = """
int sum(const int *a, int n) { int s = 0; for (int i = 0; i < n; i++) s += a[i]; return s; }
bool near(float numbers[], int size, float by) {
    for (int i = 0; i < size; i++) for (int j = i + 1; j < size; j++)
        if (numbers[i] - numbers[j] < by && numbers[j] - numbers[i] < by) return true;
    return false;
}
int *twice(int *a, int n) { int *r = malloc(n * sizeof *r); for (int i = 0; i < n; i++) r[i] = 2 * a[i]; return r; }
int* two_sum(int* nums, int size, int target, int* found) {
    for (int i = 0; i < size; i++) for (int j = i + 1; j < size; j++)
        if (nums[i] + nums[j] == target) { int *r = malloc(8); r[0] = i; r[1] = j; *found = 2; return r; }
    *found = 0;
    return NULL;
}
void swap(int *a, int *b) { int t = *a; *a = *b; *b = t; }
static int own[3] = {7, 8, 9};
int *fixed(void) { return own; }
unsigned long long power(unsigned n) { return 1ULL << n; }
"""  # fmt: skip
TEXTS = """
char *up(const char *s) { char *r = strdup(s); for (char *p = r; *p; p++) *p = toupper(*p); return r; }
void reverse(char *s) { int n = strlen(s); for (int i = 0; i < n / 2; i++) { char t = s[i]; s[i] = s[n - 1 - i]; s[n - 1 - i] = t; } }
char *find(char *s, char c) { while (*s && *s != c) s++; return *s ? s : NULL; }
void shout(char *s) { strcat(s, "!!"); }
const char *name(int n) { return n ? "one" : "zero"; }
int longest(char **w, int n) { int m = 0; for (int i = 0; i < n; i++) if ((int)strlen(w[i]) > m) m = strlen(w[i]); return m; }
static int by_text(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
void sort(char *w[], int n) { qsort(w, n, sizeof *w, by_text); }
"""
RIGHT = {
    "statements": (ADD, ["assert(add(1, 2) == 3);", "assert(add(2, 2) == 4);"]),
    "functions": (ADD, ["void test_one(void) { assert(add(1, 2) == 3); }\nvoid test_two() { assert(add(0, 0) == 0); }"]),
    "a pointer to it": (ADD, ["int main() { int (*candidate)(int, int) = add; assert(candidate(1, 2) == 3); }"]),
    "a main of its own": (f"{ADD}\nint main(void) {{ return add(1, 2); }}", [THREE]),
    "an include of it": (ADD, [f'#include "solution.h"\n{THREE}']),
    "arrays": (NUMBERS, [
        "int main() { int a[] = {1, 2, 3}; assert(sum(a, 3) == 6); assert(sum((int[]){4, 5}, 2) == 9); assert(sum(NULL, 0) == 0);"
        "float f[] = {1.0, 2.0, 3.9, 4.0}; assert(near(f, 4, 0.3)); assert(!near(f, 4, 0.05));"
        "int *r = twice(a, 3), e[] = {2, 4, 6}; assert(!memcmp(r, e, sizeof e)); free(r);"
        "int n; r = two_sum(a, 3, 5, &n); assert(n == 2 && r[0] == 1 && r[1] == 2); assert(!two_sum(a, 3, 9, &n) && n == 0);"
        "int x = 1, y = 2; swap(&x, &y); assert(x == 2 && y == 1); assert(fixed()[2] == 9); assert(power(40) == 1099511627776ULL); }"]),
    "from a heap": (NUMBERS, ["int main() { int n = 3, *a = malloc(n * sizeof *a); for (int i = 0; i < n; i++) a[i] = i; assert(sum(a, n) == 3); free(a); }"]),
    "a table": (NUMBERS, [
        "static void check(int *a, int n, int wanted) { assert(sum(a, n) == wanted); }\n"
        "int main() { int t[][3] = {{1, 2, 3}, {4, 5, 6}}; for (int i = 0; i < 2; i++) check(t[i], 3, i ? 15 : 6); }"]),
    "texts": (TEXTS, [
        'int main() { assert(!strcmp(up("abc"), "ABC")); char b[] = "hello"; reverse(b); assert(!strcmp(b, "olleh"));'
        'assert(find(b, (char)108) == b + 1); assert(find(b, 122) == NULL); char c[20] = "ab"; shout(c); assert(!strcmp(c, "ab!!"));'
        'assert(!strcmp(name(1), "one")); char *w[] = {"defg", "c", "ab"}; assert(longest(w, 3) == 4); sort(w, 3);'
        'assert(!strcmp(w[0], "ab") && !strcmp(w[2], "defg")); }']),
    "names of the system's": (
        "int encrypt(int a) { return a + 1; }\nint truncate(int x) { return x; }\nint index(int x) { return x; }\nint read(void) { return 5; }",
        ["int main() { assert(encrypt(1) == 2); assert(truncate(1) == 1); assert(index(3) == 3); assert(read() == 5); }"]),
    "a name of the language's": ("int strlen(const char *s) { int n = 0; while (s[n]) n++; return n; }", ['int main() { assert(strlen("abc") == 3); }']),
}  # fmt: skip


@pytest.mark.parametrize("kind", RIGHT)
def test_right_programs_are_accepted(box, kind):
    source, tests = RIGHT[kind]
    headers = "" if "name" in kind else HEADERS
    outcome = judged(box, headers + source, *tests)
    assert outcome.status is Status.ACCEPTED, outcome.reason


STRUCTURE = (
    "struct one { int given[2]; int wanted; };\n"
    "int main() { struct one t[] = {{{1, 2}, 3}, {{4, 5}, 9}}; "
    "for (int i = 0; i < 2; i++) assert(f(t[i].given, 2) == t[i].wanted); }"
)
ROWS = "int main() { int t[][3] = {{1, 2, 3}, {4, 5, 9}}; for (int i = 0; i < 2; i++) assert(f(t[i], 2) == t[i][2]); }"
COMPARED = '#include <string.h>\nint main() { assert(strcmp(f(1), "yes") == 0); }'
HOSTILE = {
    "no asserts": ("#define NDEBUG\nint add(int a, int b) { return 0; }", THREE),
    "an assert of its own": ("#define assert(x)\nint add(int a, int b) { return 0; }", THREE),
    "no if": ("#define if(x) while (0)\nint add(int a, int b) { return 0; }", THREE),
    "an early end": ("#include <stdlib.h>\nint add(int a, int b) { exit(0); }", THREE),
    "an end before main": ("#include <stdlib.h>\n__attribute__((constructor)) void go(void) { exit(0); }\nint add(int a, int b) { return 0; }", THREE),
    "an end after a signal": ("#include <signal.h>\n#include <stdlib.h>\nvoid out(int n) { exit(0); }\nint add(int a, int b) { signal(SIGABRT, out); abort(); }", THREE),
    "an abort of its own": ("void abort(void) { for (;;); }\nvoid __assert_fail(const char *a, const char *b, unsigned c, const char *d) {}\nint add(int a, int b) { return 0; }", THREE),
    "a closed line": ("#include <unistd.h>\nint add(int a, int b) { close(4); return 3; }", THREE),
    "a line cut short": ('#include <unistd.h>\nint add(int a, int b) { write(4, "\\1\\0\\0\\0A", 5); for (;;); }', THREE),
    "a line without an end": ('#include <unistd.h>\nint add(int a, int b) { write(4, "\\377\\377\\377\\377", 4); for (;;); }', THREE),
    "what it must return beside an array": ("int f(int *a, int n) { return a[2]; }", ROWS),
    "what it must return in a structure": ("int f(int *a, int n) { return a[2]; }", STRUCTURE),
    "wider numbers": ("int f(long *a, int n) { return a[1]; }", STRUCTURE),
    "a comparison of its own": ('int strcmp(const char *a, const char *b) { return 0; }\nchar *f(int x) { return "no"; }', COMPARED),
    "a helper that the tests lack": ("_Bool same(int a, int b) { return 1; }\nint f(int a) { return 9; }", "int main() { assert(same(f(1), 1)); }"),
    "nothing": ("char *f(int x) { return 0; }", COMPARED),
    "a place that is none": ("char *f(int x) { return (char *)16; }", COMPARED),
    "a text without an end": ("char *f(int x) { static char a[64]; __builtin_memset(a, 'y', 64); return a; }", COMPARED),
    "what never was": ("int x;", THREE),
}  # fmt: skip


@pytest.mark.parametrize("trick", HOSTILE)
def test_no_trick_of_c_pays(box, trick):
    source, test = HOSTILE[trick]
    outcome = judged(box, source, test)
    assert outcome.passed == 0
    assert outcome.status not in {Status.ACCEPTED, Status.INFRA_ERROR}


def test_tests_that_never_use_the_program_are_told(box):
    with pytest.raises(BadTestsError, match="never uses"):
        judged(box, ADD, "int main(void) { return 0; }")


def test_nothing_of_the_judges_stack_goes_over(box):
    if int(subprocess.check_output(["gcc", "-dumpversion"], text=True).split(".")[0]) < 12:
        pytest.skip("GCC clears variables from 12 on")
    test = """#include <assert.h>
#include <string.h>
static void __attribute__((noinline)) leave(void) {
    char old[4096];
    memset(old, 'q', sizeof old);
    __asm__ volatile("" :: "r"(old) : "memory");
}
static void __attribute__((noinline)) check(void) {
    char out[64];
    look(out);
    assert(strcmp(out, "clean") == 0);
}
int main(void) { leave(); check(); return 0; }"""
    source = """#include <string.h>
void look(char *out) {
    int seen = 0;
    for (int i = 0; i < 64; i++) seen |= out[i];
    strcpy(out, seen ? "full" : "clean");
}"""
    assert judged(box, source, test).status is Status.ACCEPTED
