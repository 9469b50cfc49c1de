r"""The accuracy reward: its conventions, its references, its statuses, and what must score 0."""

import logging
import multiprocessing
import pickle
import threading
from decimal import Decimal
from fractions import Fraction

import pytest

from rewards import Accuracy, Sample, Status, accuracy
from rewards.errors import InputError
from rewards.rules import accuracy_memory

CHEAP = Accuracy(fallback=False)


def boxed(answer):
    return f"so the answer is $\\boxed{{{answer}}}$."


# Design section 4: one line for each convention, both ways.
EQUAL = [
    ("42", "42"),
    ("1/3", r"\frac{1}{3}"),
    ("0.5", r"\frac12"),
    ("1{,}000", "1000"),
    ("1000", "1,000"),
    (r"3\frac12", "3.5"),
    ("50%", "0.5"),
    ("50%", "50"),
    ("50", r"50\%"),
    ("3.14", r"\pi"),
    ("2516_8", "2516"),
    ("1000.99", "1000,99"),
    (r"\$5", "5"),
    (r"90^\circ", "90"),
    ("90", r"90^\circ"),
    (r"12\text{ cm}", "12"),
    ("5 cm", r"0.05\text{ m}"),
    ("5", "x=5"),
    ("x=3", "3=x"),
    ("y=2x+1", "2x+1"),
    (r"\{1,2\}", r"\{2,1\}"),
    ("1, 2", "2 and 1"),
    ("½", r"\frac12"),
    (r"\sqrt2", "√2"),
    ("-1", "−1"),
    ("x^2", "x²"),
    (r"\pi", "π"),
    ("3", "\uff13"),  # a full-width digit
    (r"\emptyset", r"\text{no solution}"),
    ("B", "(B)"),
    ("B", r"\textbf{B}"),
    ("B", "B. 12"),
    (r"7\pi", r"7\pi"),
    ("#### 72", "72"),
    (r"Half is \boxed{7}.", "7"),
    ("$7$", "7"),
]
DIFFERENT = [
    ("1/3", "0.333"),
    (r"\pi", "3.14"),
    ("3.1", r"\pi"),
    ("3.14", "3.1"),
    (r"7\pi", "7"),
    ("7", r"7\pi"),
    ("0.5", r"0.5\%"),
    ("12 cm", r"12\text{ m}"),
    ("42", "41=42"),
    ("1331 and 1728", "1728"),
    ("1728", "1331, 1728"),
    ("42", r"41 \text{ or } 42"),
    ("[0,1]", "(0,1]"),
    ("(1,2)", "(2,1)"),
    ("10_2", "10_3"),
    ("2x", "2y"),
    ("x", "X"),
    ("B", "A, B"),
    ("12:30", "12:45"),
    ("0", r"0 \cdot x"),
    ("42", "??"),
    ("42", "0/0"),
    ("42", r"\text{the right number}"),
]


@pytest.mark.parametrize(("reference", "answer"), EQUAL)
def test_equal(reference, answer):
    verdict = accuracy.verify(boxed(answer), reference)
    assert verdict.status is Status.CORRECT, verdict.reason
    assert verdict.score == 1.0


@pytest.mark.parametrize(("reference", "answer"), DIFFERENT)
def test_different(reference, answer):
    verdict = accuracy.verify(boxed(answer), reference)
    assert verdict.status is Status.WRONG, verdict.reason
    assert verdict.score == 0.0


# Every trick that must not pay.
@pytest.mark.parametrize(
    "completion",
    [
        "",
        "42 appears in the problem, and so does 41. That is all there is to say.",
        r"<think>\boxed{42}</think> I do not know.",
        r"<think>\boxed{42}",
        "<think>the answer is 42</think>",
        r"The answer is \boxed{42",
        r"The answer is \boxed{}. Or rather 42.",
        r"\boxed{42} \boxed{43}",
        r"\boxed{41}, \boxed{42}",
        r"\boxed{41} or \boxed{42}",
        r"\boxed{41 or 42}",
        r"\boxed{42, 43, 44}",
        r"\boxed{\{1, 2, \dots, 100\}}",
        r"\boxed{41 < 42}",
        r"\boxed{x}",
        r"\boxed{x = 42 \text{ or } x \ne 42}",
        r"\boxed{42 (maybe 43)}",
        r"\boxed{42?}" + " no",
        r"\boxed{\text{the answer}}",
        r"The answer is 42. Or is it \boxed{41}?",
        "The answer is not 42.",
        "The answer could be 42.",
        "I guess 42",
        "<answer>41</answer><answer>42",
        "<answer></answer>42",
        "__import__('os').system('echo 42')",
        r"\boxed{__import__('os').getpid()*0+42}",
        r"\boxed{eval('42')}",
        r"\boxed{NaN}",
        r"\boxed{4 2}",
        r"\boxed{42 = 42 = 43}",
    ],
)
def test_undeserved(completion):
    verdict = accuracy.verify(completion, "42")
    assert verdict.score == 0.0
    assert verdict.reason


@pytest.mark.parametrize(
    ("completion", "prompt", "status"),
    [
        (r"\boxed{42}</think> \boxed{41}", "<think>", Status.WRONG),
        (r"\boxed{41}</think> \boxed{42}", "<think>", Status.CORRECT),
        (r"\boxed{42}", "Assistant: <think>\n", Status.NO_ANSWER),
        (r"\boxed{42}", "write <think> first. 6*7?", Status.CORRECT),
        (r"<think>a</think><answer>42</answer>", None, Status.CORRECT),
        (r"<think>a</think> 42", None, Status.CORRECT),
        (
            [{"role": "assistant", "content": r"\boxed{42}", "reasoning_content": r"\boxed{1}"}],
            None,
            Status.CORRECT,
        ),
        (
            [{"role": "assistant", "content": "done", "reasoning_content": r"\boxed{42}"}],
            None,
            Status.WRONG,
        ),
        (
            [{"role": "assistant", "content": "", "reasoning_content": r"\boxed{42}"}],
            None,
            Status.NO_ANSWER,
        ),
    ],
)
def test_only_what_follows_the_reasoning(completion, prompt, status):
    assert accuracy.verify(completion, "42", prompt=prompt).status is status


def test_prefilled_can_be_told():
    assert Accuracy(prefilled=True).verify(r"\boxed{42}", "42").status is Status.NO_ANSWER
    assert Accuracy(prefilled=False).verify(r"\boxed{42}", "42", prompt="<think>").score == 1


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        (42, "42"),
        (-7, "-7"),
        (0.5, r"\frac12"),
        (1e-7, "0.0000001"),
        (1e22, "10^{22}"),
        (72.0, "72"),
        (Fraction(1, 3), r"\frac13"),
        (Decimal("2.50"), "2.5"),
        (True, "True"),
        (["42"], "42"),
        (["1", "2"], "1, 2"),
        ([1, 2.5], "2.5 and 1"),
        (("3",), "3"),
        ({"style": "rule", "ground_truth": "42"}, "42"),
        ({"answer": ["1", "2"]}, "1,2"),
    ],
    ids=repr,
)
def test_references_that_are_no_text(reference, answer):
    verdict = accuracy.verify(boxed(answer), reference)
    assert verdict.status is Status.CORRECT, verdict.reason
    assert verdict.expected


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        ("", "empty"),
        (" \n", "empty"),
        (float("inf"), "finite"),
        (Decimal("NaN"), "finite"),
        ([], "empty list"),
        (["1", None], "NoneType"),
        ([["1"]], "list"),
        ({}, "dict"),
        ({"a": "1"}, "dict"),
        ({"answer": "1", "solution": "2"}, "exactly one"),
        ({"answer": {"answer": "1"}}, "dict"),
        (b"42", "bytes"),
        ({1, 2}, "set"),
        (object(), "object"),
        (1j, "complex"),
        (10**10_000, "digits"),
        ("41=42", "contradict"),
        ("$$", ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_references_that_say_nothing(reference, named):
    verdict = accuracy.verify(boxed("42"), reference)
    assert verdict.status is Status.BAD_REFERENCE
    assert verdict.score is None
    assert named in verdict.reason
    assert verdict.reason


def test_a_bad_reference_is_logged_with_its_row_once(caplog):
    with caplog.at_level(logging.WARNING, "rewards"):
        for _ in range(3):
            accuracy.verify(boxed("42"), {"weather": "fine"})
    (record,) = [r for r in caplog.records if "weather" in r.getMessage()]
    assert "unusable reference" in record.getMessage()


class TestOptions:
    def test_answer_in(self):
        strict = Accuracy(answer_in=("box",))
        assert strict.verify("The answer is 42.", "42").status is Status.NO_ANSWER
        assert accuracy.verify("The answer is 42.", "42").score == 1
        lenient = Accuracy(answer_in=("last_line",))
        assert lenient.verify("first\n42", "42").score == 1

    def test_tolerance(self):
        assert Accuracy(tolerance=1e-2).verify(boxed("0.333"), "1/3").score == 1
        assert Accuracy(tolerance=1e-6).verify(boxed("0.333"), "1/3").score == 0

        assert Accuracy(tolerance=1e-3).verify(boxed("100001"), "100000").score == 0
        counted = Accuracy(tolerance=1e-3, integers="tolerance")
        assert counted.verify(boxed("100001"), "100000").score == 1

    def test_rounding(self):
        assert accuracy.verify(boxed("3.15"), "3.14").score == 0
        exact = Accuracy(rounding="exact")
        assert exact.verify(boxed(r"\pi"), "3.14").score == 0
        assert exact.verify(boxed("3.140"), "3.14").score == 1

    @pytest.mark.parametrize(
        ("prompt", "score"),
        [
            (None, 1),
            ("What percentage of the students passed?", 1),
            ("What per cent is it?", 1),
            ("By how many % does it grow?", 1),
            ("增长了百分之几？", 1),
            ("何パーセントですか。", 1),
            ("Um wie viel Prozent?", 1),
            ("Quel pourcentage des élèves ?", 1),
            ("¿Qué porcentaje?", 1),
            ("Выразите в процентах.", 1),
            ("कितने प्रतिशत?", 1),
            ([{"role": "user", "content": "What percent?"}], 1),
            ([{"role": "user", "content": [{"type": "text", "text": "What percent?"}]}], 1),
            ("How many students passed?", 0),
            ("In which percentile is she?", 0),
            ("有几个苹果？", 0),
            (
                [{"role": "system", "content": "Be 100% sure."}, {"role": "user", "content": "2?"}],
                0,
            ),
            ("", 0),
        ],
    )
    def test_added_percent(self, prompt, score):
        assert accuracy.verify(boxed(r"50\%"), "50", prompt=prompt).score == score
        assert accuracy.verify(boxed(r"5\%"), "50", prompt=prompt).score == 0
        assert accuracy.verify(boxed(r"50\%"), "0.5", prompt=prompt).score == 1

    def test_science_preset(self):
        science = Accuracy(preset="science")
        assert (science.tolerance, science.integers) == (0.01, "counts exact")
        assert science.verify(boxed("9.8"), "9.81").score == 1
        assert science.verify(boxed("9.6"), "9.81").score == 0
        assert science.verify(boxed("101"), "100").score == 0
        assert Accuracy(preset="science", tolerance=0.03).tolerance == 0.03
        with pytest.raises(InputError, match="preset"):
            Accuracy(preset="sciense")

    def test_units(self):
        require = Accuracy(units="require")
        assert require.verify(boxed("12"), "12 cm").score == 0
        assert require.verify(boxed("12 cm"), "12 cm").score == 1
        assert Accuracy(units="ignore").verify(boxed(r"12\text{ m}"), "12 cm").score == 1

    def test_list_order(self):
        assert accuracy.verify(boxed("2, 1"), "1, 2").score == 1
        assert Accuracy(list_order="as given").verify(boxed("2, 1"), "1, 2").score == 0

    @pytest.mark.parametrize(
        "options",
        [
            {"answer_in": ()},
            {"answer_in": "box"},
            {"answer_in": ("bx",)},
            {"rounding": "some"},
            {"units": "maybe"},
            {"list_order": "none"},
            {"tolerance": -1},
            {"tolerance": 2.0},
            {"cpu_s": 0},
            {"memory_mb": -5},
        ],
        ids=repr,
    )
    def test_impossible_values(self, options):
        with pytest.raises(InputError, match=next(iter(options))):
            Accuracy(**options)

    def test_a_list_of_places_becomes_a_tuple(self):
        assert hash(Accuracy(answer_in=["box"])) == hash(Accuracy(answer_in=("box",)))

    def test_pickling(self):
        reward = Accuracy(tolerance=0.1, answer_in=("box", "bare"))
        assert pickle.loads(pickle.dumps(reward)) == reward


def _score_integral(sender):
    completions = [TestFallback.right, TestFallback.wrong]
    sender.put(accuracy(completions=completions, solution=[r"\frac13"] * 2))


class TestFallback:
    r"""`\int` is beyond exact comparison, so sympy must decide."""

    right = boxed(r"\int_0^1 x^2\,dx")
    wrong = boxed(r"\int_0^1 x^3\,dx")

    def test_decides(self):
        verdict = accuracy.verify(self.right, r"\frac13")
        assert verdict.score == 1
        assert "decided by sympy" in verdict.reason
        verdict = accuracy.verify(self.wrong, r"\frac13")
        assert (verdict.score, verdict.status) == (0, Status.WRONG)
        assert "decided by sympy" in verdict.reason

    def test_turned_off(self):
        verdict = CHEAP.verify(self.right, r"\frac13")
        assert (verdict.score, verdict.status) == (0, Status.WRONG)
        assert "could not be shown equal" in verdict.reason

    def test_budget(self):
        slow = boxed(r"\int_0^1 \frac{\sin(x^x) e^{x^3}}{\ln(x+2)+\cos(x^5)}\,dx")
        verdict = Accuracy(cpu_s=0.2).verify(slow, r"\frac13")
        assert (verdict.score, verdict.status) == (0, Status.TIMEOUT)
        assert "CPU budget of 0.2 s" in verdict.reason
        assert accuracy.verify(self.right, r"\frac13").score == 1  # the next one is not hurt

    def test_what_cannot_be_read_is_wrong(self):
        verdict = accuracy.verify(boxed(r"\int_0^1 \int x \frac"), r"\frac13")
        assert (verdict.score, verdict.status) == (0, Status.WRONG)

    def test_a_batch_together_keeps_its_order(self):
        completions = [self.right, boxed("1/3"), self.wrong, "none at all, not a word of it", ""]
        scores = accuracy(completions=completions * 5, solution=[r"\frac13"] * 25)
        assert scores == [1, 1, 0, 0, 0] * 5

    def test_from_threads(self):
        found = []

        def work(index):
            reference = f"\\frac{{{index}}}{{3}}"
            found.append(accuracy.verify(boxed(rf"\int_0^1 {index}x^2\,dx"), reference).score)

        threads = [threading.Thread(target=work, args=(i,)) for i in (2, 4, 5, 7, 8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert found == [1.0] * 5

    def test_in_a_daemonic_process(self):
        context = multiprocessing.get_context("spawn")
        sender = context.Queue()
        process = context.Process(target=_score_integral, args=(sender,), daemon=True)
        process.start()
        assert sender.get(timeout=120) == [1.0, 0.0]
        process.join(60)
        assert process.exitcode == 0

    def test_warm_up(self):
        accuracy.warm_up()
        CHEAP.warm_up()


def test_long_answers():
    number = "7" * 200_000
    assert accuracy.verify(f"\\boxed{{{number}}}", number).score == 1
    verdict = accuracy.verify(f"\\boxed{{{number}1}}", number)
    assert (verdict.score, verdict.status) == (0, Status.WRONG)
    assert "200001 characters" in verdict.reason
    assert len(verdict.extracted) <= 1_000


def test_verdicts_are_filled():
    verdict = accuracy.verify(boxed("0.5"), r"\frac12")
    assert verdict.extracted == "0.5"
    assert verdict.expected == r"\frac12"
    assert verdict.reason
    assert verdict.seconds > 0
    verdict = accuracy.verify("no idea what this could be about", r"\frac12")
    assert (verdict.extracted, verdict.expected) == (None, r"\frac12")


def test_stages():
    names = [s.name for s in accuracy.stages(Sample(r"<think>x</think>\boxed{1}", "1"))]
    assert names == ["answer part", "answer", "answer read as", "reference read as", "compared by"]
    for completion, reference in [("<think>x", "1"), ("", "1"), (r"\boxed{1}", "")]:
        assert accuracy.stages(Sample(completion, reference))


def test_groups_read_their_reference_once(monkeypatch):
    read = []
    accuracy_memory.usable_reference.cache_clear()
    original = accuracy_memory.read_reference
    monkeypatch.setattr(accuracy_memory, "read_reference", lambda t: read.append(t) or original(t))
    accuracy(completions=[boxed(i) for i in range(16)], solution=["31415"] * 16)
    assert read == ["31415"]


@pytest.mark.parametrize(
    "reference",
    ["proof", "Proof.", "notfound", "N/A", "nan", "NaN", "None", "See solution", "null",
     r"\text{proof}", r"$\text{Not found}$", r"\boxed{\text{N/A}}", "-", "?"],
)  # fmt: skip
def test_a_reference_that_says_there_is_none_is_bad(reference):
    verdict = accuracy.verify(rf"so \boxed{{{reference}}}", reference)
    assert (verdict.score, verdict.status) == (None, Status.BAD_REFERENCE)


@pytest.mark.parametrize("reference", ["no solution", r"\emptyset", "n a", "a/n", "-1", "proofs"])
def test_a_reference_that_looks_like_one_is_judged(reference):
    assert accuracy.verify(rf"so \boxed{{{reference}}}", reference).score == 1.0


@pytest.mark.parametrize(
    "completion",
    ["The product is **42**.", "So 6 times 7 equals 42.", "It is 42", "6 times 7 makes 42."],
)
def test_a_sentence_without_a_marked_answer_states_none_and_says_how_to(completion):
    for reference in ("42", completion):
        verdict = accuracy.verify(completion, reference)
        assert verdict.status is Status.NO_ANSWER
        assert r"\boxed{42}" in verdict.reason


@pytest.mark.parametrize("completion", ["42", "**42**", "$x = 42$", "42 apples", "x > 3 and x < 5"])
def test_a_bare_answer_is_one(completion):
    assert accuracy.verify(completion, "42").status is not Status.NO_ANSWER


@pytest.mark.parametrize("option", ["tolerance", "cpu_s", "memory_mb"])
def test_an_option_of_another_type_is_named(option):
    with pytest.raises(InputError, match=rf"Accuracy: {option}='x' has the wrong type"):
        Accuracy(**{option: "x"})
