// The texts on the page whose colour is too near that of what they stand on: WCAG 2.2, 1.4.3.
const channel = (value) => {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const parse = (colour) => {
  const [r, g, b, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
  return [r, g, b, alpha];
};
function background(element) {
  for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour[3] > 0) return colour;
  }
  return null;
}
const poor = [];
let looked = 0;
for (const element of document.querySelectorAll("body *")) {
  const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const isVisible = element.checkVisibility() && element.getClientRects().length;
  if (!isText || !isVisible || element.matches(":disabled, option, script, style, noscript, title")) continue;
  const style = getComputedStyle(element);
  const ink = parse(element instanceof SVGElement ? style.fill : style.color);
  const paper = background(element);
  const [low, high] = [luminance(ink), luminance(paper)].sort((a, b) => a - b);
  const ratio = (high + 0.05) / (low + 0.05);
  looked += 1;
  if (ratio < 4.5) poor.push(`${element.tagName} ${element.className} ${element.textContent.slice(0, 30)}: ${ratio}`);
}
return [looked, poor, parse(getComputedStyle(document.body).backgroundColor)];
