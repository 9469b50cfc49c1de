"""The page in a real browser: what a reader does with it works, in both themes and by keyboard."""

from __future__ import annotations

import shutil
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


class Page:
    """A report in the browser, and what a reader sees of one of its tables."""

    def __init__(self, browser, reports, theme="light"):
        self.browser = browser
        browser.get_log("browser")
        # Where scrolling takes time, a click may miss what it is aimed at.
        features = [
            {"name": "prefers-reduced-motion", "value": "reduce"},
            {"name": "prefers-color-scheme", "value": theme},
        ]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        browser.get(reports.page.as_uri())

    def table(self, name):
        return Table(self.browser, self.browser.find_element(By.ID, f"{name}-table"))

    def press(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()

    @property
    def focused(self):
        return self.browser.switch_to.active_element

    def assert_quiet(self):
        assert self.browser.get_log("browser") == []
        assert self.browser.execute_script("return window.hacked") is None


class Table:
    def __init__(self, browser, root):
        self.browser = browser
        self.root = root

    def all(self, selector):
        return self.root.find_elements(By.CSS_SELECTOR, selector)

    @property
    def count(self):
        return self.root.find_element(By.CSS_SELECTOR, ".count").text

    def column(self, title):
        titles = [header.text for header in self.all("thead th")]
        at = titles.index(title) + 1
        script = "return [...arguments[0].querySelectorAll(arguments[1])].map((c) => c.textContent)"
        return self.browser.execute_script(script, self.root, f"tr.row td:nth-child({at})")

    def choose(self, title, value):
        for label in self.all(".controls label"):
            if label.text.startswith(title):
                Select(label.find_element(By.TAG_NAME, "select")).select_by_visible_text(value)
                return
        raise AssertionError(f"no choice is called {title}")

    def search(self, words, expected):
        """Search; waits for the number of rows expected, which comes after a moment."""
        (box,) = self.all("input[type=search]")
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys(Keys.BACKSPACE)
        wait = WebDriverWait(self.browser, 30)
        wait.until(lambda _: len(set(self.count.removesuffix(" rows").split(" of "))) == 1)
        box.send_keys(words)
        wait.until(lambda _: self.count.startswith(expected))

    def sort(self, title):
        (header,) = [h for h in self.all("thead th") if h.text.rstrip(" ↑↓") == title]
        header.find_element(By.TAG_NAME, "button").click()
        return header.get_attribute("aria-sort")

    def press_button(self, name):
        (button,) = [b for b in self.all(".pages button") if b.text == name]
        button.click()


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


def test_filters(page):
    table = page.table("rows")
    assert table.count == "120 of 120 rows"
    table.choose("Status", "wrong")
    assert table.count == "40 of 120 rows"
    assert set(table.column("Status")) == {"wrong"}
    table.choose("source", "odd")
    assert table.count == "20 of 120 rows"
    table.choose("Against the label", "false negative")
    assert table.count == "4 of 120 rows"
    assert [int(line) for line in table.column("Line")] == [16, 46, 76, 106]
    table.choose("Reward", "format")
    assert table.count == "0 of 120 rows"
    assert table.all(".empty")[0].text == "No row matches."


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
    table.choose("Reward", "format")
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
    assert [b.is_enabled() for b in table.all(".pages button")] == [False, False, True, True]
    table.press_button("Next")
    assert table.column("Line")[0] == "51"
    table.press_button("Last")
    assert [int(line) for line in table.column("Line")] == list(range(101, 121))
    assert [b.is_enabled() for b in table.all(".pages button")] == [True, True, False, False]
    table.choose("Status", "wrong")  # a filter starts again from the first page
    assert table.column("Line")[0] == "1"


def test_opens_a_row_with_a_click(page):
    table = page.table("rows")
    table.all("tr.row")[9].find_elements(By.TAG_NAME, "td")[2].click()
    (detail,) = table.all("tr.detail")
    assert "Completion 9 says 9" in detail.text
    assert "reason 9" in detail.text
    assert "hay" in detail.text
    assert table.all("tr.row")[9].get_attribute("class") == "row open"
    table.all("tr.row")[9].find_elements(By.TAG_NAME, "td")[2].click()
    assert not table.all("tr.detail")


def test_hostile_completions_are_shown_as_they_are(page):
    table = page.table("rows")
    for opener in range(4):
        table.all(".opener")[opener].click()
    shown = [text.get_attribute("textContent") for text in table.all("tr.detail pre")]
    assert shown[:3] == list(HOSTILE[:3])
    assert shown[3] == "a⟨U+2028⟩b ⟨U+D800⟩ ⟨U+0000⟩ ⟨U+202E⟩txet"


def test_false_verdicts_are_listed_with_their_explanation(page):
    table = page.table("false")
    assert table.count == "24 of 24 rows"
    table.choose("Kind", "false positive")
    assert table.count == "16 of 24 rows"
    assert table.column("Reason")[0] == "reason 5"
    table.choose("Reward", "format")
    assert set(table.column("Kind")) == {"false positive"}


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
    opener = page.focused
    page.press(Keys.ENTER)
    opener = page.focused  # a row that opens is drawn anew and keeps the focus
    assert opener.get_attribute("aria-expanded") == "true"
    panel = page.browser.find_element(By.ID, opener.get_attribute("aria-controls"))
    assert "reason" in panel.text
    page.press(Keys.TAB)
    assert page.focused.get_attribute("aria-label") == "Completion"
    page.press(Keys.ESCAPE)
    assert page.focused.get_attribute("aria-expanded") == "false"
    assert not page.table("false").all("tr.detail")
    page.press(Keys.SPACE)
    assert page.focused.get_attribute("aria-expanded") == "true"


def test_every_control_has_a_name(page):
    for control in page.browser.find_elements(By.CSS_SELECTOR, "input, select, button, [tabindex]"):
        if control.is_displayed():
            assert control.accessible_name, control.get_attribute("outerHTML")[:200]
    assert len(page.browser.find_elements(By.CSS_SELECTOR, "[role=status]")) == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("which", ["report", "comparison"])
def test_reads_well_in_both_themes(browser, request, which, theme):
    page = Page(browser, request.getfixturevalue(which), theme)
    page.table("rows").all(".opener")[0].click()
    browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    looked, poor, paper = browser.execute_script(CONTRAST)
    assert looked > 100
    assert poor == []
    assert (sum(paper[:3]) > 384) is (theme == "light")
    page.assert_quiet()


def test_fits_a_narrow_screen(page):
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": False},
    )
    try:
        script = "return [document.documentElement.scrollWidth, window.innerWidth]"
        width, seen = page.browser.execute_script(script)
        assert width <= seen
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_shows_what_changed_between_runs(browser, comparison):
    page = Page(browser, comparison)
    table = page.table("changed")
    (reward, *_) = table.all("select")
    assert Select(reward).first_selected_option.text == "accuracy"
    assert table.count == "3 of 3 rows"
    assert table.column("Line") == ["1", "11", "21"]
    assert table.column("Before") == ["correct"] * 3
    assert table.column("After") == ["wrong"] * 3
    table.all(".opener")[0].click()
    (detail,) = table.all("tr.detail")
    assert [side.text for side in detail.find_elements(By.TAG_NAME, "h4")] == [
        "old.jsonl, line 1",
        "new.jsonl, line 1",
    ]
    assert "reason 0" in detail.text
    assert "the later judgement" in detail.text
    rows = page.table("rows")
    rows.choose("File", "new.jsonl")
    assert rows.count == "30 of 60 rows"
    page.assert_quiet()


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
    table.choose("Status", "wrong")
    table.choose("source", "s3")
    assert table.count == "714 of 20,000 rows"
    table.sort("Line")
    assert table.sort("Line") == "descending"
    assert table.column("Line")[0] == "19989"
    table.press_button("Last")
    table.all(".opener")[-1].click()
    assert "reason 24" in table.all("tr.detail")[0].text
    assert_small()
    page.assert_quiet()
