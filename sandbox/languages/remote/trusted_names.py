"""Names that stay the tests' own, whatever a program calls its functions.

A judge asks the program for the functions that the tests lack. If a program could supply what the
tests look at its answers with (`strcmp`, `len`, `Arrays`, a helper that a data set forgot), it
would say itself that they are right. A task may be to write `strlen` all the same: a name of the
language is the program's where the tests call nothing else of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OF_NUMBERS = _words("""
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs
    fdim floor fma fmax fmin fmod frexp hypot ilogb ldexp lgamma llrint llround log log10 log1p log2
    logb lrint lround modf nan nearbyint nextafter pow remainder remquo rint round scalbn sin sinh
    sqrt tan tanh tgamma trunc
""")
C_NAMES = (
    _words("""
    abort abs assert atexit atof atoi atol atoll bsearch calloc clock difftime div exit fclose feof
    ferror fflush fgetc fgets fopen fprintf fputc fputs fread free fscanf fseek ftell fwrite getc
    getchar getenv gets isalnum isalpha isblank iscntrl isdigit isfinite isgraph isinf islower isnan
    isnormal isprint ispunct isspace isupper isxdigit labs ldiv llabs lldiv malloc memccpy memchr
    memcmp memcpy memmem memmove mempcpy memset perror printf putc putchar puts qsort rand realloc
    scanf setjmp signbit snprintf sprintf srand sscanf stpcpy strcasecmp strcat strchr strcmp
    strcoll strcpy strcspn strdup strerror strlen strncasecmp strncat strncmp strncpy strndup
    strnlen strpbrk strrchr strsep strspn strstr strtod strtof strtok strtol strtold strtoll strtoul
    strtoull strxfrm time tolower toupper ungetc vfprintf vprintf vsnprintf vsprintf
""")
    | _OF_NUMBERS
    | {f"{name}{end}" for name in _OF_NUMBERS for end in "fl"}
)
CPP_NAMES = C_NAMES | _words("""
    accumulate adjacent_find all_of any_cast any_of array back_inserter begin binary_search cbegin
    cend clamp copy count count_if data deque distance empty end equal equal_range fill find find_if
    for_each get hash holds_alternative includes is_permutation is_sorted iota list lower_bound
    make_optional make_pair make_shared make_tuple make_unique map max max_element merge min
    min_element minmax mismatch move none_of nullopt optional pair partial_sum reduce replace
    reverse rotate search set size sort stable_sort stod stof stoi stol stoll string swap tie
    to_string transform tuple unique unordered_map unordered_set upper_bound vector
""")
GO_NAMES = _words("""
    append bool byte cap clear close complex complex128 complex64 copy delete error float32 float64
    imag int int16 int32 int64 int8 len make max min new panic print println real recover rune
    string uint uint16 uint32 uint64 uint8 uintptr
""")
JAVA_NAMES = _words("""
    ArrayList Arrays BigDecimal BigInteger Boolean Byte Character Collection Collections Collectors
    Comparator Double Float HashMap HashSet IntStream Integer Iterator LinkedHashMap List Long Map
    Math Number Object Objects Optional Set Short Stream StrictMath String StringBuilder System
    Thread TreeMap TreeSet
""")
JAVASCRIPT_NAMES = _words("""
    after afterEach assert before beforeEach chai describe equal deepEqual deepStrictEqual expect it
    jest module notEqual ok require should strictEqual suite test vi vitest
""")
_THROWN = re.compile(r"\w*(?:Error|Exception)")
_LOOKS = re.compile(
    r"(?=(?:\b(?:assert\w{0,20}!?|ok|isTrue|True)\s{0,8}\(\s{0,8}|\bif\s{0,8}|(?:^|[;{}])\s{0,40})"
    r"(?:[!(]\s{0,4}){0,4}(?<!\w)([A-Za-z_]\w{0,100})\s{0,8}\()",
    re.MULTILINE,
)
_CALL = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\s{0,8}\(")
_AFTER = frozenset(");,{")
_SPAN_MAX = 100_000


def of_program(names: Sequence[str], tests: str, own: Callable[[str], bool]) -> list[str]:
    """Those of these functions that the tests ask the program for.

    Args:
        names: functions that the program defines, and the tests name and do not define.
        tests: their source, without strings and comments.
        own: whether a name is one of the language's own.
    """
    others = [name for name in names if not own(name)] or list(names)
    settled = deciders(tests, others)
    return [name for name in others if name not in settled]


def is_of_java(name: str) -> bool:
    """Whether a class is one that Java has and tests judge with."""
    return name in JAVA_NAMES or _THROWN.fullmatch(name) is not None


def deciders(tests: str, names: Collection[str]) -> set[str]:
    """Those of these functions whose word decides a test about what another of them returned.

    Args:
        tests: source of the C family, without strings and comments.
        names: the functions that the program has.

    >>> sorted(deciders("assert(same(f(1), 2)); assert(back(f(1)) == 1);", {"same", "back", "f"}))
    ['same']
    """
    found = set()
    for look in _LOOKS.finditer(tests):
        name = look.group(1)
        if name not in names or name in found:
            continue
        start = tests.index("(", look.end(1)) + 1
        end = _closing(tests, start)
        within = {*_CALL.findall(tests[start:end])}
        others = within & {*names, "candidate"} - {name}
        if others and tests[end + 1 : end + 40].lstrip()[:1] in _AFTER:
            found.add(name)
    return found


def _closing(text: str, at: int) -> int:
    """Where the bracket closes that stands open at `at`."""
    depth = 1
    for place in range(at, min(len(text), at + _SPAN_MAX)):
        depth += (text[place] == "(") - (text[place] == ")")
        if depth == 0:
            return place
    return len(text)
