"""The page in a real browser: what a reader does with it works, in both themes and by keyboard."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("jinja2", reason="jinja2 is not installed")
webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver import ActionChains, Keys  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not BROWSER, reason="no chromium on the path"),
    pytest.mark.skipif(not DRIVER, reason="no chromedriver on the path"),
]
from rewards.workbench.reporting import ReportOptions, serve_report  # noqa: E402
from rewards.workbench.reporting.scored_rows import ReportColumns  # noqa: E402

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
)
HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    "<!-- <script>",
    '<img src=x onerror="window.hacked = 2">',
    "a\u2028b \ud800 \0 \u202etxet",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


OPEN_ROW, OPEN_CHANGE = "#rows?row=1:2&q=it", "#changed?row=2:1&group=file"
UNFOLD = "document.querySelectorAll('details').forEach((d) => { d.open = true })"
AXE = """
const done = arguments[0];
axe.run(document, { resultTypes: ["violations"] }).then(
  ({ violations }) => done(violations.map(({ id, nodes }) => [id, nodes.map((n) => n.html)])),
  (error) => done([String(error)]),
);
"""

# An address that changes is shown a task later: what was seen of it last is kept here.
FOLLOW = """
window.seen = location.hash;
addEventListener("hashchange", () => { window.seen = location.hash; });
const replace = history.replaceState.bind(history);
history.replaceState = (...given) => { replace(...given); window.seen = location.hash; };
"""
SETTLED = """
return (window.seen ?? location.hash) === location.hash
  && !document.querySelector("[aria-busy='true']");
"""


@contextmanager
def screen_of(browser, width):
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


class Page:
    """A report in the browser, and what a reader sees of it."""

    def __init__(self, browser, reports, theme="light", address=""):
        self.browser = browser
        browser.get_log("browser")
        # Where scrolling takes time, a click may miss what it is aimed at.
        features = [
            {"name": "prefers-reduced-motion", "value": "reduce"},
            {"name": "prefers-color-scheme", "value": theme},
        ]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        browser.get("about:blank")  # so that an address that differs in its hash is a new page
        at = reports if isinstance(reports, str) else reports.page.as_uri()
        browser.get(at + address)
        self.wait(lambda: self.browser.find_elements(By.CSS_SELECTOR, "#rows-table .count"))
        browser.execute_script(FOLLOW)

    def wait(self, condition):
        return WebDriverWait(self.browser, 30, poll_frequency=0.05).until(lambda _: condition())

    def settle(self):
        """Wait until what the address says is drawn."""
        self.wait(lambda: self.browser.execute_script(SETTLED))

    def table(self, name="rows"):
        return Table(self, self.browser.find_element(By.ID, f"{name}-table"))

    def press(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()

    def click(self, link):
        # Not under the header, which stays where it is.
        self.browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", link)
        link.click()

    @property
    def address(self):
        return self.browser.execute_script("return decodeURIComponent(location.hash)")

    @property
    def focused(self):
        return self.browser.switch_to.active_element

    @property
    def row(self):
        """The window that shows one row; `None` while it is closed."""
        found = self.browser.find_elements(By.CSS_SELECTOR, "dialog[open]")
        return found[0] if found else None

    def wait_for_row(self, title):
        self.wait(lambda: self.row and title in self.row.find_element(By.ID, "row-title").text)
        return self.row

    def assert_quiet(self):
        assert self.browser.get_log("browser") == []
        assert self.browser.execute_script("return window.hacked") is None


class Table:
    def __init__(self, page, root):
        self.page = page
        self.browser = page.browser
        self.root = root

    def all(self, selector):
        return self.root.find_elements(By.CSS_SELECTOR, selector)

    @property
    def count(self):
        return self.root.find_element(By.CSS_SELECTOR, ".count").text

    def wait_for(self, count):
        self.page.wait(lambda: self.count.startswith(count))

    def column(self, title):
        script = """
        const [root, title] = arguments;
        const titles = [...root.querySelectorAll("table.list thead th")].map((h) => h.textContent);
        const at = titles.indexOf(title) + 1;
        const cells = root.querySelectorAll(`tr.row td:nth-child(${at})`);
        return at ? [...cells].map((cell) => cell.textContent) : null;
        """
        return self.browser.execute_script(script, self.root, title)

    def choose(self, title, value, count):
        for label in self.all(".controls label"):
            if label.text.startswith(title):
                Select(label.find_element(By.TAG_NAME, "select")).select_by_visible_text(value)
                self.page.settle()
                self.wait_for(count)
                return
        raise AssertionError(f"no choice is called {title}")

    def search(self, words, expected):
        """Search; waits for the number of rows expected, which comes after a moment."""
        (box,) = self.all("input[type=search]")
        if box.get_attribute("value"):
            box.send_keys(Keys.CONTROL, "a")
            box.send_keys(Keys.BACKSPACE)
            self.page.wait(lambda: len(set(self.count.removesuffix(" rows").split(" of "))) == 1)
        box.send_keys(words)
        self.wait_for(expected)

    def sort(self, title):
        def heading():
            return next(h for h in self.all("thead th") if h.text.rstrip(" ↑↓") == title)

        before = heading().get_attribute("aria-sort")
        heading().find_element(By.TAG_NAME, "button").click()
        self.page.settle()
        assert heading().get_attribute("aria-sort") != before
        return heading().get_attribute("aria-sort")

    def press_button(self, name):
        (button,) = [b for b in self.all(".pages button") if b.text == name]
        button.click()
        self.page.settle()


@pytest.fixture(scope="module")
def report(make_reports, make_row):
    """120 rows: every third wrong, every fifth with a false label, four of them hostile."""
    rows = []
    for number in range(120):
        right = number % 3 != 0
        rows.append(
            make_row(
                number,
                status="correct" if right else "wrong",
                text=HOSTILE[number] if number < 4 else f"Completion {number} says {number}",
                label=right if number % 5 else not right,
                source="even" if number % 2 == 0 else "odd",
                note="needle" if number == 77 else "hay",
            )
        )
        rows[-1]["format"] = rows[-1]["accuracy"] | {"score": number / 120, "status": "correct"}
        rows[-1]["prompt"] = f"What is {number // 4}?"
    reports = make_reports()
    reports.report(reports.write(rows))
    return reports


@pytest.fixture
def page(browser, report):
    page = Page(browser, report)
    yield page
    page.assert_quiet()


@pytest.fixture(scope="module")
def comparison(make_reports, make_row):
    """Two runs whose first reward says the same and whose second changed in three rows."""
    reports = make_reports()
    same = {"score": 1.0, "status": "correct"}
    before = [make_row(n, label=True, form=same) for n in range(30)]
    changed = {0, 10, 20}
    after = [
        make_row(n, label=True, form=same, status="wrong" if n in changed else "correct")
        for n in range(30)
    ]
    after[0]["accuracy"]["reason"] = "the later judgement"
    reports.report(reports.write(before, "old.jsonl"), reports.write(after, "new.jsonl"))
    return reports


def test_filters_hold_for_all_rewards_at_once_and_stand_in_the_address(page, browser, report):
    table = page.table()
    assert table.count == "120 of 120 rows"
    table.choose("accuracy: status", "wrong", "40 of 120 rows")
    assert set(table.column("Status")) == {"wrong"}
    table.choose("format: status", "correct", "40 of")
    table.choose("source", "odd", "20 of")
    table.choose("accuracy: against the label", "false negative", "4 of")
    assert [int(line) for line in table.column("Line")] == [16, 46, 76, 106]
    address = page.browser.execute_script("return location.hash")
    assert "status.accuracy=wrong" in address
    again = Page(browser, report, address=address)
    assert again.table().column("Line") == ["16", "46", "76", "106"]
    table = again.table()
    table.search("nothing says this", "0 of")
    assert table.all(".empty")[0].text == "No row matches."
    table.press_button("Clear filters")
    table.wait_for("120 of 120")


def test_the_first_screen_leads_to_the_rows(browser, report):
    page = Page(browser, report)
    reason = browser.find_element(By.CSS_SELECTOR, "table.reasons tbody a")
    assert reason.text == "reason …"
    page.click(reason)
    page.table().wait_for("40 of 120")
    assert "why.accuracy=reason" in page.address
    browser.back()
    page.table().wait_for("120 of 120")
    page.click(browser.find_element(By.CSS_SELECTOR, "#labels a"))
    page.table().wait_for("16 of 120")
    page.click(browser.find_element(By.LINK_TEXT, "odd"))
    page.table().wait_for("60 of 120")
    assert page.browser.execute_script("return scrollY") > 200
    page.assert_quiet()


def test_an_address_that_asks_for_what_is_not_there(browser, report):
    for address in ("#rows?by.source=<img src=x>", "#rows?page=99&sort=none", "#rows?row=9:9&x=1"):
        page = Page(browser, report, address=address)
        assert page.row is None
        page.assert_quiet()
    page = Page(browser, report, address="#rows?by.constructor=a&status.__proto__=wrong")
    page.table().wait_for("0 of 120")
    page.assert_quiet()


def test_searches_everything_in_a_row(page):
    table = page.table("rows")
    table.search("NEEDLE", "1 of")
    assert table.column("Line") == ["78"]
    table.search('"completion 11 says" reason', "1 of")
    assert table.column("Line") == ["12"]
    table.search("no such word", "0 of")
    table.search("<img", "1 of")
    assert table.column("Line") == ["3"]


def test_sorts_both_ways(page):
    table = page.table("rows")
    table.choose("Show", "format", "120 of")
    assert table.sort("Score") == "ascending"
    shown = [float(score) for score in table.column("Score")]
    assert shown == sorted(shown)
    assert table.column("Line")[0] == "1"
    assert table.sort("Score") == "descending"
    assert table.column("Line")[:3] == ["120", "119", "118"]
    assert table.sort("Extracted") == "ascending"
    assert table.column("Extracted")[:3] == ["0", "1", "2"]  # as numbers
    assert len(table.all("th[aria-sort]")) == 1


def test_turns_pages(page):
    table = page.table("rows")
    assert len(table.all("tr.row")) == 50
    steps = "#rows-table .pages:last-child button"

    def enabled():
        return [b.is_enabled() for b in page.browser.find_elements(By.CSS_SELECTOR, steps)]

    assert enabled() == [False, False, True, True]
    table.press_button("Next")
    page.wait(lambda: table.column("Line")[0] == "51")
    table.press_button("Last")
    page.wait(lambda: table.column("Line")[0] == "101")
    assert [int(line) for line in table.column("Line")] == list(range(101, 121))
    assert enabled() == [True, True, False, False]
    # a filter starts again from the first page
    table.choose("accuracy: status", "wrong", "40 of")
    assert table.column("Line")[0] == "1"


def test_groups_rows_by_anything(page):
    table = page.table()
    table.choose("Group by", "accuracy: status", "120 of")
    (groups,) = page.wait(lambda: table.all(".groups table"))
    lines = [line.text.split() for line in groups.find_elements(By.CSS_SELECTOR, "tbody tr")]
    assert [line[:3] for line in lines] == [["correct", "80", "1"], ["wrong", "40", "0"]]
    groups.find_element(By.LINK_TEXT, "wrong").click()
    table.wait_for("40 of 120")


def test_the_rows_that_are_shown_can_be_downloaded(page):
    table = page.table()
    table.search("NEEDLE", "1 of")
    # Our own policy lets the page fetch nothing, not even its own blob: read it by a hidden way.
    page.browser.execute_script(
        "URL.createObjectURL = (blob) => { window.saved = blob; return 'blob:x'; }"
    )
    (save,) = table.all("a.save")
    page.browser.execute_script(
        "arguments[0].addEventListener('click', (e) => { if (arguments[0].dataset.ready) "
        "e.preventDefault(); }, true)",
        save,
    )
    save.click()
    text = page.browser.execute_async_script("window.saved.text().then(arguments[0])")
    (line,) = text.splitlines()
    row = json.loads(line)
    assert (row["line"], row["note"], row["source"]) == (78, "needle", "odd")
    assert row["accuracy"]["status"] == "correct"
    assert row["completion"] == "Completion 77 says 77"


def test_opens_a_row_and_goes_to_the_next_by_key(page):
    table = page.table("rows")
    table.choose("accuracy: status", "wrong", "40 of")
    table.all("tr.row")[2].find_elements(By.TAG_NAME, "td")[2].click()
    row = page.wait_for_row("line 7 · 3 of 40")
    assert "Completion 6 says 6" in row.text
    assert "reason 6" in row.text
    assert "hay" in row.text
    assert "What is 1?" in row.text
    page.press("j")
    page.wait_for_row("line 10 · 4 of 40")
    page.press(Keys.ARROW_LEFT)
    page.press("k")
    page.wait_for_row("line 4 · 2 of 40")
    assert "row=1:4" in page.address
    page.press(Keys.ESCAPE)
    page.wait(lambda: page.row is None)
    assert "row=" not in page.address
    assert page.focused.get_attribute("aria-label") == "Line 4, details"


def test_a_row_has_an_address_and_shows_what_was_extracted_where_it_stands(browser, report):
    page = Page(browser, report, address="#rows?row=1:40")
    row = page.wait_for_row("line 40 · 40 of 120")
    assert [mark.text for mark in row.find_elements(By.TAG_NAME, "mark")] == ["39"]
    assert row.find_element(By.TAG_NAME, "pre").text == "Completion 39 says 39"
    others = page.wait(lambda: row.find_elements(By.CSS_SELECTOR, ".others li"))
    assert [one.text.split("\n")[0] for one in others] == ["line 37", "line 38", "line 39"]
    others[1].find_element(By.TAG_NAME, "button").click()
    page.wait_for_row("line 38")
    (tab,) = [b for b in row.find_elements(By.CSS_SELECTOR, ".tab") if b.text.startswith("format")]
    tab.click()
    page.wait(lambda: "show=format" in page.address)
    page.assert_quiet()


def copied(page, row, title):
    (button,) = [b for b in row.find_elements(By.CSS_SELECTOR, ".tools button") if b.text == title]
    button.click()
    return page.wait(lambda: button.get_attribute("data-copied"))


@pytest.mark.parametrize("number", range(8))
def test_a_row_is_copied_as_a_command_that_a_shell_reads(browser, make_reports, make_row, number):
    text = ["plain", "it's", "a\nb", "-n", "@file", "$(rm -rf x) `y`", '"%s" \\d', "!! é 漢"][
        number
    ]
    reports = make_reports()
    reports.report(reports.write([make_row(number, text=text, answer=f"'{text}'")]))
    page = Page(browser, reports, address="#rows?row=1:1")
    row = page.wait_for_row("line 1")
    command = copied(page, row, "Copy explain command")
    script = 'rlvr() { cat; printf "\\0%s" "$@"; }; ' + command
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode("utf-8").split("\0") == [
        text, "explain", "-", "--reward", "accuracy", "--reference", f"'{text}'"
    ]  # fmt: skip
    case = json.loads(copied(page, row, "Copy as test case"))
    assert (case["completion"], case["reference"], case["score"]) == (text, f"'{text}'", 1)
    page.assert_quiet()


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_a_completion_that_was_cut_is_taken_from_its_file(browser, make_reports, make_row):
    texts = ["first", "it's " + "long " * 900, "third"]
    rows = [make_row(n, answer="4") for n in range(3)]
    for row, text in zip(rows, texts, strict=True):
        row["my response's"] = text
        del row["completion"]
    reports = make_reports()
    named = ReportColumns(completion="my response's")
    reports.report(reports.write(rows), named=named, max_characters=100)
    page = Page(browser, reports, address="#rows?row=1:2")
    command = copied(page, page.wait_for_row("line 2"), "Copy explain command")
    script = "rlvr() { cat; }; " + command
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode("utf-8") == texts[1]
    page.assert_quiet()


def test_formulas_are_typeset_and_tests_stand_side_by_side(browser, make_reports, make_row):
    pytest.importorskip("latex2mathml", reason="latex2mathml is not installed")
    row = make_row(1, text=r"So \boxed{\frac{1}{2}}.")
    row["accuracy"] |= {"extracted": r"\frac{1}{2}", "expected": r"x^2<img src=x onerror=alert(1)>"}
    row["code"] = row["accuracy"] | {
        "status": "wrong",
        "score": 0.0,
        "reason": "1 of 3 tests passed; test 2: wrong_answer: expected [5], got <b>6</b>; "
        "test 3: time_limit: 2 s of CPU",
    }
    reports = make_reports()
    reports.report(reports.write([row]))
    page = Page(browser, reports, address="#rows?row=1:1")
    shown = page.wait_for_row("line 1")
    math = shown.find_elements(By.TAG_NAME, "math")
    assert [m.get_attribute("innerHTML") for m in math] == ["<mfrac><mn>1</mn><mn>2</mn></mfrac>"]
    assert [m.text for m in shown.find_elements(By.TAG_NAME, "mark")] == [r"\frac{1}{2}"]
    (tab,) = [b for b in shown.find_elements(By.CSS_SELECTOR, ".tab") if b.text.startswith("code")]
    tab.click()
    page.wait(lambda: shown.find_elements(By.CSS_SELECTOR, "table.tests"))
    cells = [c.text for c in shown.find_elements(By.CSS_SELECTOR, "table.tests tbody > tr > *")]
    assert cells == ["2", "wrong answer", "[5]", "<b>6</b>", "3", "time limit", "–", "2 s of CPU"]
    page.assert_quiet()


def test_hostile_completions_are_shown_as_they_are(browser, report):
    shown = []
    for line in range(1, 5):
        page = Page(browser, report, address=f"#rows?row=1:{line}")
        row = page.wait_for_row(f"line {line} ")
        shown.append(row.find_element(By.TAG_NAME, "pre").get_attribute("textContent"))
        page.assert_quiet()
    assert shown[:3] == list(HOSTILE[:3])
    assert shown[3] == "a⟨U+2028⟩b ⟨U+D800⟩ ⟨U+0000⟩ ⟨U+202E⟩txet"


def test_group_tables_unfold_and_sort(browser, make_reports, make_row):
    rows = [
        make_row(n, source=f"s{n % 25}", status="wrong" if n % 25 == 3 else "correct")
        for n in range(260)
    ]
    reports = make_reports()
    reports.report(reports.write(rows))
    page = Page(browser, reports)
    table = browser.find_element(By.CSS_SELECTOR, "table.by")

    def values():
        cells = table.find_elements(By.CSS_SELECTOR, "tbody th")
        return [cell.text for cell in cells if cell.is_displayed()]

    assert len(values()) == 10
    (unfold,) = browser.find_elements(By.CSS_SELECTOR, "button.unfold")
    assert unfold.text == "Show all 25"
    table.find_elements(By.CSS_SELECTOR, "thead button")[2].click()
    table.find_elements(By.CSS_SELECTOR, "thead button")[2].click()
    assert values()[0] == "s3"
    unfold.click()
    assert len(values()) == 25
    assert unfold.get_attribute("aria-expanded") == "true"
    page.assert_quiet()


def test_everything_works_by_keyboard(page):
    seen = []
    for _ in range(200):
        page.press(Keys.TAB)
        here = page.focused
        outline = page.browser.execute_script(
            "return getComputedStyle(arguments[0]).outlineStyle", here
        )
        assert outline != "none", here.get_attribute("outerHTML")[:200]
        seen.append(here.tag_name)
        if here.get_attribute("class") == "opener":
            break
    # the way to the first list: links, scrollable tables, search, choices, sorting
    assert {"a", "div", "input", "select", "button"} <= set(seen)
    page.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP)
    page.press(Keys.ENTER)
    page.wait_for_row("line 2 ")
    for _ in range(40):  # the window keeps the focus until it is closed
        page.press(Keys.TAB)
        inside = "return !document.hasFocus() || document.activeElement === document.body || "
        inside += "Boolean(document.activeElement.closest('dialog'))"
        assert page.browser.execute_script(inside)
    page.press(Keys.ESCAPE)
    page.wait(lambda: page.row is None)
    assert page.focused.get_attribute("aria-label") == "Line 2, details"
    page.press(Keys.SPACE)
    page.wait_for_row("line 2 ")


def test_every_control_has_a_name(page):
    for control in page.browser.find_elements(By.CSS_SELECTOR, "input, select, button, [tabindex]"):
        if control.is_displayed():
            assert control.accessible_name, control.get_attribute("outerHTML")[:200]
    assert len(page.browser.find_elements(By.CSS_SELECTOR, "[role=status]")) == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("which", ["report", "comparison"])
@pytest.mark.parametrize("row", ["", "#rows?row=1:1"])
def test_reads_well_in_both_themes(browser, request, which, theme, row):
    page = Page(browser, request.getfixturevalue(which), theme, row)
    if row:
        page.wait_for_row("line 1")
    browser.execute_script(UNFOLD)
    looked, poor, paper = browser.execute_script(CONTRAST)
    assert looked > 100
    assert poor == []
    assert (sum(paper[:3]) > 384) is (theme == "light")
    page.assert_quiet()


@pytest.mark.parametrize(
    ("theme", "width", "address"),
    [
        *(("light", 400, ""), ("light", 900, OPEN_ROW), ("light", 1600, OPEN_CHANGE)),
        *(("dark", 400, OPEN_CHANGE), ("dark", 900, ""), ("dark", 1600, OPEN_ROW)),
    ],
)
def test_axe_finds_no_barrier(browser, comparison, theme, width, address):
    axe = pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
    source = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    with screen_of(browser, width):
        page = Page(browser, comparison, theme, address)
        if address:
            page.wait_for_row("line")
        browser.execute_script(
            "for (const d of document.querySelectorAll('details')) d.open = true"
        )
        browser.execute_script(source)
        found = browser.execute_async_script(AXE)
        assert found == []
        page.assert_quiet()


@pytest.mark.parametrize("width", [400, 900, 1600])
@pytest.mark.parametrize("which", ["report", "comparison"])
def test_fits_the_screen(browser, request, which, width):
    with screen_of(browser, width):
        page = Page(browser, request.getfixturevalue(which), address="#rows?row=1:2")
        page.wait_for_row("line 2")
        script = "return [document.documentElement.scrollWidth, window.innerWidth]"
        shown, seen = browser.execute_script(script)
        assert shown <= seen
        box = browser.execute_script(
            "const b = document.querySelector('.row-body'); return [b.scrollWidth, b.clientWidth]"
        )
        assert box[0] <= box[1]
        # Figures that matter are not cut off where there is room.
        cut = browser.execute_script(
            "return [...document.querySelectorAll('main section:not(#rows) .wide')].filter((w) => "
            "w.scrollWidth > w.clientWidth && !w.closest('.listing'))"
            ".map((w) => w.getAttribute('aria-label'))"
        )
        assert width < 900 or cut == []
        page.assert_quiet()


@pytest.mark.parametrize("width", [900, 1600])
def test_reasons_can_be_read_beside_many_rewards(browser, make_reports, make_row, width):
    reports = make_reports()
    more = {f"reward {at}": make_row(0)["accuracy"] for at in range(6)}
    path = reports.write([make_row(at) | more for at in range(3)])
    with screen_of(browser, width):
        reports.report(path)
        page = Page(browser, reports)
        page.table().wait_for("3 of 3")
        narrow = browser.execute_script(
            "return [...document.querySelectorAll('#rows-table table.list thead th')]"
            ".filter((th) => th.textContent === 'Reason').map((th) => th.offsetWidth)"
        )
        assert narrow[0] >= 12 * 16
        page.assert_quiet()


def test_shows_what_changed_between_runs(browser, comparison):
    page = Page(browser, comparison)
    table = page.table("changed")
    table.wait_for("3 of 3 rows")
    (show,) = [label for label in table.all(".controls label") if label.text.startswith("Show")]
    chosen = Select(show.find_element(By.TAG_NAME, "select")).first_selected_option
    assert chosen.text == "accuracy"
    assert table.column("Line") == ["1", "11", "21"]
    assert table.column("Before") == ["correct"] * 3
    assert table.column("After") == ["wrong"] * 3
    reasons = browser.find_elements(By.CSS_SELECTOR, "#changes table.reasons tbody tr")
    assert reasons[0].text.split()[:3] == ["2", "correct", "wrong"]
    page.click(reasons[1].find_element(By.TAG_NAME, "a"))
    table.wait_for("1 of 3")
    table.all(".opener")[0].click()
    row = page.wait_for_row("line 1")
    assert [side.text for side in row.find_elements(By.CSS_SELECTOR, ".sides > div > h3")] == [
        "old.jsonl, line 1",
        "new.jsonl, line 1",
    ]
    assert "reason 0" in row.text
    assert "the later judgement" in row.text
    page.press(Keys.ESCAPE)
    rows = page.table("rows")
    rows.choose("file", "new.jsonl", "30 of 60")
    page.assert_quiet()


def test_a_served_report_asks_for_its_rows(browser, make_reports, make_row):
    rows = [
        make_row(n, status="wrong" if n % 3 else "correct", batch=n % 7, prompt=f"p{n // 2}")
        for n in range(300)
    ]
    reports = make_reports()
    path = reports.write([*rows, make_row(300, text=HOSTILE[2], batch=HOSTILE[0])])
    with serve_report(ReportOptions(files=(path,))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            page = Page(browser, server.address, address="#rows?status.accuracy=wrong")
            table = page.table()
            table.wait_for("200 of 301")
            table.choose("Group by", "batch", "200 of 301")
            (groups,) = page.wait(lambda: table.all(".groups table"))
            page.click(groups.find_elements(By.TAG_NAME, "a")[0])
            page.wait(lambda: table.count.startswith(("28 of", "29 of")))
            table.all(".opener")[0].click()
            first = page.wait_for_row("1 of 2").text
            assert page.wait(lambda: page.row.find_elements(By.CSS_SELECTOR, ".others li"))
            page.press("j")
            page.wait_for_row("2 of 2")
            assert page.row.text != first
            page.press(Keys.ESCAPE)
            href = table.all("a.save")[0]
            assert href.text == "Download these rows (JSONL)"
            table.press_button("Clear filters")
            table.wait_for("301 of 301")
            table.search("says nothing", "0 of")
            page.assert_quiet()
            page = Page(browser, server.address, address="#rows?row=1:301")
            shown = page.wait_for_row("line 301")
            assert shown.find_element(By.TAG_NAME, "pre").text == HOSTILE[2]
            page.assert_quiet()
            page = Page(browser, server.address, address="#rows?by.nothing=x")
            page.table().wait_for("The rows cannot be shown: there is no 'by.nothing'")
            browser.get_log("browser")  # what was refused
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
def test_stays_usable_with_20_000_rows(browser, make_reports, make_row):
    reports = make_reports()
    rows = (
        make_row(
            number,
            status="wrong" if number % 4 == 0 else "correct",
            text=f"row {number} " + "and so on " * 150,
            label=True,
            source=f"s{number % 7}",
        )
        for number in range(20_000)
    )
    reports.report(reports.write(rows))
    page = Page(browser, reports)
    table = page.table("rows")
    assert table.count == "20,000 of 20,000 rows"

    def assert_small():
        # What is drawn does not grow with the rows: that is what keeps the page quick.
        assert browser.execute_script("return document.querySelectorAll('*').length") < 3000

    assert_small()
    table.search('"row 19999 "', "1 of 20,000")
    assert table.column("Line") == ["20000"]
    table.search("", "20,000 of 20,000")
    table.choose("status", "wrong", "5,000 of")
    table.choose("source", "s3", "714 of 20,000 rows")
    table.sort("Line")
    assert table.sort("Line") == "descending"
    assert table.column("Line")[0] == "19989"
    table.press_button("Last")
    page.wait(lambda: table.column("Line")[0] != "19989")
    table.all(".opener")[-1].click()
    assert "reason 24" in page.wait_for_row("line 25").text
    assert_small()
    page.assert_quiet()
