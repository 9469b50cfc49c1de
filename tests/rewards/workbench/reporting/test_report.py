"""What the page holds, and what is refused."""

from __future__ import annotations

import gzip
import json
import random
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.errors import DataFileError, InputError, MissingExtraError
from rewards.workbench.reporting import report as report_module
from rewards.workbench.reporting.scored_rows import ReportColumns

pytest.importorskip("jinja2", reason="jinja2 is not installed")

HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    "<!-- <script>",
    "]]> --> </style></textarea></title>",
    '<img src=x onerror="window.hacked = 2">',
    "' onmouseover='window.hacked = 3",
    "{{ 7 * 7 }} {% raw %} ${7 * 7}",
    "a\u2028b\u2029c",
    "half \ud800 of a pair",
    "nul \0 and escape \x1b[31m",
    "\u202etxet desrever\u202c \u200fmark",
    "&lt;script&gt; &amp;amp;",
    "__proto__",
    "constructor",
]


class Shape(HTMLParser):
    """The elements of a page, without the text that fills them."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.names = set()
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.names |= {name for name, _ in attributes}


def hostile_rows(make_row, texts):
    for number, text in enumerate(texts):
        row = make_row(number, text=text, label=number % 2 == 0, source=text)
        row = {text: text} | row  # a column of that name, unless the row has one
        for field in ("extracted", "expected", "reason"):
            row["accuracy"][field] = text
        yield row | {f"r {text}": row["accuracy"]}


def harmless(text):
    """A text of letters that is as long, and different where the text is."""
    return "".join(chr(0x4E00 + ord(character) % 0x5000) for character in text)


def assert_same_shape(reports, make_row, texts):
    reports.report(reports.write(hostile_rows(make_row, map(harmless, texts))), title="t")
    plain = Shape(reports.html)
    reports.report(reports.write(hostile_rows(make_row, texts)), title=texts[0])
    hostile = Shape(reports.html)
    assert hostile.tags == plain.tags
    assert hostile.names == plain.names
    assert [row["text"] is None for row in reports.rows] == [False] * len(texts)


def test_hostile_text_makes_no_element(reports, make_row):
    assert_same_shape(reports, make_row, HOSTILE)
    shown = [row["text"] for row in reports.rows]
    assert shown[0] == HOSTILE[0]
    assert shown[7] == "half ⟨U+D800⟩ of a pair"


@settings(max_examples=20)
@given(
    st.lists(
        st.text(st.sampled_from("<>&\"'/!-scriptylexm=`{}%#\0\u2028\ud800"), min_size=1).filter(
            lambda text: text.strip() not in {"id", "completion", "label", "source", "accuracy"}
        ),
        min_size=2,
        max_size=4,
        unique_by=str.strip,
    )
)
def test_no_text_makes_an_element(reports, make_row, texts):
    assert_same_shape(reports, make_row, texts)


DEPTHS = (100, *range(800, 1100, 3), 5000)
NAMES = ("id", "completion", "completion_ids", "label", "source", "accuracy", "raw", "error", "é")
# What no row should hold where something else is expected.
ODD = st.sampled_from(
    [
        *(None, True, 0, -1.5, 10**400, float("nan"), float("inf"), "", "text", "\ud800"),
        *([], [None], {}, ["text"], [{"role": "user"}], [{"content": 1}], [[[]]]),
        *({"score": 1}, {"status": []}),
    ]
)
VERDICTS = st.fixed_dictionaries(
    {"score": ODD, "status": st.sampled_from(["wrong", "correct", "error", "else"])},
    optional={"extracted": ODD, "expected": ODD, "reason": ODD},
)
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), ODD | VERDICTS), max_size=4)


@settings(max_examples=40)
@given(ROWS, ROWS)
def test_no_row_stops_a_report(reports, make_row, first, second):
    files = [
        reports.write([make_row(1, label=True), *rows], f"{name}.jsonl")
        for name, rows in (("a", first), ("b", second))
    ]
    summary = reports.report(*files)
    assert [run.rows for run in summary.runs] == [1 + len(first), 1 + len(second)]
    assert len(reports.rows) == 2 + len(first) + len(second)


def test_deep_rows_are_shown(reports, make_row):
    rows = [json.dumps(make_row(1))[:-1] + ', "deep": ' + "[" * n + "]" * n + "}" for n in DEPTHS]
    summary = reports.report(reports.write(rows))
    assert summary.runs[0].rows + summary.runs[0].unreadable == len(rows)
    assert summary.runs[0].rows > 0


def test_the_page_needs_nothing_from_elsewhere(reports, make_row):
    reports.report(reports.write([make_row(1, label=True)]))
    namespace = "http://www.w3.org/1998/Math/MathML"  # a name, not an address
    without = reports.html.replace("http-equiv", "").replace(namespace, "")
    assert not re.search(r"(https?:)?//[\w.]+", re.sub(r'class="rows">[^<]*', "", without))
    assert "default-src 'none'" in reports.html
    assert not {"link", "img", "iframe", "object"} & set(Shape(reports.html).tags)
    assert "src" not in Shape(reports.html).names


def test_the_same_rows_give_the_same_page(reports, make_row):
    path = reports.write([make_row(n) for n in range(20)])
    reports.report(path, max_rows=10)
    first = reports.html
    reports.report(path, max_rows=10)
    assert reports.html == first


def test_figures_are_over_all_rows_and_false_verdicts_are_listed_first(reports, make_row):
    rows = [make_row(n, label=n % 50 != 0) for n in range(200)]
    rows.append(make_row(200, status="error"))
    summary = reports.report(reports.write(rows), max_rows=8)
    assert summary.runs[0].rows == 201
    assert summary.runs[0].rewards["accuracy"].confusion.false_positive == 4
    lines = [row["line"] for row in reports.rows]
    assert len(lines) == 8
    assert {1, 51, 101, 151, 201} < set(lines)
    assert lines == sorted(lines)
    assert "8 of 201 rows are listed" in reports.html
    assert "193 are left out" in reports.html


def test_a_full_list_says_nothing_of_rows_left_out(reports, make_row):
    reports.report(reports.write([make_row(1)]), max_rows=1)
    assert "rows are listed" not in reports.html


def test_long_text_is_cut_and_the_page_says_so(reports, make_row):
    row = make_row(1, text="a" * 50_000 + "the end", prompt="p" * 50_000, completion_ids=[0] * 9)
    row["accuracy"]["reason"] = "r" * 50_000
    reports.report(reports.write([row]), max_characters=100)
    (shown,) = reports.rows
    assert shown["text"].endswith("the end")
    assert shown["length"] == 9
    assert max(map(len, re.findall(r"([apr])\1*", reports.html))) < 1000
    assert "shown to 100 characters" in reports.html
    assert len(reports.html) < 100_000


def test_chat_completions_gzip_and_lines_that_score_could_not_read(reports, make_row):
    chat = make_row(1) | {"completion": [{"role": "assistant", "content": "said"}]}
    error = make_row(0, status="error")["accuracy"]
    unread = {"line": 2, "error": "broken JSON", "raw": "{oops", "accuracy": error}
    path = reports.folder / "scored.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in (chat, unread))
    reports.report(path)
    assert [row["text"] for row in reports.rows] == ["said", "{oops"]


def test_columns_named_by_the_user(reports, make_row):
    rows = [make_row(n, said="x" * n, truth=n % 2, topic=f"t{n}") for n in range(4)]
    named = ReportColumns(completion="said", label="truth", groups=("topic",))
    summary = reports.report(reports.write(rows), named=named)
    assert [row["text"] for row in reports.rows] == ["", "x", "xx", "xxx"]
    assert summary.runs[0].rewards["accuracy"].confusion.false_positive == 2
    assert list(summary.runs[0].groups) == ["topic"]


def test_runs_are_matched_by_id_wherever_the_rows_stand(reports, make_row):
    before = [make_row(n) for n in range(6)]
    after = [make_row(n, status="wrong" if n in {1, 4} else "correct") for n in (5, 4, 3, 2, 1, 9)]
    summary = reports.report(reports.write(before, "a.jsonl"), reports.write(after, "b.jsonl"))
    (comparison,) = summary.comparisons
    assert (comparison.matched, comparison.only_here, comparison.only_first) == (5, 1, 1)
    changes = comparison.rewards["accuracy"]
    assert (changes.changed, changes.better, changes.worse) == (2, 0, 2)
    assert changes.kinds == {("correct", "wrong", "", "reason …"): 2}
    pairs = [(pair["before"]["line"], pair["after"]["line"]) for pair in reports.changed]
    assert pairs == [(5, 2), (2, 5)]


def test_rows_of_the_same_id_are_matched_in_order(reports, make_row):
    before = [make_row(7), make_row(7, status="wrong"), make_row(7)]
    after = [make_row(7), make_row(7), make_row(7), make_row(7)]
    summary = reports.report(reports.write(before, "a.jsonl"), reports.write(after, "b.jsonl"))
    assert summary.comparisons[0].matched == 3
    assert summary.comparisons[0].only_here == 1
    assert [pair["after"]["line"] for pair in reports.changed] == [2]


def test_runs_without_ids_are_matched_by_number(reports, make_row):
    rows = [make_row(n) for n in range(3)]
    for row in rows:
        del row["id"]
    other = [rows[0], rows[1] | {"accuracy": make_row(1, status="timeout")["accuracy"]}]
    (reports.folder / "later").mkdir()
    summary = reports.report(reports.write(rows), reports.write(other, "later/scored.jsonl"))
    (comparison,) = summary.comparisons
    assert (comparison.matched, comparison.only_first, comparison.changed_rows) == (2, 1, 1)
    assert "their number in the file" in reports.html
    # Files of the same name are told apart by their folders.
    assert [name.endswith("later/scored.jsonl") for name in reports.data["runs"]] == [False, True]


def test_runs_with_different_rewards_are_shown_side_by_side(reports, make_row):
    other = make_row(1)
    other["format"] = other.pop("accuracy")
    summary = reports.report(
        reports.write([make_row(1)], "a.jsonl"), reports.write([other], "b.jsonl")
    )
    assert summary.comparisons[0].rewards == {}
    assert "has no reward in common" in reports.html
    assert [one["name"] for one in reports.data["rewards"]] == ["accuracy", "format"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"named": ReportColumns(groups=("topic",))}, "no row has the column 'topic'"),
        ({"named": ReportColumns(label="gold")}, "no judged row has true or false in .* 'gold'"),
        ({"named": ReportColumns(completion="said")}, "no row has the column 'said'"),
    ],
)
def test_columns_that_are_not_there(reports, make_row, options, message):
    with pytest.raises(InputError, match=message):
        reports.report(reports.write([make_row(1, gold="4")]), **options)
    assert not reports.page.exists()


def test_a_column_to_match_by_that_is_not_there(reports, make_row):
    path = reports.write([make_row(1)])
    with pytest.raises(InputError, match=r"has no column 'uid' to match rows by.*Columns seen: id"):
        reports.report(path, path, match="uid")


@pytest.mark.parametrize("rows", [[{"completion": "4"}], ["{broken"], [{"accuracy": 1.0}]])
def test_rows_without_verdicts(reports, rows):
    with pytest.raises(InputError, match=r"holds no verdicts.*score it first: rlvr score"):
        reports.report(reports.write(rows))


def test_a_file_that_is_no_page_is_never_replaced(reports, make_row):
    path = reports.write([make_row(1)])
    before = path.read_bytes()
    reports.page.write_bytes(before)
    with pytest.raises(DataFileError, match="exists and is no HTML page"):
        reports.report(path)
    assert reports.page.read_bytes() == before
    reports.page.write_text("<!DOCTYPE html>old", encoding="utf-8")
    reports.report(path)
    assert reports.rows[0]["verdicts"]["accuracy"][4] == "reason 1"
    assert sorted(p.name for p in reports.folder.iterdir()) == ["report.html", "scored.jsonl"]


def test_jinja_is_asked_for_before_anything_is_read(reports, monkeypatch):
    monkeypatch.setattr("rewards.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"jinja2: pip install 'rlvr\[report\]'"):
        reports.report(reports.folder / "none.jsonl")


def test_changed_rows_beyond_the_most_are_drawn(reports, make_row, monkeypatch):
    monkeypatch.setattr(report_module, "MAX_CHANGED_ROWS", 5)
    before = reports.write([make_row(n) for n in range(20)], "a.jsonl")
    after = reports.write([make_row(n, status="wrong") for n in range(20)], "b.jsonl")
    summary = reports.report(before, after)
    assert summary.comparisons[0].changed_rows == 20
    assert len(reports.changed) == 5
    assert "5 of 20 are listed" in reports.html


def test_runs_are_matched_by_prompt_wherever_the_rows_stand(reports, make_row):
    def rows(order, wrong=()):
        for n in order:
            row = make_row(n, status="wrong" if n in wrong else "correct", prompt=f"p{n // 2}")
            del row["id"]
            yield row

    before = reports.write(rows(range(8)), "a.jsonl")
    after = reports.write(rows([6, 7, 0, 1, 4, 5, 2, 3], wrong={4}), "b.jsonl")
    (comparison,) = reports.report(before, after).comparisons
    assert (comparison.matched, comparison.only_here, comparison.changed_rows) == (8, 0, 1)
    assert [(p["before"]["line"], p["after"]["line"]) for p in reports.changed] == [(5, 5)]
    assert "their prompt" in reports.html
    changes = comparison.rewards["accuracy"]
    assert changes.difference == pytest.approx(-1 / 8)
    assert changes.interval[0] <= -1 / 8 <= changes.interval[1] <= 0.0


@pytest.mark.parametrize("identified", [True, False])
def test_runs_of_other_questions_are_refused(reports, make_row, identified):
    def rows(question, answer):
        for n in range(10):
            row = make_row(n, **({"prompt": question} if identified else {}), answer=f"{answer}{n}")
            if not identified:
                del row["id"]
            yield row

    first, second = (reports.write(rows(q, a), f"{a}.jsonl") for q, a in (("one", 1), ("two", 2)))
    by = "the column 'id'" if identified else "their number in the file"
    message = rf"10 of the 10 rows that have a counterpart in .*matched by {by}.* another prompt"
    with pytest.raises(InputError, match=message):
        reports.report(first, second)
    assert not reports.page.exists()


def test_runs_without_a_row_in_common_are_refused(reports, make_row):
    first = reports.write([make_row(n) for n in range(3)], "a.jsonl")
    second = reports.write([make_row(n) for n in range(3, 6)], "b.jsonl")
    with pytest.raises(InputError, match=r"no row has a counterpart in .*--match"):
        reports.report(first, second)


def test_a_few_rows_that_changed_their_reference_are_counted(reports, make_row):
    before = [make_row(n, answer=n) for n in range(10)]
    after = [make_row(n, answer=n or "other") for n in range(10)]
    files = reports.write(before, "a.jsonl"), reports.write(after, "b.jsonl")
    assert reports.report(*files).comparisons[0].other_task == 1
    assert "1 of the matched rows have another prompt" in reports.html


def test_labels_are_held_against_rewards_that_compare(reports, make_row):
    row = make_row(1, label=True)
    form = row["accuracy"] | {"expected": None, "score": 0.0, "status": "bad_format"}
    summary = reports.report(reports.write([row | {"form": form}]))
    assert list(summary.runs[0].about_labels()) == ["accuracy"]
    summary = reports.report(reports.write([{"completion": "4", "label": True, "form": form}]))
    assert list(summary.runs[0].about_labels()) == ["form"]


def test_each_completion_of_a_row_has_its_own_place(reports, make_row):
    row = make_row(1, text=["a", "b", "c"])
    row["accuracy"] = [row["accuracy"]] * 3
    reports.report(reports.write([row, make_row(2)]))
    assert [(one["line"], one["nth"]) for one in reports.rows] == [(1, 1), (1, 2), (1, 3), (2, 0)]
    assert len({one["prompt"] for one in reports.rows[:3]}) == 1


def test_pass_at_k_and_the_majority_of_rows_with_several_completions(reports, make_row):
    rows = []
    for number, scores in enumerate([(1, 1, 0), (0, 0, 1)]):
        row = make_row(number, text=["a", "b", "c"])
        verdict = row["accuracy"]
        row["accuracy"] = [
            verdict | {"score": float(score), "status": "correct" if score else "wrong"}
            for score in scores
        ]
        row["accuracy_summary"] = {"majority": {"answer": "4", "score": float(scores[0])}}
        rows.append(row)
    (run,) = reports.report(reports.write(rows)).runs
    figures = run.rewards["accuracy"]
    assert [(one.k, one.prompts) for one in figures.prompts.pass_at()] == [(1, 2), (2, 2), (3, 2)]
    assert figures.prompts.pass_at()[0].mean == pytest.approx(0.5)
    assert (figures.majority.scored, figures.majority.mean) == (2, 0.5)
    assert "pass@k of" in reports.html
    assert "most completions of a prompt gave scores 0.500" in reports.html


def test_a_thousand_rows_are_a_small_page(reports, make_row):
    rng = random.Random(0)
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", r"\\frac{1}{2}", "= 7", "thus"]
    rows = [
        make_row(
            n, text=" ".join(rng.choices(words, k=300)), prompt=" ".join(rng.choices(words, k=60))
        )
        for n in range(1000)
    ]
    reports.report(reports.write(rows))
    assert len(reports.html) < 1_500_000
