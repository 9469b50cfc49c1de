"""`rlvr report`: how large a page is, how long it takes to make, and how soon it shows something.

    python -m benchmarks.report_page [--rows 1000 20000] [--served 1000000] [--repeats 5]

Per number of rows (made ones, always the same: eight completions of some 1,300 characters to a
prompt, two rewards, labels, forty sources): the page's bytes, CPU seconds to make it, and in a
headless Chromium, medians over `--repeats` loads from the disk: milliseconds until the first paint,
until the rows can be used, and until a search over all of them has been answered.

With `--served`, of `rlvr report --serve`: seconds to take that many rows in, the largest resident
size of the process, and milliseconds (passed, and of CPU) for each kind of answer, asked for the
first time.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.environment import environment
from rewards.workbench.reporting import ReportOptions, serve_report, write_report

RESULT = Path(__file__).parent / "results" / "report_page.json"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
TEXT = r"""so we have the sum of all terms and thus it follows that x equals therefore by the
formula \frac{1}{2} \sqrt{3} 12 7 2x+1 = 0 triangle area angle let us now compute each
side of it again"""
WORDS = TEXT.split()


def scored_rows(count: int) -> Iterator[dict[str, object]]:
    """Rows as `rlvr score` writes them."""
    draw = random.Random(0)  # noqa: S311 - not for secrets
    for at in range(count):
        prompt, right = at // 8, draw.random() < 0.6
        answer = rf"\frac{{{prompt}}}{{{draw.choice((7, 7, 7, 8, 9))}}}"
        text = " ".join(draw.choices(WORDS, k=240)) + rf" Therefore \boxed{{{answer}}}."
        status = "correct" if right else draw.choice(("wrong", "wrong", "no_answer", "timeout"))
        verdict = {
            "score": float(right),
            "status": status,
            "extracted": None if status == "no_answer" else answer,
            "expected": rf"\frac{{{prompt}}}{{7}}",
            "reason": f"reason {draw.randrange(5)} of reward: “{answer}” is not “{prompt}/7”",
            "found_in": "box",
            "basis": "proof",
        }
        form = {"score": float(right), "status": status if right else "bad_format", "reason": ""}
        yield {
            "id": at,
            "prompt": f"Problem {prompt}: " + " ".join(random.Random(prompt).choices(WORDS, k=40)),  # noqa: S311
            "answer": f"{prompt}/7",
            "completion": text,
            "label": right,
            "source": f"a set with a long name/part {prompt % 40}",
            "accuracy": verdict,
            "format": {**form, "extracted": None, "expected": None},
        }


def measure(count: int, repeats: int, folder: Path) -> dict[str, object]:
    """The figures of a page of `count` rows."""
    rows, page = folder / "scored.jsonl", folder / "report.html"
    with rows.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in scored_rows(count))
    started = time.process_time()
    write_report(ReportOptions(files=(rows,), output=page, max_rows=count))
    made = time.process_time() - started
    return {
        "rows": count,
        "input_bytes": rows.stat().st_size,
        "page_bytes": page.stat().st_size,
        "make_cpu_s": round(made, 2),
        **in_browser(page, repeats),
    }


def in_browser(page: Path, repeats: int) -> dict[str, object]:
    """Medians of milliseconds in headless Chromium; nothing where there is none."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        return {}
    from selenium import webdriver
    from selenium.webdriver.support.ui import WebDriverWait

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        found: dict[str, list[float]] = {}
        try:
            for _ in range(repeats):
                chrome.get("about:blank")
                chrome.get(page.as_uri())
                WebDriverWait(chrome, 120).until(lambda c: c.execute_script(_READY))
                for name, value in chrome.execute_script(_TIMES).items():
                    found.setdefault(name, []).append(value)
                found.setdefault("search_ms", []).append(chrome.execute_async_script(_SEARCH))
        finally:
            chrome.quit()
    return {name: round(statistics.median(values)) for name, values in found.items()}


_READY = "return performance.getEntriesByName('rows').length > 0"
_TIMES = """
const paint = performance.getEntriesByName("first-contentful-paint")[0];
return {
  first_paint_ms: paint ? paint.startTime : -1,
  rows_ms: performance.getEntriesByName("rows")[0].startTime,
};
"""
_SEARCH = """
const done = arguments[0];
const started = performance.now();
const count = document.querySelector("#rows-table .count");
new MutationObserver(() => done(performance.now() - started)).observe(count, { childList: true });
location.hash = "#rows?q=" + encodeURIComponent("formula therefore 12");
"""


def serve(count: int, folder: Path) -> dict[str, object]:
    """The figures of a served report of `count` rows."""
    path = folder / "scored.jsonl"
    few = [json.dumps(row, ensure_ascii=False) for row in scored_rows(min(count, 20_000))]
    with path.open("w", encoding="utf-8") as file:
        for at in range(count):
            file.write(f'{{"batch": {at % 997}, {few[at % len(few)][1:]}\n')
    started, cpu = time.perf_counter(), time.process_time()
    with serve_report(ReportOptions(files=(path,))) as server:
        read = {"read_s": time.perf_counter() - started, "read_cpu_s": time.process_time() - cpu}
        answers = {}
        for name, (where, query) in QUESTIONS.items():
            asked, cpu = time.perf_counter(), time.process_time()
            server.answers.answer(where, query)
            answers[f"{name}_ms"] = round((time.perf_counter() - asked) * 1000)
            answers[f"{name}_cpu_ms"] = round((time.process_time() - cpu) * 1000)
    return {
        "rows": count,
        "input_bytes": path.stat().st_size,
        **{name: round(value, 1) for name, value in read.items()},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **answers,
    }


QUESTIONS = {
    "first_page": ("rows", "count=50"),
    "filter": ("rows", "status.accuracy=timeout&by.batch=7&count=50"),
    "last_page": ("rows", "status.accuracy=wrong&start=100000000&count=50"),
    "sort": ("rows", "sort=-length&count=50"),
    "group_by_column": ("groups", "key=by.batch"),
    "group_by_reason": ("groups", "key=why.accuracy"),
    "search": ("rows", "words=formula&words=therefore+12&count=50"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 20_000])
    parser.add_argument("--served", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    pages = []
    for count in arguments.rows:
        with tempfile.TemporaryDirectory() as folder:
            pages.append(measure(count, arguments.repeats, Path(folder)))
        print(json.dumps(pages[-1]), flush=True)
    result: dict[str, object] = {
        "command": " ".join(["benchmarks.report_page", *sys.argv[1:]]),
        "pages": pages,
    }
    if arguments.served:
        with tempfile.TemporaryDirectory() as folder:
            result["served"] = serve(arguments.served, Path(folder))
        print(json.dumps(result["served"]), flush=True)
    text = json.dumps({**result, "environment": environment()}, indent=2)
    arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
