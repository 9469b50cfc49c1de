// Where rows come from. Each source answers the same questions: which rows pass, what groups there are.

async function unpacked(piece) {
  const binary = atob(piece.textContent.trim());
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  piece.remove(); // what was read need not be kept twice
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

async function unpackAll(selector, onPiece = () => {}) {
  const all = [];
  for (const piece of [...document.querySelectorAll(selector)]) {
    for (const one of await unpacked(piece)) all.push(one);
    onPiece(all.length);
  }
  return all;
}

function compare(a, b) {
  if (a === null || b === null) return (a === null) - (b === null);
  return typeof a === "number" ? a - b : collator.compare(a, b);
}

// Rows that the page holds. `rowsOf` gives an item's rows: one, or one of each run.
class PageRows {
  constructor(items, rowsOf = (item) => [item]) {
    this.items = items;
    this.rowsOf = rowsOf;
    this.known = null;
  }

  matching({ filters, q, sort, reward, holds = () => true }) {
    const key = JSON.stringify([filters, q, reward, sort?.name, sort?.descending]);
    if (this.known?.key === key) return this.known.items;
    const words = wordsOf(q);
    let found = this.items.filter((item) =>
      holds(item) && passes(this.rowsOf(item).at(-1), filters));
    if (words.length) {
      found = found.filter((item) => {
        const text = this.rowsOf(item).map(rowText).join("\n");
        return words.every((word) => text.includes(word));
      });
    }
    if (sort) {
      const keyed = found.map((item) => [sort.value(item) ?? null, item]);
      // Rows without a value stay last, whichever way.
      keyed.sort(([a], [b]) => (sort.descending && a !== null && b !== null ? compare(b, a) : compare(a, b)));
      found = keyed.map(([, item]) => item);
    }
    this.known = { key, items: found };
    return found;
  }

  async page(question, start, count) {
    const found = this.matching(question);
    const total = this.items.filter(question.holds ?? (() => true)).length;
    return { matching: found.length, total, items: found.slice(start, start + count) };
  }

  async position(question, name) {
    return this.matching(question).findIndex((item) => nameOf(this.rowsOf(item).at(-1)) === name);
  }

  async samePrompt(row) {
    if (row.prompt === null) return [];
    return this.items.flatMap(this.rowsOf).filter((other) => other.prompt === row.prompt && other !== row);
  }

  async groups(question, key) {
    const found = new Map();
    for (const item of this.matching(question)) {
      const row = this.rowsOf(item).at(-1);
      const value = groupValue(row, key);
      if (value === undefined || value === null) continue;
      if (!found.has(value)) found.set(value, { value, rows: 0, sums: rewardNames.map(() => [0, 0]) });
      const group = found.get(value);
      group.rows += 1;
      rewardNames.forEach((reward, at) => {
        const score = scoreOf(row, reward);
        if (score !== null) { group.sums[at][0] += score; group.sums[at][1] += 1; }
      });
    }
    return [...found.values()]
      .map(({ value, rows, sums }) => ({ value, rows, means: sums.map(([sum, count]) => (count ? sum / count : null)) }))
      .sort((a, b) => b.rows - a.rows);
  }

  download(question) {
    const lines = this.matching(question).map((item) => JSON.stringify(this.rowsOf(item).map(rowRecord).at(-1)) + "\n");
    return URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
  }
}

function groupValue(row, key) {
  const about = aboutOf(key);
  if (key.startsWith("status.")) return statusOf(row, about) || null;
  if (key.startsWith("why.")) return verdictOf(row, about)[5];
  if (key.startsWith("label.")) return against(row, about);
  if (key.startsWith("by.")) return own(row.groups, about);
  return key === "file" ? data.runs[row.run] : null;
}

// A row as a line of JSON, with the names that `rlvr score` writes.
function rowRecord(row) {
  const record = Object.create(null); // a column may be called `__proto__`
  record.file = data.runs[row.run];
  record.line = row.line;
  if (row.nth) record.nth = row.nth;
  if (row.question !== null) record.prompt = row.question;
  record.completion = row.text;
  if (!row.whole) record.completion_is_cut = true;
  if (row.reference !== null) record.reference = row.reference;
  if (row.truth !== null) record.label = row.truth;
  for (const [name, value] of row.columns) if (!Object.hasOwn(record, name)) record[name] = value;
  for (const [reward, [score, status, extracted, expected, reason]] of Object.entries(row.verdicts)) {
    record[reward] = { score, status, extracted, expected, reason };
  }
  return record;
}

// Rows that a server holds: it is asked for a page at a time.
class ServedRows {
  static words({ filters, q, sort, reward }, more = {}) {
    const words = new URLSearchParams(filters);
    for (const word of wordsOf(q)) words.append("words", word);
    if (sort) words.set("sort", (sort.descending ? "-" : "") + sort.name);
    words.set("reward", reward ?? "");
    for (const [key, value] of Object.entries(more)) words.set(key, String(value));
    return words;
  }

  async ask(path, words) {
    const answer = await fetch(`${path}?${words}`);
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }

  page(question, start, count) {
    return this.ask("rows", ServedRows.words(question, { start, count }));
  }

  position(question, name) {
    return this.ask("position", ServedRows.words(question, { name })).catch(() => -1);
  }

  async samePrompt(row) {
    if (row.prompt === null) return [];
    const found = await this.ask("prompt", new URLSearchParams({ prompt: row.prompt }));
    return found.filter((other) => nameOf(other) !== nameOf(row));
  }

  groups(question, key) {
    return this.ask("groups", ServedRows.words(question, { key }));
  }

  download(question) {
    return `download?${ServedRows.words(question)}`;
  }
}
