"""The last resort: what sympy may decide, what it must leave alone, and what its failures mean."""

import pytest

from rewards import Accuracy, Status, symbolic
from rewards.answers import read_answer
from rewards.errors import WorkerError
from rewards.symbolic import settling
from rewards.symbolic.decision import decide
from rewards.symbolic.translation import UntranslatableError, from_answer, from_latex
from rewards.worker import Ending, TaskResult

EQUAL = [
    (r"\frac13", r"\int_0^1 x^2\,dx"),
    (r"\frac{\sqrt{\pi}}{2}", r"\int_0^{\infty} e^{-x^2}\,dx"),
    ("1", r"\lim_{x\to 0}\frac{\sin x}{x}"),
    ("2x", r"\frac{d}{dx} x^2"),
    (r"\frac{\pi^2}{6}", r"\sum_{k=1}^\infty \frac{1}{k^2}"),
    (r"\frac{n(n+1)}{2}", r"\sum_{k=1}^{n} k"),
    (r"\sqrt{5+2\sqrt6}", r"\sqrt2+\sqrt3"),
    (r"(x+1)^2", "x^2+2x+1"),
    ("(1,2)", r"(\frac22,\sqrt4)"),
    (r"\begin{pmatrix}1&2\end{pmatrix}", r"\begin{pmatrix}1&\sqrt4\end{pmatrix}"),
]
# What sympy or the reader before it is known to call equal.
NEVER_EQUAL = [
    ("42", "41=42"),
    ("1/2004!", "1/2006!"),
    ("4210_7", "4210_4"),
    ("12 cm", "12 m"),
    ("1331 and 1728", "1728"),
    (r"1,2,\dots,n", r"1,3,\dots,2n-1"),
    ("3x-y+13=0", "3x+4y+14=0"),
    ("0", r"0 \cdot x"),
    ("0.0000001", "0.0000002"),
    (r"\pi", "3.14159265358979323846"),
    ("50", r"50\%"),
    ("3", "1 2"),
    ("x^2+C", r"x^2+c"),
    ("[0,1]", "(0,1)"),
    ("(1,2)", "(2,1)"),
    ("a", "b"),
    ("x>1", r"x \ge 1"),
    (r"\frac13", r"\int_0^1 x^3\,dx"),
    (r"e^{16}-1", "e^{16}-1.0000000001"),
    (r"\begin{pmatrix}1&2\end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}"),
    ("1", r"\text{two}"),
    ("1", "["),
    ("", ""),
    ("42", "42'"),
    ("x+1", r"\{x\}+1"),
    ("x+1", "x|_{1}+1"),
    ("0", r"\overline{0}"),
    (r"90^\circ", r"90^\circ\pmod 7"),
    ("1", r"\lfloor\tanh(1000)\rfloor"),
    ("1", r"\lfloor\cos(10^{-1000})\rfloor"),
    ("0", r"\operatorname{sgn}(1-\tanh(1000))"),
]


@pytest.mark.parametrize(("reference", "answer"), EQUAL)
def test_equal_both_ways(reference, answer):
    assert decide(reference, answer)[0] == "equal"
    assert decide(answer, reference)[0] == "equal"


@pytest.mark.parametrize(("reference", "answer"), NEVER_EQUAL)
def test_never_equal_either_way(reference, answer):
    assert decide(reference, answer)[0] != "equal"
    assert decide(answer, reference)[0] != "equal"


@pytest.mark.parametrize(
    "text",
    [
        "1 2",
        r"\log 100",
        r"10_2",
        r"1,\dots,n",
        r"5\text{ cm}",
        "x = 1",
        r"x \le 1",
        r"\pm 1",
        "f(x)",
        "sin x cos y tan z",
        "__import__('os').system('true')",
        "{" * 50 + "}" * 50,
        "x" * 2_000,
        r"\zeta(3)",
        "A+B",
    ],
)
def test_latex_that_may_be_misread_is_refused(text):
    with pytest.raises(UntranslatableError):
        from_latex(text)


def test_decimals_stay_exact():
    assert str(from_latex("0.1+0.2")) == "3/10"


def test_a_variable_that_cancels_is_refused():
    with pytest.raises(UntranslatableError):
        from_answer(read_answer("0*x"))


def _result(ending, value=None, error="boom"):
    return TaskResult(ending=ending, value=value, error=error, cpu_s=0.1, wall_s=0.2, attempts=1)


class _Pool:
    """A pool that gives one result for everything, and counts what it was asked."""

    def __init__(self, result):
        self.result, self.asked = result, []

    def run_many(self, tasks):
        for task in tasks:
            self.asked.append(task)
            yield self.result


@pytest.fixture
def pool(monkeypatch):
    settling.forget()

    def use(result):
        fake = _Pool(result)
        monkeypatch.setattr(settling, "_pool", lambda *_: fake)
        return fake

    yield use
    settling.forget()


@pytest.mark.parametrize(
    ("result", "status", "score", "reason"),
    [
        (_result(Ending.DONE, ["equal", "same"]), Status.CORRECT, 1.0, "decided by sympy: same"),
        (_result(Ending.DONE, ["different", "1, 2"]), Status.WRONG, 0.0, "decided by sympy: 1, 2"),
        (_result(Ending.DONE, ["undecided", "hm"]), Status.WRONG, 0.0, "could not be shown equal"),
        (_result(Ending.CPU_LIMIT), Status.TIMEOUT, 0.0, "CPU budget of 1 s"),
        (_result(Ending.MEMORY_LIMIT), Status.TIMEOUT, 0.0, "memory budget of 512 MB"),
        (_result(Ending.FAILED), Status.WRONG, 0.0, "could not be compared: boom"),
        (_result(Ending.WALL_LIMIT), Status.ERROR, None, "wall_limit"),
        (_result(Ending.DIED), Status.ERROR, None, "died"),
    ],
    ids=lambda value: getattr(getattr(value, "ending", None), "value", None),
)
def test_what_an_ending_means(pool, result, status, score, reason):
    pool(result)
    verdict = Accuracy().verify(r"\boxed{\int_0^1 x\,dx}", "7")
    assert (verdict.status, verdict.score) == (status, score)
    assert reason in verdict.reason


def test_no_worker_is_our_failure(monkeypatch):
    def refuse(*_):
        raise WorkerError("no room")

    settling.forget()
    monkeypatch.setattr(settling, "_pool", refuse)
    verdict = Accuracy().verify(r"\boxed{\int_0^1 x\,dx}", "7")
    assert (verdict.status, verdict.score) == (Status.ERROR, None)
    assert "no room" in verdict.reason


def test_distinct_pairs_are_asked_once_and_remembered(pool):
    fake = pool(_result(Ending.DONE, ["equal", "same"]))
    boxes = [rf"\boxed{{\int_0^{i % 3} x\,dx}}" for i in range(12)]
    assert Accuracy()(completions=boxes, solution=["7"] * 12) == [1.0] * 12
    assert len(fake.asked) == 3
    Accuracy()(completions=boxes, solution=["7"] * 12)
    assert len(fake.asked) == 3
    Accuracy(cpu_s=2)(completions=boxes, solution=["7"] * 12)  # another budget, another answer
    assert len(fake.asked) == 6


def test_our_failures_are_asked_again(pool):
    fake = pool(_result(Ending.DIED))
    for _ in range(2):
        Accuracy().verify(r"\boxed{\int_0^1 x\,dx}", "7")
    assert len(fake.asked) == 2


def test_memory_of_settled_pairs_is_bounded():
    memory = settling._Remembered(3)
    for index in range(10):
        memory.keep((("a", str(index)), 1.0, 1), symbolic.Settled(Status.WRONG, ""))
    assert memory.find((("a", "9"), 1.0, 1))
    assert memory.find((("a", "0"), 1.0, 1)) is None
    assert len(memory._settled) == 3
