"use strict";
(() => {
  const CELL_CHARACTERS = 140;
  const data = JSON.parse(document.getElementById("data").textContent);
  const collator = new Intl.Collator(undefined, { numeric: true });
  let identifiers = 0;

  // Text from the data reaches the document as text nodes only, never as markup.
  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  const named = (status) => status.replaceAll("_", " ");
  // A reward or column may be called `constructor`: only what the row itself has counts.
  const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);
  const verdictOf = (row, reward) => own(row.verdicts, reward) ?? [null, "", null, null, ""];
  const scoreOf = (row, reward) => verdictOf(row, reward)[0];
  const statusOf = (row, reward) => verdictOf(row, reward)[1];
  const grouped = (number) => (number === null ? "–" : number.toLocaleString("en"));
  const shownScore = (score) => (score === null ? "–" : String(Number(score.toPrecision(4))));

  function against(row, reward) {
    const [score, status] = verdictOf(row, reward);
    if (row.truth === null) return "no label";
    if (score === null) return "not judged";
    if ((status === "correct") === row.truth) return "agrees with the label";
    return row.truth ? "false negative" : "false positive";
  }

  function statusCell(status) {
    if (!status) return element("span", {}, "–");
    return element("span", { class: "status" }, element("span", { class: `dot status-${status}` }), named(status));
  }

  const textCell = (text) =>
    element("bdi", {}, text === null ? "–" : text.slice(0, CELL_CHARACTERS));

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

  function compare(a, b) {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "number" ? a - b : collator.compare(a, b);
  }

  // All of them must occur in a row; what stands in quotes is one of them.
  const wordsOf = (text) =>
    [...text.toLowerCase().matchAll(/"([^"]+)"|\S+/g)].map((found) => found[1] ?? found[0]);

  class Listing {
    // spec: name, rowsAPage, items, columns, filters [{title, options, all, test(item, option, reward)}],
    // holds(item, reward), text(item), detail(item), line(item)
    constructor(root, spec) {
      Object.assign(this, spec);
      this.root = root;
      this.reward = data.rewards[0];
      this.words = [];
      this.sort = null;
      this.page = 0;
      this.open = new Set();
      this.chosen = this.filters.map(() => "");
      this.build();
      this.apply();
    }

    build() {
      this.count = element("p", { class: "count", role: "status" });
      this.head = element("tr");
      this.body = element("tbody");
      this.columns.forEach((column, at) => {
        const button = element("button", { type: "button" }, column.title);
        button.addEventListener("click", () => this.sortBy(at));
        this.head.append(element("th", {
          scope: "col", class: column.number ? "number" : null,
        }, button));
      });
      const widths = this.columns.map((column) => {
        const col = element("col");
        if (column.width) col.style.width = column.width;
        return col;
      });
      const buttons = [
        ["First", () => 0], ["Previous", () => this.page - 1],
        ["Next", () => this.page + 1], ["Last", () => this.lastPage],
      ].map(([title, target]) => {
        const button = element("button", { type: "button" }, title);
        button.addEventListener("click", () => { this.page = target(); this.draw(); });
        return button;
      });
      this.back = buttons.slice(0, 2);
      this.forth = buttons.slice(2);
      this.where = element("span", {});
      this.root.append(
        this.controls(),
        element("div", { class: "pages" }, this.count, ...this.back, this.where, ...this.forth),
        element("div", { class: "wide" },
          element("table", { "aria-label": this.name }, element("colgroup", {}, ...widths), element("thead", {}, this.head), this.body)),
      );
      this.body.addEventListener("click", (event) => this.clicked(event));
      this.body.addEventListener("keydown", (event) => this.pressed(event));
    }

    controls() {
      const search = element("input", { type: "search", placeholder: 'Words, or "a phrase"', autocomplete: "off" });
      let waiting = 0;
      search.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => {
          this.words = wordsOf(search.value);
          this.apply();
        }, 150);
      });
      const bar = element("div", { class: "controls", role: "search", "aria-label": `Filter: ${this.name}` });
      bar.append(element("label", { class: "search" }, "Search", search));
      if (data.rewards.length > 1) {
        bar.append(choice("Reward", data.rewards.map((name) => [name, name]), (value) => {
          this.reward = value;
          this.apply();
        }));
      }
      this.filters.forEach((filter, at) => {
        const options = filter.options.map((value, number) => [String(number), named(String(value))]);
        bar.append(choice(filter.title, [["", "all"], ...options], (value) => {
          this.chosen[at] = value;
          this.apply();
        }));
      });
      return bar;
    }

    sortBy(at) {
      const again = this.sort?.at === at;
      this.sort = { at, descending: again && !this.sort.descending };
      [...this.head.children].forEach((cell, number) => {
        if (number === at) cell.setAttribute("aria-sort", this.sort.descending ? "descending" : "ascending");
        else cell.removeAttribute("aria-sort");
      });
      this.apply();
    }

    apply() {
      const active = this.filters
        .map((filter, at) => [filter, filter.options[this.chosen[at]], this.chosen[at]])
        .filter(([, , chosen]) => chosen !== "");
      this.shown = this.items.filter((item) =>
        this.holds(item, this.reward) &&
        active.every(([filter, option]) => filter.test(item, option, this.reward)));
      if (this.words.length) {
        this.shown = this.shown.filter((item) => {
          const text = this.text(item);
          return this.words.every((word) => text.includes(word));
        });
      }
      if (this.sort) {
        const { at, descending } = this.sort;
        const keyed = this.shown.map((item) => [this.columns[at].value(item, this.reward) ?? null, item]);
        // Rows without a value stay last, whichever way.
        keyed.sort(([a], [b]) => (descending && a !== null && b !== null ? compare(b, a) : compare(a, b)));
        this.shown = keyed.map(([, item]) => item);
      }
      this.page = 0;
      this.draw();
    }

    get lastPage() {
      return Math.max(0, Math.ceil(this.shown.length / this.rowsAPage) - 1);
    }

    draw() {
      this.page = Math.min(Math.max(this.page, 0), this.lastPage);
      const start = this.page * this.rowsAPage;
      const total = this.items.filter((item) => this.holds(item, this.reward)).length;
      this.count.textContent = `${grouped(this.shown.length)} of ${grouped(total)} rows`;
      this.where.textContent = `Page ${grouped(this.page + 1)} of ${grouped(this.lastPage + 1)}`;
      for (const button of this.back) button.disabled = this.page === 0;
      for (const button of this.forth) button.disabled = this.page === this.lastPage;
      this.drawn = this.shown.slice(start, start + this.rowsAPage);
      const lines = this.drawn.flatMap((item, at) => this.lines(item, at));
      if (!lines.length) {
        lines.push(element("tr", {}, element("td", { class: "empty", colspan: this.columns.length }, total ? "No row matches." : "There are none.")));
      }
      this.body.replaceChildren(...lines);
    }

    lines(item, at) {
      const isOpen = this.open.has(item);
      const detailId = `detail-${++identifiers}`;
      const cells = this.columns.map((column, number) => {
        const shown = column.cell ? column.cell(item, this.reward) : column.value(item, this.reward);
        const content = column.cell ? shown : textCell(shown ?? null);
        const cell = element("td", { class: column.number ? "number" : column.wraps ? "wraps" : null });
        if (number === 0) {
          cell.append(element("button", {
            type: "button", class: "opener", "aria-expanded": String(isOpen),
            "aria-controls": isOpen ? detailId : null, "aria-label": `Line ${this.line(item)}, details`,
          }, content));
        } else cell.append(content);
        return cell;
      });
      const line = element("tr", { class: isOpen ? "row open" : "row", "data-at": at }, ...cells);
      if (!isOpen) return [line];
      return [line, element("tr", { class: "detail", id: detailId },
        element("td", { colspan: this.columns.length }, this.detail(item)))];
    }

    toggle(line) {
      const at = Number(line.dataset.at);
      const item = this.drawn[at];
      if (!this.open.delete(item)) this.open.add(item);
      const next = line.nextElementSibling;
      if (next?.classList.contains("detail")) next.remove();
      const lines = this.lines(item, at);
      line.replaceWith(...lines);
      lines[0].querySelector(".opener").focus({ preventScroll: true });
    }

    clicked(event) {
      const line = event.target.closest("tr.row");
      // A click that ends a selection of text is no wish to open the row.
      if (line && !String(getSelection())) this.toggle(line);
    }

    pressed(event) {
      const opener = event.target.closest(".opener");
      if (event.key === "Escape") {
        const line = event.target.closest("tr");
        const detail = event.target.closest("tr.detail");
        const row = detail?.previousElementSibling ?? line;
        if (row?.classList.contains("open")) this.toggle(row);
      } else if (opener && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        const all = [...this.body.querySelectorAll(".opener")];
        all[all.indexOf(opener) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
        event.preventDefault();
      }
    }
  }

  function choice(title, options, onChange) {
    const select = element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
    select.addEventListener("change", () => onChange(select.value));
    return element("label", {}, title, select);
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
})();
