// A table of rows to filter, sort, search, group and page through. What it shows is the address:
// every change writes it, and whatever is in it is shown.

const TAIL_CHARACTERS = 90;
const LEAST_REM = 12; // of a column that takes what the others leave
const RESERVED = new Set(["q", "sort", "page", "show", "row", "group"]);
let rowView = null;

const textCell = (text) => element("bdi", {}, text === null ? "–" : text.slice(0, 140));

// The end of a completion says more than its start: that is where the answer is.
function tailCell(text) {
  const flat = (text ?? "–").trimEnd();
  return element("bdi", { class: "tail" }, flat.length > TAIL_CHARACTERS ? "…" + flat.slice(-TAIL_CHARACTERS) : flat);
}

function readAddress() {
  const [, place, text] = /^#([\w-]+)\?(.*)$/.exec(location.hash) ?? [null, null, ""];
  return { place, words: new URLSearchParams(text) };
}

class Listing {
  // spec: place, name, rowsAPage, source, rowsOf(item), columnsFor(reward), choices, holds(item, reward)
  constructor(root, spec) {
    Object.assign(this, spec);
    this.root = root;
    this.page = null;
    this.typing = 0;
    this.drawing = 0;
    this.build();
    this.read();
  }

  build() {
    this.count = element("p", { class: "count", role: "status" });
    this.bar = element("div", { class: "controls", role: "search", "aria-label": `Filter: ${this.name}` });
    this.search = element("input", { type: "search", placeholder: 'Words, or "a phrase"', autocomplete: "off" });
    this.search.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.set({ q: this.search.value, page: "" }, { quietly: true }), data.served ? 600 : 200);
    });
    this.head = element("tr");
    this.cols = element("colgroup");
    this.body = element("tbody");
    this.groupsPlace = element("div", { class: "groups" });
    const buttons = [["First", () => 1], ["Previous", () => this.number - 1], ["Next", () => this.number + 1], ["Last", () => this.last]]
      .map(([title, target]) => button(title, () => this.set({ page: String(target()) })));
    this.back = buttons.slice(0, 2);
    this.forth = buttons.slice(2);
    this.where = element("span", {});
    this.save = element("a", { class: "save", href: "#", download: `${this.place}.jsonl` }, "Download these rows (JSONL)");
    this.save.addEventListener("click", (event) => this.downloaded(event));
    this.clear = button("Clear filters", () => { location.hash = `#${this.place}?`; });
    this.root.append(
      this.bar, this.groupsPlace,
      element("div", { class: "pages" }, this.count, this.clear, this.save),
      element("div", { class: "wide" },
        element("table", { class: "list", "aria-label": this.name }, this.cols, element("thead", {}, this.head), this.body)),
      element("div", { class: "pages" }, this.where, ...this.back, ...this.forth),
    );
    this.body.addEventListener("click", (event) => this.clicked(event));
    this.body.addEventListener("keydown", (event) => this.pressed(event));
  }

  // Takes its state from the address, if that speaks of this listing.
  read() {
    const { place, words } = readAddress();
    const mine = place === this.place ? words : new URLSearchParams();
    this.words = mine;
    this.filters = [...mine].filter(([key, value]) => !RESERVED.has(key) && kindOf(key) && value !== "");
    this.q = mine.get("q") ?? "";
    const wanted = mine.get("show");
    this.reward = rewardNames.includes(wanted) ? wanted : this.firstReward();
    const [, descending, sortName] = /^(-?)(.+)$/.exec(mine.get("sort") ?? "") ?? [];
    this.columns = this.columnsFor(this.reward);
    const column = this.columns.find((one) => one.name === sortName);
    this.sort = column ? { name: sortName, descending: descending === "-", value: column.value } : null;
    this.number = Math.max(1, Number.parseInt(mine.get("page") ?? "1", 10) || 1);
    this.open = mine.get("row");
    this.group = mine.get("group") ?? "";
    return this.draw();
  }

  // The reward that a filter is about, or the first for which there is something to see.
  firstReward() {
    const about = this.filters.map(([key]) => aboutOf(key)).find((name) => rewardNames.includes(name));
    return about ?? this.usualReward();
  }

  set(changes, { quietly = false } = {}) {
    const words = new URLSearchParams(this.words);
    for (const [key, value] of Object.entries(changes)) {
      if (value === "" || value === null) words.delete(key);
      else words.set(key, value);
    }
    const address = `#${this.place}?${String(words)}`;
    if (quietly) {
      history.replaceState(null, "", address);
      this.read();
    } else if (location.hash === address) this.read();
    else {
      ownChange = true;
      location.hash = address;
    }
  }

  get question() {
    return { filters: this.filters, q: this.q, sort: this.sort, reward: this.reward, holds: (item) => this.holds(item, this.reward) };
  }

  controls() {
    const bar = [element("label", { class: "search" }, element("span", {}, "Search"), this.search)];
    if (document.activeElement !== this.search) this.search.value = this.q;
    if (data.rewards.length > 1) {
      bar.push(choice("Show", rewardNames.map((name) => [name, name]), this.reward, (value) => this.set({ show: value, page: "" })));
    }
    const chosen = new Map(this.filters);
    const more = [];
    for (const { key, title, values, more: rare, groupsOnly } of this.choices) {
      if (groupsOnly && !chosen.has(key)) continue;
      const value = chosen.get(key) ?? "";
      const known = value === "" || values.some(([one]) => one === value) ? values : [...values, [value, value]];
      const made = choice(title, [["", "all"], ...known], value, (picked) => this.set({ [key]: picked, page: "" }));
      (rare && !value ? more : bar).push(made);
      chosen.delete(key);
    }
    for (const [key, value] of chosen) {
      bar.push(element("span", { class: "chip" }, `${key}: ${value} `, button("×", () => this.set({ [key]: "", page: "" }), { "aria-label": `Remove the filter ${key}` })));
    }
    const keys = this.choices.map(({ key, title }) => [key, title]);
    more.push(choice("Group by", [["", "nothing"], ...keys], this.group, (value) => this.set({ group: value })));
    const focused = this.bar.contains(document.activeElement) ? [...this.bar.querySelectorAll("select, input")].indexOf(document.activeElement) : -1;
    this.bar.replaceChildren(...bar, ...more);
    if (focused >= 0) [...this.bar.querySelectorAll("select, input")][focused]?.focus();
  }

  headings() {
    this.cols.replaceChildren(...this.columns.map((column) => {
      const col = element("col");
      if (column.width) col.style.width = column.width;
      return col;
    }));
    const widths = this.columns.map((column) => Number.parseFloat(column.width) || LEAST_REM);
    this.head.closest("table").style.setProperty("--least", `${widths.reduce((sum, one) => sum + one)}rem`);
    this.head.replaceChildren(...this.columns.map((column) => {
      const sorted = this.sort?.name === column.name ? (this.sort.descending ? "descending" : "ascending") : null;
      const order = sorted === "ascending" ? `-${column.name}` : column.name;
      return element("th", { scope: "col", class: column.number ? "number" : null, "aria-sort": sorted },
        data.served && !column.sorts ? element("span", {}, column.title) : button(column.title, () => this.set({ sort: order, page: "" }), { title: column.title }));
    }));
  }

  async draw() {
    const drawing = ++this.drawing;
    this.controls();
    this.headings();
    const start = (this.number - 1) * this.rowsAPage;
    let page;
    this.root.setAttribute("aria-busy", "true");
    try {
      page = await this.source.page(this.question, start, this.rowsAPage);
    } catch (error) {
      page = { matching: 0, total: 0, items: [] };
      if (drawing === this.drawing) this.trouble = String(error.message);
    }
    if (drawing !== this.drawing) return;
    this.root.removeAttribute("aria-busy");
    this.page = page;
    this.last = Math.max(1, Math.ceil(page.matching / this.rowsAPage));
    if (this.number > this.last) {
      this.set({ page: String(this.last) }, { quietly: true });
      return;
    }
    this.count.textContent = `${grouped(page.matching)} of ${grouped(page.total)} rows`;
    if (this.trouble) {
      this.count.textContent = `The rows cannot be shown: ${this.trouble}`;
      this.trouble = "";
    }
    this.where.textContent = `Page ${grouped(this.number)} of ${grouped(this.last)}`;
    for (const one of this.back) one.disabled = this.number <= 1;
    for (const one of this.forth) one.disabled = this.number >= this.last;
    this.clear.hidden = !this.filters.length && !this.q;
    this.start = start;
    const focused = document.activeElement?.closest?.("tr.row")?.dataset.name;
    const lines = page.items.map((item) => this.line(item));
    if (!lines.length) {
      lines.push(element("tr", {}, element("td", { class: "empty", colspan: this.columns.length }, page.total ? "No row matches." : "There are none.")));
    }
    this.body.replaceChildren(...lines);
    if (focused) [...this.body.children].find((line) => line.dataset.name === focused)?.querySelector(".opener")?.focus({ preventScroll: true });
    await this.drawGroups(drawing);
    await this.drawRow(drawing);
  }

  line(item) {
    const row = this.rowsOf(item).at(-1);
    const cells = this.columns.map((column, number) => {
      const content = column.cell ? column.cell(item) : textCell(column.value(item) ?? null);
      const cell = element("td", { class: column.number ? "number" : column.wraps ? "wraps" : null, "data-title": column.title });
      if (number === 0) {
        cell.append(element("button", {
          type: "button", class: "opener", "aria-haspopup": "dialog", "aria-label": `Line ${placeOf(row)}, details`,
        }, content));
      } else cell.append(content);
      return cell;
    });
    return element("tr", { class: "row", "data-name": nameOf(row) }, ...cells);
  }

  async drawGroups(drawing) {
    if (!this.group || !kindOf(this.group)) {
      this.groupsPlace.replaceChildren();
      return;
    }
    const found = await this.source.groups(this.question, this.group);
    if (drawing !== this.drawing) return;
    const title = this.choices.find((one) => one.key === this.group)?.title ?? this.group;
    const lines = found.slice(0, 200).map(({ value, rows, means }) => {
      const to = new URLSearchParams(this.words);
      to.delete("group");
      to.delete("page");
      to.set(this.group, value);
      return element("tr", {},
        element("th", { scope: "row" }, element("a", { href: `#${this.place}?${to}` }, element("bdi", {}, named(String(value))))),
        element("td", { class: "number" }, grouped(rows)),
        ...means.map((mean) => element("td", { class: "number" }, shownScore(mean))));
    });
    const heads = [title, "Rows", ...rewardNames.map((name) => `${name}, mean`)];
    this.groupsPlace.replaceChildren(
      element("div", { class: "wide", role: "region", "aria-label": `Rows by ${title}`, tabindex: "0" },
        element("table", {}, element("thead", {}, element("tr", {}, ...heads.map((name, at) => element("th", { scope: "col", class: at ? "number" : null }, name)))), element("tbody", {}, ...lines))),
      found.length > 200 ? element("p", { class: "quiet" }, `The 200 largest of ${grouped(found.length)}.`) : "");
  }

  async drawRow(drawing) {
    if (!this.open) {
      if (rowView?.dialog.open && rowView.listing === this) rowView.dialog.close();
      return;
    }
    let at = this.page.items.findIndex((item) => nameOf(this.rowsOf(item).at(-1)) === this.open);
    let item = this.page.items[at];
    if (at >= 0) at += this.start;
    else {
      at = await this.source.position(this.question, this.open);
      if (at >= 0) {
        item = (await this.source.page(this.question, at, 1)).items[0];
        this.number = Math.floor(at / this.rowsAPage) + 1;
      } else {
        at = null; // it does not pass the filters, and is shown alone
        const everything = { filters: [], q: "", sort: null };
        const place = await this.source.position(everything, this.open);
        item = place >= 0 ? (await this.source.page(everything, place, 1)).items[0] : undefined;
      }
    }
    if (drawing !== this.drawing) return;
    if (!item) {
      this.count.textContent += `; there is no row ${this.open} on this page`;
      return;
    }
    this.at = at;
    rowView ??= new RowView();
    await rowView.show(this, this.rowsOf(item), { at, matching: this.page.matching, reward: this.reward, name: this.open });
  }

  async move(by) {
    if (this.at === null) return;
    const { items } = await this.source.page(this.question, this.at + by, 1);
    if (this.at + by < 0 || !items.length) return;
    const page = Math.floor((this.at + by) / this.rowsAPage) + 1;
    this.set({ row: nameOf(this.rowsOf(items[0]).at(-1)), page: page > 1 ? String(page) : "" }, { quietly: true });
  }

  closed() {
    const name = this.open;
    this.set({ row: "" }, { quietly: true });
    const line = [...this.body.children].find((one) => one.dataset.name === name);
    line?.querySelector(".opener").focus({ preventScroll: true });
  }

  downloaded(event) {
    if (this.save.dataset.ready) { // the click that follows
      delete this.save.dataset.ready;
      return;
    }
    event.preventDefault();
    this.save.href = this.source.download(this.question);
    this.save.dataset.ready = "yes";
    this.save.click();
  }

  clicked(event) {
    const line = event.target.closest("tr.row");
    // A click that ends a selection of text is no wish to open the row.
    if (line && !String(getSelection())) this.set({ row: line.dataset.name });
  }

  pressed(event) {
    const opener = event.target.closest(".opener");
    if (opener && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const all = [...this.body.querySelectorAll(".opener")];
      all[all.indexOf(opener) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
      event.preventDefault();
    }
  }
}
