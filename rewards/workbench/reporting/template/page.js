// The page put together: its listings, its tables that sort and unfold, and the address.

let ownChange = false;
const MOST_SCORE_COLUMNS = 4;

// Columns are as wide as they say; the reasons, which say nothing, share what is left.
// A listing that is about pairs shows one side's column.
function sideOf(side, column, title, width = column.width) {
  return {
    ...column, name: `${side} ${column.name}`, title, width,
    value: (pair) => column.value(pair[side]),
    cell: column.cell && ((pair) => column.cell(pair[side])),
  };
}

function columnsOf(reward) {
  return {
    line: { sorts: true, name: "line", title: "Line", width: "5rem", value: (row) => row.line + row.nth / 1e6, cell: placeOf },
    run: { name: "file", title: "File", width: "9rem", value: (row) => data.runs[row.run] },
    status: { sorts: true, name: "status", title: "Status", width: "8.5rem", value: (row) => statusOf(row, reward), cell: (row) => statusCell(statusOf(row, reward)) },
    score: { sorts: true, name: "score", title: "Score", width: "4.5rem", number: true, value: (row) => scoreOf(row, reward), cell: (row) => shownScore(scoreOf(row, reward)) },
    extracted: { name: "extracted", title: "Extracted", width: "7rem", value: (row) => verdictOf(row, reward)[2] },
    expected: { name: "expected", title: "Expected", width: "7rem", value: (row) => verdictOf(row, reward)[3] },
    reason: { name: "reason", title: "Reason", wraps: true, value: (row) => verdictOf(row, reward)[4], cell: (row) => element("bdi", { class: "clamped" }, verdictOf(row, reward)[4]) },
    length: { sorts: true, name: "length", title: "Length", width: "5rem", number: true, value: (row) => row.length, cell: (row) => grouped(row.length) },
    tail: { name: "completion", title: "Completion, its end", width: "12rem", wraps: true, value: (row) => row.text, cell: (row) => tailCell(row.text) },
  };
}

// Beside the reward that is shown, what the others say.
const otherRewards = (reward) =>
  rewardNames.filter((name) => name !== reward).slice(0, MOST_SCORE_COLUMNS - 1).map((name) => ({
    sorts: true, name: `status of ${name}`, title: name, width: "8.25rem", value: (row) => statusOf(row, name), cell: (row) => statusCell(statusOf(row, name)),
  }));

const several = data.runs.length > 1;

const places = {
  rows: async () => {
    const source = data.served ? new ServedRows() : new PageRows(await unpackAll("script.rows"));
    return {
      name: "Rows", rowsAPage: 50, source, rowsOf: (row) => [row], choices: choicesOf(),
      holds: () => true,
      usualReward: () => rewardNames[0],
      columnsFor(reward) {
        const known = columnsOf(reward);
        return [known.line, ...(several ? [known.run] : []), known.status, known.score, ...otherRewards(reward), known.extracted, known.expected, known.reason, known.length, known.tail];
      },
    };
  },
  changed: async () => {
    const items = await unpackAll("script.changed");
    const differs = ({ before, after }, reward) =>
      Object.hasOwn(before.verdicts, reward) && Object.hasOwn(after.verdicts, reward) &&
      (statusOf(before, reward) !== statusOf(after, reward) || scoreOf(before, reward) !== scoreOf(after, reward));
    return {
      name: "Rows whose verdict changed", rowsAPage: 20, rowsOf: ({ before, after }) => [before, after],
      source: new PageRows(items, ({ before, after }) => [before, after]), choices: choicesOf(), holds: differs,
      usualReward: () => rewardNames.find((reward) => items.some((item) => differs(item, reward))) ?? rewardNames[0],
      columnsFor(reward) {
        const known = columnsOf(reward);
        return [
          sideOf("after", known.line, "Line", "6rem"),
          ...(data.runs.length > 2 ? [sideOf("after", known.run, "File", "9rem")] : []),
          sideOf("before", known.status, "Before", "8.5rem"), sideOf("after", known.status, "After", "8.5rem"),
          sideOf("before", known.extracted, "Answer before"), sideOf("after", known.extracted, "Answer after"),
          sideOf("after", known.expected, "Expected"),
          sideOf("before", known.reason, "Reason before"), sideOf("after", known.reason, "Reason after"),
        ];
      },
    };
  },
};
const listings = {};

// Tables of figures: a heading sorts, a button unfolds.
function sortTable(table, at, heading) {
  const descending = heading.getAttribute("aria-sort") !== "descending";
  for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const bodies = [...table.tBodies];
  const lines = bodies.flatMap((body) => [...body.rows]);
  const valueOf = (line) => {
    const { value } = line.cells[at].dataset;
    if (value === undefined) return line.cells[at].textContent.trim();
    return value === "" ? null : Number(value);
  };
  const keyed = lines.map((line) => [valueOf(line), line]);
  keyed.sort(([a], [b]) => (descending && a !== null && b !== null ? compare(b, a) : compare(a, b)));
  const first = bodies[0].rows.length;
  bodies[0].replaceChildren(...keyed.slice(0, first).map(([, line]) => line));
  bodies[1]?.replaceChildren(...keyed.slice(first).map(([, line]) => line));
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.querySelectorAll("thead th")].forEach((heading, at) => {
    const made = button("", () => sortTable(table, at, heading), { class: "sorter" });
    made.append(...heading.childNodes);
    heading.append(made);
  });
}
for (const unfold of document.querySelectorAll("button.unfold")) {
  unfold.hidden = false;
  unfold.addEventListener("click", () => {
    const rest = document.getElementById(unfold.getAttribute("aria-controls"));
    rest.hidden = !rest.hidden;
    unfold.setAttribute("aria-expanded", String(!rest.hidden));
    unfold.textContent = rest.hidden ? unfold.dataset.more : unfold.dataset.less;
  });
}

function arrived() {
  const { place } = readAddress();
  const mine = ownChange;
  ownChange = false;
  for (const listing of Object.values(listings)) listing.read();
  if (mine || !Object.hasOwn(listings, place ?? "")) return;
  const heading = document.getElementById(`${place}-title`);
  heading.scrollIntoView();
  heading.focus({ preventScroll: true });
}

async function start() {
  for (const [place, make] of Object.entries(places)) {
    const root = document.getElementById(`${place}-table`);
    if (!root) continue;
    try {
      const spec = { place, ...(await make()) };
      root.replaceChildren();
      listings[place] = new Listing(root, spec);
    } catch (error) {
      root.textContent = `The rows cannot be shown: ${error.message}. This page needs a browser of 2023 or later.`;
      throw error;
    }
  }
  performance.mark("rows"); // when they are there, for those who measure
  addEventListener("hashchange", arrived);
  if (readAddress().place) arrived();
}
// First what is there is painted, then the rows are unpacked.
requestAnimationFrame(() => setTimeout(start, 0));
