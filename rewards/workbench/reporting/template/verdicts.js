// What a row says, and whether it passes a filter.

const NO_VERDICT = [null, "", null, null, "", null, "", null, null];
const verdictOf = (row, reward) => own(row.verdicts, reward) ?? NO_VERDICT;
const scoreOf = (row, reward) => verdictOf(row, reward)[0];
const statusOf = (row, reward) => verdictOf(row, reward)[1];
const placeOf = (row) => (row.nth ? `${row.line}.${row.nth}` : String(row.line));
const nameOf = (row) => `${row.run + 1}:${placeOf(row)}`;

function against(row, reward) {
  const [score, status] = verdictOf(row, reward);
  if (row.truth === null) return "no label";
  if (score === null || status === "scored") return "not judged";
  if ((status === "correct") === row.truth) return "agrees with the label";
  return row.truth ? "false negative" : "false positive";
}

const dot = (status) => element("span", { class: `dot status-${status}` });

function statusCell(status, score = undefined) {
  if (!status) return element("span", {}, "–");
  const shown = score === undefined ? named(status) : `${named(status)} ${shownScore(score)}`;
  return element("span", { class: "status" }, dot(status), shown);
}

function rowText(row) {
  const parts = [placeOf(row), row.text ?? "", row.question ?? "", row.reference ?? "", ...Object.values(row.groups)];
  for (const verdict of Object.values(row.verdicts)) {
    parts.push(named(verdict[1]), verdict[2] ?? "", verdict[3] ?? "", verdict[4]);
  }
  for (const [, value] of row.columns) parts.push(value);
  return parts.join("\n").toLowerCase();
}

// All of them must occur in a row; what stands in quotes is one of them.
const wordsOf = (text) =>
  [...text.toLowerCase().matchAll(/"([^"]+)"|\S+/g)].map((found) => found[1] ?? found[0]);

// A filter's key is its kind and, after the first dot, what it is about: `status.accuracy`.
const aboutOf = (key) => key.slice(key.indexOf(".") + 1);
const filterKinds = {
  status: (row, value, reward) => statusOf(row, reward) === value,
  why: (row, value, reward) => verdictOf(row, reward)[5] === value,
  label: (row, value, reward) => against(row, reward) === value,
  by: (row, value, column) => own(row.groups, column) === value,
  file: (row, value) => data.runs[row.run] === value,
  prompt: (row, value) => String(row.prompt) === value,
  step: (row, value) => {
    const [low, high = low] = value.split("-").map(Number);
    return row.step !== null && low <= row.step && row.step < high + 1;
  },
};
const kindOf = (key) => own(filterKinds, key.includes(".") ? key.slice(0, key.indexOf(".")) : key);

function passes(row, filters) {
  for (const [key, value] of filters) if (!kindOf(key)(row, value, aboutOf(key))) return false;
  return true;
}

const rewardNames = data.rewards.map((reward) => reward.name);

// The filters that a reader can choose from: key, title, values.
function choicesOf() {
  const found = [];
  const several = data.rewards.length > 1;
  const statuses = (reward) => reward.statuses.map((status) => [status, named(status)]);
  for (const reward of data.rewards) {
    const of = several ? `${reward.name}: ` : "";
    found.push({ key: `status.${reward.name}`, title: `${of}status`, values: statuses(reward) });
  }
  for (const reward of data.rewards) {
    const of = several ? `${reward.name}: ` : "";
    if (reward.reasons.length > 1) found.push({ key: `why.${reward.name}`, title: `${of}reason for 0 or none`, values: reward.reasons.map((kind) => [kind, kind]), more: true });
    if (reward.labelled) {
      const kinds = ["false positive", "false negative", "agrees with the label", "not judged", "no label"];
      found.push({ key: `label.${reward.name}`, title: `${of}against the label`, values: kinds.map((kind) => [kind, kind]) });
    }
  }
  if (data.runs.length > 1) found.push({ key: "file", title: "file", values: data.runs.map((run) => [run, run]) });
  for (const group of data.groups) {
    if (group.values.length > 1) found.push({ key: `by.${group.name}`, title: group.name, values: group.values.map((value) => [value, value]) });
  }
  for (const name of data.served ?? []) found.push({ key: `by.${name}`, title: name, values: [], groupsOnly: true });
  return found;
}
