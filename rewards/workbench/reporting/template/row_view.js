// One row, whole: what was extracted, how it was judged, the prompt's other completions.

const PLACES = {
  box: "a box", answer_tag: "an answer tag", hashes: "a line after ####", final_answer_phrase: "a phrase such as “the answer is”",
  last_line: "the last line",
};
const BASES = {
  proof: "by proof: exact values, bounds, or the same text", words: "as words that are not written alike",
  undecided: "without a decision, which counts as wrong", judge: "by a second opinion",
};

// Where the extracted text stands in the completion: the last time, as that is what counts.
function markedText(text, extracted) {
  const trimmed = extracted?.trim() ?? "";
  const at = trimmed ? text.lastIndexOf(trimmed) : -1;
  if (at < 0) return [text];
  const end = at + trimmed.length;
  return [text.slice(0, at), element("mark", {}, text.slice(at, end)), text.slice(end)];
}

function completionBox(row, reward) {
  if (row.text === null) return element("p", { class: "quiet" }, "The row has no completion.");
  const box = element("pre", { dir: "auto", tabindex: "0", role: "region", "aria-label": `Completion of ${data.runs[row.run]}, line ${placeOf(row)}`, class: "completion" },
    ...markedText(row.text, verdictOf(row, reward)[2]));
  // The end is where the answer is.
  requestAnimationFrame(() => {
    const mark = box.querySelector("mark");
    box.scrollTop = mark ? mark.offsetTop - box.clientHeight / 2 : box.scrollHeight;
  });
  return box;
}

const section = (title, ...children) => element("section", {}, element("h3", {}, title), ...children);

function sidesOf(row, reward) {
  const [, , extracted, expected, , , , shownExtracted, shownExpected] = verdictOf(row, reward);
  return element("dl", { class: "two" },
    element("div", {}, element("dt", {}, "Extracted"), element("dd", {}, answer(extracted, shownExtracted))),
    element("div", {}, element("dt", {}, "Expected"), element("dd", {}, answer(expected, shownExpected))));
}

// The way to a verdict, as far as the file tells it.
function stagesOf(row, reward) {
  const [score, status, extracted, expected, reason, kind, how] = verdictOf(row, reward);
  const words = how.split(" ").filter(Boolean);
  const place = words.find((word) => own(PLACES, word));
  const basis = words.find((word) => own(BASES, word));
  const cut = row.whole ? "" : ", cut in its middle here";
  const steps = [["completion", row.text === null ? "none" : `length ${grouped(row.length)}${cut}`]];
  if (row.reference !== null) steps.push(["reference", row.reference.length > 200 ? `${row.reference.slice(0, 200)}…` : row.reference]);
  steps.push(["extracted", extracted === null ? "nothing" : place ? `from ${PLACES[place]}` : "see above"]);
  if (expected !== null) steps.push(["expected", expected === row.reference ? "the reference as it stands" : "read from the reference"]);
  if (basis) steps.push(["compared", BASES[basis]]);
  if (testsOf(reason).length === 0) steps.push(["reason", reason || "none given"]);
  steps.push(["verdict", statusCell(status, score)]);
  return element("ol", { class: "stages" }, ...steps.map(([name, text]) =>
    element("li", {}, element("span", { class: "stage" }, name), element("bdi", {}, text))));
}

// What a reward that runs programs says of each test that failed.
function testsOf(reason) {
  const found = [];
  for (const part of reason.split(/; (?=test \d+: )/)) {
    const test = /^test (\d+): (\w+): ([^]*)$/.exec(part);
    if (!test) continue;
    const sides = /^expected ([^]*?), got ([^]*)$/.exec(test[3]);
    found.push({ number: test[1], status: named(test[2]), expected: sides?.[1] ?? null, got: sides?.[2] ?? test[3] });
  }
  return found;
}

function testTable(reason) {
  const tests = testsOf(reason);
  if (!tests.length) return null;
  const cell = (text) => element("td", {}, element("pre", { dir: "auto" }, text ?? "–"));
  const lines = tests.map(({ number, status, expected, got }) => element("tr", {},
    element("th", { scope: "row" }, number), element("td", {}, status), cell(expected), cell(got)));
  const head = ["Test", "Ended", "Expected", "Got"].map((name) => element("th", { scope: "col" }, name));
  return section("Tests that failed", element("p", { class: "quiet" }, reason.split("; ")[0]),
    element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Tests" },
      element("table", { class: "tests" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...lines))));
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function explainCommand(row, reward) {
  const options = [`--reward ${quoted(reward)}`];
  if (row.reference !== null) options.push(`--reference ${quoted(row.reference)}`);
  if (row.whole && row.text !== null) return `printf %s ${quoted(row.text)} | rlvr explain - ${options.join(" ")}`;
  // What was cut here is whole in the file, where its lines can be taken out one by one.
  const path = data.paths[row.run];
  const lines = path.endsWith(".jsonl") ? `sed -n ${row.line}p ${quoted(path)}`
    : path.endsWith(".jsonl.gz") ? `gzip -dc ${quoted(path)} | sed -n ${row.line}p` : null;
  if (lines === null || data.completion === null) return "# the completion is cut on this page: make it with a larger --max-characters";
  const nth = row.nth ? `[${row.nth - 1}]` : "";
  const cell = `.[${JSON.stringify(data.completion)}]${nth}`;
  return `${lines} | jq -j ${quoted(cell)} | rlvr explain - ${options.join(" ")}`;
}

function testCase(row, reward) {
  const [score, status] = verdictOf(row, reward);
  const made = { completion: row.text, score, status };
  if (row.reference !== null) made.reference = row.reference;
  made.source = `${data.runs[row.run]}, line ${placeOf(row)}`;
  return JSON.stringify(made);
}

function copyButton(title, make) {
  const made = button(title, async () => {
    const text = make();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages opened from a disk may lack the clipboard: the selection is the way that is left.
      const area = element("textarea", { readonly: true, "aria-label": title }, text);
      made.after(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      made.focus();
    }
    made.dataset.copied = text;
    made.textContent = "Copied";
    setTimeout(() => { made.textContent = title; }, 1200);
  });
  return made;
}

const byPlace = (a, b) => a.run - b.run || a.line - b.line || a.nth - b.nth;

function otherCompletions(others, reward, go) {
  const lines = [...others].sort(byPlace).slice(0, 64).map((other) => {
    const [score, status, extracted] = verdictOf(other, reward);
    const run = data.runs.length > 1 ? `${data.runs[other.run]}, ` : "";
    return element("li", {}, button(`${run}line ${placeOf(other)}`, () => go(other), { class: "link" }),
      statusCell(status, score), element("bdi", { class: "clipped" }, extracted ?? ""));
  });
  const right = others.filter((other) => statusOf(other, reward) === "correct").length;
  return section("Other completions of this prompt",
    element("p", { class: "quiet" }, `${others.length} more on this page, ${right} of them correct`),
    element("ul", { class: "others" }, ...lines));
}

function rowParts(row, reward) {
  const others = row.columns.map(([name, value]) =>
    element("tr", {}, element("th", { scope: "row" }, element("bdi", {}, name)),
      element("td", {}, element("span", { class: "value", dir: "auto" }, value))));
  const asked = row.question === null ? null : section("Prompt", element("p", { class: "asked", dir: "auto" }, row.question));
  return element("div", {}, sidesOf(row, reward), testTable(verdictOf(row, reward)[4]),
    section(`Completion${row.length === null ? "" : `, length ${grouped(row.length)}`}`, completionBox(row, reward)),
    section("How it was judged", stagesOf(row, reward)), asked,
    others.length ? section("Other columns", element("table", {}, element("tbody", {}, ...others))) : null);
}

// A window over the page; `move(by)` and `close()` come from the listing that opened it.
class RowView {
  constructor() {
    this.title = element("h2", { id: "row-title", tabindex: "-1" });
    this.tabs = element("div", { class: "tabs" });
    this.body = element("div", { class: "row-body" });
    this.previous = button("← Previous", () => this.listing.move(-1), { title: "Key: k or ←" });
    this.next = button("Next →", () => this.listing.move(1), { title: "Key: j or →" });
    this.tools = element("div", { class: "tools" },
      copyButton("Copy explain command", () => explainCommand(this.row, this.reward)),
      copyButton("Copy as test case", () => testCase(this.row, this.reward)),
      copyButton("Copy link", () => location.href));
    this.dialog = element("dialog", { "aria-labelledby": "row-title", class: "row-view" },
      element("div", { class: "row-head" }, this.title, this.previous, this.next,
        button("Close", () => this.dialog.close(), { title: "Key: Escape" })),
      this.tabs, this.body, this.tools);
    document.body.append(this.dialog);
    this.dialog.addEventListener("close", () => this.listing?.closed());
    this.dialog.addEventListener("click", (event) => { if (event.target === this.dialog) this.dialog.close(); });
    this.dialog.addEventListener("keydown", (event) => this.pressed(event));
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // In a text that scrolls, the arrows scroll.
    const scrolls = event.target.closest("pre, .wide, select, textarea");
    const by = { j: 1, k: -1, ...(scrolls ? {} : { ArrowRight: 1, ArrowLeft: -1 }) }[event.key];
    if (!by) return;
    event.preventDefault();
    this.listing.move(by);
  }

  async show(listing, rows, { at, matching, reward, name }) {
    this.listing = listing;
    this.row = rows.at(-1);
    this.reward = Object.hasOwn(this.row.verdicts, reward) ? reward : Object.keys(this.row.verdicts)[0] ?? reward;
    const file = data.runs.length > 1 ? `${data.runs[this.row.run]}, ` : "";
    const count = at === null ? "" : ` · ${grouped(at + 1)} of ${grouped(matching)}`;
    this.title.replaceChildren(element("bdi", {}, `${file}line ${placeOf(this.row)}`), element("span", { class: "quiet" }, count));
    this.previous.disabled = at === null || at <= 0;
    this.next.disabled = at === null || at >= matching - 1;
    const tabs = Object.keys(this.row.verdicts).map((one) => {
      const tab = button("", () => listing.set({ show: one }), { "aria-pressed": String(one === this.reward), class: "tab" });
      tab.append(element("bdi", {}, one), " ", ...rows.map((row) => statusCell(statusOf(row, one), scoreOf(row, one))).flatMap((cell, n) => (n ? [" → ", cell] : [cell])));
      return tab;
    });
    this.tabs.replaceChildren(...tabs);
    const parts = rows.length > 1
      ? [element("div", { class: "sides" }, ...rows.map((row) => element("div", {},
        element("h3", {}, element("bdi", {}, data.runs[row.run]), `, line ${placeOf(row)}`), rowParts(row, this.reward))))]
      : [rowParts(this.row, this.reward)];
    this.body.replaceChildren(...parts);
    this.shown = name;
    if (!this.dialog.open) this.dialog.showModal();
    if (this.dialog.contains(document.activeElement) === false || document.activeElement.disabled) this.title.focus();
    if (rows.length > 1) return;
    const others = await listing.source.samePrompt(this.row);
    if (this.shown !== name || !others.length) return;
    this.body.append(element("aside", {}, otherCompletions(others, this.reward, (other) => listing.set({ row: nameOf(other) }))));
  }
}
