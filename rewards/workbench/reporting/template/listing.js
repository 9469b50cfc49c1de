"use strict";
// A table to filter, sort, search and page through, whose rows open, whatever they hold.

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
const grouped = (number) => (number === null ? "–" : number.toLocaleString("en"));
const textCell = (text) =>
  element("bdi", {}, text === null ? "–" : text.slice(0, CELL_CHARACTERS));

function compare(a, b) {
  if (a === null || b === null) return (a === null) - (b === null);
  return typeof a === "number" ? a - b : collator.compare(a, b);
}

// All of them must occur in a row; what stands in quotes is one of them.
const wordsOf = (text) =>
  [...text.toLowerCase().matchAll(/"([^"]+)"|\S+/g)].map((found) => found[1] ?? found[0]);

class Listing {
  // spec: name, rowsAPage, items, columns, filters [{title, options, test(item, option, reward)}],
  // holds(item, reward), text(item), detail(item), line(item)
  constructor(root, spec) {
    Object.assign(this, spec);
    this.root = root;
    // The first reward for which there is something to see.
    const hasItems = (reward) => this.items.some((item) => this.holds(item, reward));
    this.reward = data.rewards.find(hasItems) ?? data.rewards[0];
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
      const rewards = choice("Reward", data.rewards.map((name) => [name, name]), (value) => {
        this.reward = value;
        this.apply();
      });
      rewards.querySelector("select").value = this.reward;
      bar.append(rewards);
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
