"""Asserts of other languages: judged outside of the program's process, in every shape."""

import pytest

from sandbox import AssertTests, BadTestsError, Limits, Sandbox, Status
from sandbox.languages import LANGUAGES

INSTALLED = {language.name for language in LANGUAGES if language.find() is not None}


@pytest.fixture(scope="module")
def box():
    with Sandbox(workers=1, limits=Limits(wall_s=60, cpu_s=20)) as opened:
        yield opened


def judged(box, language, source, *tests):
    if language not in INSTALLED:
        pytest.skip(f"no toolchain for {language}")
    return box.run(source, AssertTests(tests), language=language)


RIGHT = {
    "cpp": "#include <vector>\nusing namespace std;\nint add(int a, int b) { return a + b; }\n"
    "vector<int> twice(vector<int> a) { for (int &x : a) x *= 2; return a; }",
    "javascript": "const add = (a, b) => a + b;\nfunction twice(a) { return a.map((x) => 2 * x); }",
    "java": "import java.util.*;\nclass Solution { public int add(int a, int b) { return a + b; }\n"
    "public List<Integer> twice(List<Integer> a) { List<Integer> r = new ArrayList<>(); "
    "for (int x : a) r.add(2 * x); return r; } }",
    "rust": "fn add(a: i32, b: i32) -> i32 { a + b }\n"
    "fn twice(a: &Vec<i32>) -> Vec<i32> { a.iter().map(|x| 2 * x).collect() }",
    "go": 'package main\n\nimport (\n\t"fmt"\n)\n\nfunc add(a, b int) int { return a + b }\n\n'
    "func twice(a []int) (r []int) {\n\tfor _, x := range a {\n\t\tr = append(r, 2*x)\n\t}\n\treturn\n}\n",
}
SHAPES = {
    "cpp": [
        "#undef NDEBUG\n#include <assert.h>\nint main() { assert(add(1, 2) == 3); "
        "assert(twice({1, 2}) == vector<int>({2, 4})); }",
        "int main() { if (add(1, 2) != 3) return 1; return 0; }",
        "}\nint main() {\n auto candidate = add;\n assert(candidate((1), (2)) == (3));\n}",
    ],
    "javascript": [
        "const testAdd = () => { console.assert(add(1, 2) === 3); "
        "console.assert(JSON.stringify(twice([1, 2])) === JSON.stringify([2, 4])); };\ntestAdd();",
        "const assert = require('node:assert');\nfunction test() { let candidate = add; "
        "assert.deepEqual(candidate(1, 2), 3); }\ntest();",
        "const assert = require('assert');\nassert.strictEqual(add(1, 2), 3);\nprocess.exit(0);",
        "(async () => { const r = await add(1, 2); if (r !== 3) throw new Error('no'); })();",
    ],
    "java": [
        "public class Main { public static void main(String[] x) { assert new Solution().add(1, 2) == 3; "
        "assert new Solution().twice(java.util.Arrays.asList(1, 2)).equals(java.util.Arrays.asList(2, 4)); } }",
        "public class Main { public static void main(String[] x) { Solution s = new Solution(); "
        "List<Boolean> correct = Arrays.asList(s.add(1, 2) == 3); "
        "if (correct.contains(false)) { throw new AssertionError(); } } }",
    ],
    "rust": [
        "#[cfg(test)]\nmod tests { use super::*;\n#[test]\nfn t() { assert_eq!(add(1, 2), 3); "
        "assert_eq!(twice(&vec![1, 2]), vec![2, 4]); } }",
        "}\nfn main() { let candidate = add; assert_eq!(candidate(1, 2), 3); }",
    ],
    "go": [
        'import (\n"testing"\n"fmt"\n"github.com/stretchr/testify/assert"\n)\nfunc TestAdd(t *testing.T) {\n'
        "assert := assert.New(t)\nassert.Equal(3, add(1, 2), fmt.Sprint(1))\n"
        "assert.Equal([]int{2, 4}, twice([]int{1, 2}))\n}",
        "func TestAdd(t *testing.T) {\n  candidate := add\n\ttype test struct {\n\t\tactual   interface{}\n"
        "\t\texpected interface{}\n\t}\n   tests := []test{\n     { actual: candidate(1, 2), expected: 3 },\n   }\n"
        '\tfor i, tc := range tests {\n\t\tt.Run(fmt.Sprintf("test num % d", i), func(t *testing.T) {\n'
        '\t\t\tif fmt.Sprintf("%v", tc.actual) != fmt.Sprintf("%v", tc.expected) {\n'
        "\t\t\t\tt.Errorf(\"expected '%s', got '%s'\", tc.expected, tc.actual)\n\t\t\t}\n\t\t})\n\t}\n}\n",
        'func main() { if add(1, 2) != 3 { panic(fmt.Sprint("no")) } }',
    ],
}  # fmt: skip


def with_marks(cases):
    """Go links a megabyte of runtime for each end of the line."""
    return [
        pytest.param(*case, marks=pytest.mark.slow if case[0] == "go" else ()) for case in cases
    ]


CASES = with_marks((language, test) for language, tests in SHAPES.items() for test in tests)


@pytest.mark.parametrize(("language", "test"), CASES)
def test_every_shape_accepts_right_and_refuses_wrong(box, language, test):
    right = RIGHT[language]
    if test.startswith("}"):  # MultiPL-E: the tests close what the program left open
        right = right.rstrip().removesuffix("}") if language != "javascript" else right
    outcome = judged(box, language, right, test)
    assert outcome.status is Status.ACCEPTED, outcome
    wrong = judged(box, language, right.replace("a + b", "a - b"), test)
    assert wrong.status in {Status.WRONG_ANSWER, Status.RUNTIME_ERROR}, wrong


INSIDE_JAVA = """    }
    public static void main(String[] args) {
    assert(add((1l), (2l)) == (3l));
    }

}
"""


def test_java_tests_inside_of_the_programs_class(box):
    source = "import java.util.*;\nclass Problem {\n    public static long add(long a, long b) {\n        return a + b;\n"
    for program in (source, source + "    }\n}\n"):
        assert judged(box, "java", program, INSIDE_JAVA).status is Status.ACCEPTED
        wrong = judged(box, "java", program.replace("a + b", "a - b"), INSIDE_JAVA)
        assert wrong.status is Status.WRONG_ANSWER, wrong


FORGERIES = [
    ("cpp", "#define NDEBUG\n#define assert(x)\nint add(int a, int b) { return 0; }"),
    ("cpp", "#define if while (0)\nint add(int a, int b) { return 0; }"),
    ("cpp", "struct Y {};\nbool operator==(Y, int) { return true; }\nY add(int, int) { return {}; }"),
    ("cpp", "#include <csignal>\n#include <unistd.h>\nstatic int s = (signal(SIGABRT, [](int) { _exit(0); }), 0);\nint add(int, int) { return 0; }"),
    ("cpp", "#include <unistd.h>\nint add(int, int) { _exit(0); }"),
    ("cpp", '#include <unistd.h>\nint add(int, int) { for (int f = 0; f < 64; f++) write(f, "\\1\\0\\0\\0A", 5); _exit(0); }'),
    ("javascript", "require('assert').strictEqual = () => {}; const add = () => 0;"),
    ("javascript", "const add = () => ({ valueOf: () => 3, equals: () => true });"),
    ("javascript", "process.exitCode = 0; const add = () => process.reallyExit(0);"),
    ("javascript", "Object.prototype.valueOf = () => 3; const add = () => ({});"),
    ("javascript", "class Y { get valueOf() { return () => 3; } }; const add = () => new Y();"),
    ("java", "class Solution { int add(int a, int b) { Runtime.getRuntime().halt(0); return 0; } }"),
    ("java", "class Solution { Object add(int a, int b) { return new Object() { public boolean equals(Object o) { return true; } }; } }"),
    ("java", "class Solution { int add(int a, int b) { ClassLoader.getSystemClassLoader().setDefaultAssertionStatus(false); return 0; } }"),
    ("rust", "macro_rules! assert_eq { ($($x:tt)*) => {} }\nfn add(a: i32, b: i32) -> i32 { 0 }"),
    ("rust", "struct Y;\nimpl PartialEq<i32> for Y { fn eq(&self, _: &i32) -> bool { true } }\nfn add(a: i32, b: i32) -> Y { Y }"),
    ("rust", "fn add(a: i32, b: i32) -> i32 { std::process::exit(0) }"),
    ("go", 'import "os"\nfunc add(a, b int) int { os.Exit(0); return 0 }'),
    ("go", "func add(a, b int) int { return 0 }\nfunc init() { rlvrFailed = false }"),
    ("go", "type Y int\nfunc (y Y) Equal(o interface{}) bool { return true }\nfunc add(a, b int) Y { return 0 }"),
    ("go", "func add(a, b int) interface{} { return 3.0 }"),
    ("go", "func add(a, b int) interface{} { return nil }"),
    ("go", 'func add(a, b int) int { panic("3") }'),
    ("go", 'import "syscall"\nfunc add(a, b int) int { for f := 0; f < 64; f++ { syscall.Write(f, []byte("\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00A")) }; return 0 }'),
    ("go", 'import "syscall"\nfunc init() { syscall.Write(4, append(append([]byte{9, 0, 0, 0, 0, 0, 0, 0, 65}, 4), make([]byte, 7)...)) }\nfunc add(a, b int) int { return 0 }'),
    ("go", "func TestAdd(t *int) {}\nfunc add(a, b int) int { return 0 }"),
    ("go", "var assert = 1\nfunc add(a, b int) int { return 0 }"),
]  # fmt: skip
ONE = {
    "cpp": "#include <cassert>\nint main() { assert(add(1, 2) == 3); return 0; }",
    "javascript": "const assert = require('assert'); assert.strictEqual(add(1, 2), 3);",
    "java": "public class Main { public static void main(String[] x) { assert new Solution().add(1, 2) == 3; } }",
    "rust": "#[cfg(test)]\nmod tests { use super::*;\n#[test]\nfn t() { assert_eq!(add(1, 2), 3); } }",
    "go": "func TestAdd(t *testing.T) { assert.Equal(t, 3, add(1, 2)) }",
}  # fmt: skip


@pytest.mark.parametrize(("language", "source"), with_marks(FORGERIES))
def test_no_program_reaches_the_judge(box, language, source):
    outcome = judged(box, language, source, ONE[language])
    assert outcome.status not in {Status.ACCEPTED, Status.INFRA_ERROR}, outcome


SUPPLIED = [
    ("cpp", '#include <string.h>\nextern "C" int strcmp(const char *a, const char *b) { return 0; }\nconst char *f(int x) { return "no"; }',
     '#include <cstring>\n#include <cassert>\nint main() { assert(strcmp(f(1), "yes") == 0); }'),
    ("cpp", "#include <vector>\nusing namespace std;\nbool equal(vector<int> a, vector<int> b) { return true; }\nvector<int> f(int x) { return {}; }",
     "#include <cassert>\nint main() { assert(equal(f(1), vector<int>{1})); }"),
    ("cpp", "bool alike(int a, int b) { return true; }\nint f(int x) { return 0; }",
     "#include <cassert>\nint main() { assert(alike(f(1), 1)); }"),
    ("java", "class Arrays { static boolean equals(int[] a, int[] b) { return true; } }\nclass Solution { int[] f(int x) { return new int[]{}; } }",
     "import java.util.*;\npublic class Main { public static void main(String[] x) { if (!Arrays.equals(new Solution().f(1), new int[]{1})) throw new RuntimeException(); } }"),
    ("java", "class AssertionError extends RuntimeException { }\nclass Solution { int f(int x) { return 0; } }",
     "public class Main { public static void main(String[] x) { if (new Solution().f(1) != 1) throw new AssertionError(); } }"),
    ("javascript", "function assert(x) {}\nfunction f() { return 2; }", "assert(f() === 1);"),
    ("javascript", "const expect = () => ({ toBe() {} });\nfunction f() { return 2; }", "expect(f()).toBe(1);"),
    ("javascript", "const alike = () => true;\nfunction f() { return 2; }", "if (!alike(f(), 1)) throw new Error('no');"),
    ("rust", "fn alike(a: i32, b: i32) -> bool { true }\nfn f() -> i32 { 2 }", "fn main() { assert!(alike(f(), 1)); }"),
    ("go", "func panic(v interface{}) {}\nfunc f(a int) int { return 0 }", 'func main() { if f(1) != 3 { panic("no") } }'),
    ("go", "func alike(a, b int) bool { return true }\nfunc f(a int) int { return 0 }", 'func main() { if !alike(f(1), 3) { panic("no") } }'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "source", "test"),
    [pytest.param(*case, marks=() if case[0] == "javascript" else pytest.mark.slow) for case in SUPPLIED],
)  # fmt: skip
def test_no_program_supplies_what_its_answers_are_looked_at_with(box, language, source, test):
    outcome = judged(box, language, source, test)
    assert outcome.status not in {Status.ACCEPTED, Status.INFRA_ERROR}, outcome


@pytest.mark.slow  # four compilations
def test_a_task_may_have_the_name_of_what_a_language_has(box):
    source = "#include <string>\nint count(std::string s) { return s.size(); }"
    test = '#include <cassert>\nint main() { assert(count("abc") == 3); assert(count("") == 0); }'
    assert judged(box, "cpp", source, test).status is Status.ACCEPTED
    there_and_back = "int up(int a) { return a + 1; }\nint down(int a) { return a - 1; }"
    both = "#include <cassert>\nint main() { assert(down(up(4)) == 4); }"
    assert judged(box, "cpp", there_and_back, both).status is Status.ACCEPTED


@pytest.mark.parametrize(
    ("language", "test"),
    [
        ("cpp", "int main() { return 0; }"),
        ("javascript", "console.assert(true);"),
        ("java", "public class Main { public static void main(String[] x) { } }"),
        ("rust", "fn main() { }"),
        ("go", "func TestAdd(t *testing.T) { }"),
    ],
)
def test_tests_that_never_use_the_program_are_no_tests(box, language, test):
    if language not in INSTALLED:
        pytest.skip(f"no toolchain for {language}")
    with pytest.raises(BadTestsError, match="never uses"):
        box.run(RIGHT[language], AssertTests([test]), language=language)


@pytest.mark.parametrize(
    ("source", "test"),
    [
        ("async function f() { return 1; }", "(async () => { if (await f() !== 2) throw 1; })()"),
        ("async function f() { return 1; }", "f().then((r) => { if (r !== 2) throw new Error('no'); })"),
        ("const f = () => 1;", "new Promise(() => f())"),
        ("const f = () => 1;", "setTimeout(() => { console.assert(f() === 2); }, 1)"),
    ],
)  # fmt: skip
def test_javascript_that_fails_later_fails(box, source, test):
    outcome = judged(box, "javascript", source, test)
    assert outcome.status not in {Status.ACCEPTED, Status.INFRA_ERROR}, outcome


@pytest.mark.parametrize(
    ("language", "source", "test"),
    [
        ("cpp", "#include <vector>\nvoid rev(std::vector<int> &a) { std::vector<int> b(a.rbegin(), a.rend()); a = b; }",
         "#include <cassert>\nint main() { vector<int> a = {1, 2}; rev(a); assert(a[0] == 2); }"),
        ("javascript", "const rev = (a) => { a.reverse(); };",
         "const a = [1, 2]; rev(a); console.assert(a[0] === 2);"),
        ("java", "class Solution { void rev(int[] a) { int t = a[0]; a[0] = a[1]; a[1] = t; } }",
         "public class Main { public static void main(String[] x) { int[] a = {1, 2}; new Solution().rev(a); assert a[0] == 2; } }"),
        ("rust", "fn rev(a: &mut Vec<i32>) { a.reverse(); }",
         "fn main() { let mut a = vec![1, 2]; rev(&mut a); assert_eq!(a[0], 2); }"),
        ("go", "func rev(a []int) { a[0], a[1] = a[1], a[0] }",
         "func TestRev(t *testing.T) { a := []int{1, 2}; rev(a); if a[0] != 2 { t.Fatal(a) } }"),
    ],
)  # fmt: skip
def test_arguments_changed_in_place_come_back(box, language, source, test):
    outcome = judged(box, language, source, test)
    assert outcome.status is Status.ACCEPTED, outcome
