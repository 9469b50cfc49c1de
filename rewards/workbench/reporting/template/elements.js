"use strict";
// Elements made from text: whatever the data holds reaches the document as text, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const collator = new Intl.Collator(undefined, { numeric: true });
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);
const named = (status) => status.replaceAll("_", " ");
const grouped = (number) => (number === null ? "–" : number.toLocaleString("en"));
const shownScore = (score) => (score === null ? "–" : String(Number(score.toPrecision(4))));

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

const element = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);

function button(title, onClick, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, title);
  made.addEventListener("click", onClick);
  return made;
}

const MATHML = "http://www.w3.org/1998/Math/MathML";
const MATHML_NAMES = new Set(
  "mrow mi mn mo mtext mfrac msqrt mroot msup msub msubsup munder mover munderover mtable mtr mtd mspace mstyle".split(" "),
);
const MATHML_ATTRIBUTES = new Set(
  "mathvariant stretchy fence separator linethickness columnalign accent".split(" "),
);

function mathNode(tree) {
  if (!Array.isArray(tree)) return document.createTextNode(String(tree));
  const [name, ...rest] = tree;
  const hasAttributes = rest.length > 0 && typeof rest[0] === "object" && !Array.isArray(rest[0]);
  const attributes = hasAttributes ? rest.shift() : {};
  const made = document.createElementNS(MATHML, MATHML_NAMES.has(name) ? name : "mtext");
  const allowed = Object.entries(attributes).filter(([key]) => MATHML_ATTRIBUTES.has(key));
  return fill(made, Object.fromEntries(allowed), rest.map(mathNode));
}

const formula = (tree) => fill(document.createElementNS(MATHML, "math"), {}, [mathNode(tree)]);

// A text, typeset above itself where it is a formula.
function answer(text, tree) {
  if (text === null) return element("span", { class: "quiet" }, "nothing");
  const written = element("bdi", { class: tree ? "source" : null }, text);
  return tree ? element("div", {}, element("div", { class: "formula" }, formula(tree)), written) : written;
}

function choice(title, options, chosen, onChange) {
  const select = element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
  select.value = chosen;
  select.addEventListener("change", () => onChange(select.value));
  return element("label", {}, element("span", {}, title), select);
}
