// What the tables of the page show, and of which rows.

// A reward or column may be called `constructor`: only what the row itself has counts.
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);
const verdictOf = (row, reward) => own(row.verdicts, reward) ?? [null, "", null, null, ""];
const scoreOf = (row, reward) => verdictOf(row, reward)[0];
const statusOf = (row, reward) => verdictOf(row, reward)[1];
const shownScore = (score) => (score === null ? "–" : String(Number(score.toPrecision(4))));

function against(row, reward) {
  const [score, status] = verdictOf(row, reward);
  if (row.truth === null) return "no label";
  if (score === null || status === "scored") return "not judged";
  if ((status === "correct") === row.truth) return "agrees with the label";
  return row.truth ? "false negative" : "false positive";
}

function statusCell(status) {
  if (!status) return element("span", {}, "–");
  return element("span", { class: "status" }, element("span", { class: `dot status-${status}` }), named(status));
}

// The end of a completion says more than its start: that is where the answer is.
function endCell(text) {
  if (text === null) return element("bdi", {}, "–");
  const end = text.length > CELL_CHARACTERS ? "…" + text.slice(-CELL_CHARACTERS) : text;
  return element("bdi", {}, end);
}

const columns = {
  line: { title: "Line", width: "6.5rem", value: (row) => row.line, cell: (row) => String(row.line) },
  run: { title: "File", width: "10rem", value: (row) => data.runs[row.run] },
  status: {
    title: "Status", width: "8.5rem", value: statusOf,
    cell: (row, reward) => statusCell(statusOf(row, reward)),
  },
  score: {
    title: "Score", width: "5.5rem", number: true, value: scoreOf,
    cell: (row, reward) => shownScore(scoreOf(row, reward)),
  },
  kind: { title: "Kind", width: "9rem", value: against },
  extracted: { title: "Extracted", value: (row, reward) => verdictOf(row, reward)[2] },
  expected: { title: "Expected", value: (row, reward) => verdictOf(row, reward)[3] },
  reason: {
    title: "Reason", width: "40%", wraps: true, value: (row, reward) => verdictOf(row, reward)[4],
    cell: (row, reward) => element("bdi", {}, verdictOf(row, reward)[4]),
  },
  length: {
    title: "Length", width: "6rem", number: true, value: (row) => row.length,
    cell: (row) => grouped(row.length),
  },
  text: {
    title: "Completion (its end)", width: "26%", value: (row) => row.text,
    cell: (row) => endCell(row.text),
  },
};

// A column of a pair of rows, seen on one side of it.
function sideOf(side, column, title, width) {
  return {
    ...column, title, width,
    value: (pair, reward) => column.value(pair[side], reward),
    cell: column.cell && ((pair, reward) => column.cell(pair[side], reward)),
  };
}

function rowText(row) {
  const parts = [String(row.line), row.text ?? "", ...Object.values(row.groups)];
  for (const verdict of Object.values(row.verdicts)) {
    parts.push(named(verdict[1]), verdict[2] ?? "", verdict[3] ?? "", verdict[4]);
  }
  for (const [, value] of row.columns) parts.push(value);
  return parts.join("\n").toLowerCase();
}

function verdictTable(row) {
  const head = ["Reward", "Score", "Status", "Extracted", "Expected", "Reason"];
  const lines = Object.entries(row.verdicts).map(([reward, verdict]) =>
    element(
      "tr", {},
      element("th", { scope: "row" }, element("bdi", {}, reward)),
      element("td", { class: "number" }, shownScore(verdict[0])),
      element("td", {}, statusCell(verdict[1])),
      ...verdict.slice(2).map((text) => element("td", {}, element("bdi", {}, text ?? "–"))),
    ));
  return element(
    "table", {},
    element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...lines),
  );
}

// The same from top to bottom, where there is no room for six columns.
function verdictList(row) {
  const line = (name, content) =>
    element("tr", {}, element("th", { scope: "row" }, element("bdi", {}, name)), element("td", {}, content));
  const text = (value) => element("bdi", {}, value ?? "–");
  const lines = Object.entries(row.verdicts).flatMap(([reward, [score, status, extracted, expected, reason]]) => [
    line(reward, element("strong", {}, statusCell(status), `, score ${shownScore(score)}`)),
    line("extracted", text(extracted)), line("expected", text(expected)), line("reason", text(reason)),
  ]);
  return element("table", {}, element("tbody", {}, ...lines));
}

function rowDetail(row, verdicts = verdictTable) {
  const others = row.columns.map(([name, value]) =>
    element("tr", {}, element("th", { scope: "row" }, element("bdi", {}, name)),
      element("td", {}, element("span", { class: "value", dir: "auto" }, value))));
  const length = row.length === null ? "" : `, length ${grouped(row.length)}`;
  const completion = element(
    "pre", { dir: "auto", tabindex: "0", role: "region", "aria-label": "Completion" },
    row.text ?? "(none)",
  );
  return element(
    "div", {},
    element("div", { class: "wide" }, verdicts(row)),
    element("h5", {}, `Completion${length}`), completion,
    others.length ? element("h5", {}, "Other columns") : null,
    others.length ? element("table", {}, element("tbody", {}, ...others)) : null,
  );
}

const pairDetail = (pair) =>
  element("div", { class: "sides" }, ...["before", "after"].map((side) =>
    element("div", {},
      element("h4", {}, element("bdi", {}, data.runs[pair[side].run]), `, line ${pair[side].line}`),
      rowDetail(pair[side], verdictList))));

function distinct(items, value) {
  return [...new Set(items.map(value))].filter((found) => found !== undefined && found !== "").sort(collator.compare);
}

const MOST_OPTIONS = 300;

function filtersFor(rows) {
  const everyStatus = [...new Set(rows.flatMap((row) => Object.values(row.verdicts).map((verdict) => verdict[1])))];
  const filters = [{ title: "Status", options: everyStatus.sort(), test: (row, status, reward) => statusOf(row, reward) === status }];
  if (rows.some((row) => row.truth !== null)) {
    const kinds = ["false positive", "false negative", "agrees with the label", "not judged", "no label"];
    filters.push({ title: "Against the label", options: kinds, test: (row, kind, reward) => against(row, reward) === kind });
  }
  const runs = distinct(rows, (row) => data.runs[row.run]);
  if (runs.length > 1) {
    filters.push({ title: "File", options: runs, test: (row, name) => data.runs[row.run] === name });
  }
  for (const column of data.groups) {
    const options = distinct(rows, (row) => own(row.groups, column));
    if (options.length > 1 && options.length <= MOST_OPTIONS) {
      filters.push({ title: column, options, test: (row, value) => own(row.groups, column) === value });
    }
  }
  return filters;
}

const several = data.runs.length > 1;
const common = { text: rowText, detail: (row) => rowDetail(row), line: (row) => row.line };
const withRun = (...names) =>
  names.filter((name) => several || name !== "run").map((name) => columns[name]);

const places = {
  "changed-table": () => ({
    name: "Rows whose verdict changed",
    rowsAPage: 20,
    items: data.changed,
    columns: [
      sideOf("after", columns.line, "Line", "6rem"),
      ...(data.runs.length > 2 ? [sideOf("after", columns.run, "File", "9rem")] : []),
      sideOf("before", columns.status, "Before", "8.5rem"),
      sideOf("after", columns.status, "After", "8.5rem"),
      sideOf("before", columns.score, "Score before", "8.5rem"),
      sideOf("after", columns.score, "Score after", "8rem"),
      sideOf("before", columns.extracted, "Extracted before"),
      sideOf("after", columns.extracted, "Extracted after"),
      sideOf("after", columns.expected, "Expected"),
    ],
    filters: filtersFor(data.changed.map((pair) => pair.after)).map((filter) => ({
      ...filter,
      title: filter.title === "Status" ? "Status after" : filter.title,
      test: (pair, option, reward) => filter.test(pair.after, option, reward),
    })),
    holds: ({ before, after }, reward) =>
      Object.hasOwn(before.verdicts, reward) && Object.hasOwn(after.verdicts, reward) &&
      (statusOf(before, reward) !== statusOf(after, reward) || scoreOf(before, reward) !== scoreOf(after, reward)),
    text: (pair) => rowText(pair.before) + "\n" + rowText(pair.after),
    detail: pairDetail,
    line: (pair) => pair.after.line,
  }),
  "false-table": () => ({
    ...common,
    name: "False positives and negatives",
    rowsAPage: 20,
    items: data.rows,
    columns: withRun("line", "run", "kind", "extracted", "expected", "reason"),
    filters: [{
      title: "Kind", options: ["false positive", "false negative"],
      test: (row, kind, reward) => against(row, reward) === kind,
    }],
    holds: (row, reward) => against(row, reward).startsWith("false"),
  }),
  "rows-table": () => ({
    ...common,
    name: "Rows",
    rowsAPage: 50,
    items: data.rows,
    columns: withRun("line", "run", "status", "score", "extracted", "expected", "length", "text"),
    filters: filtersFor(data.rows),
    holds: () => true,
  }),
};
for (const [id, spec] of Object.entries(places)) {
  const root = document.getElementById(id);
  if (root) new Listing(root, spec());
}
