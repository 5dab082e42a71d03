// Elements of the page, found and made.

const SVG = ["svg", "line", "path", "text", "circle"];

export const $ = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...children) {
  const made = SVG.includes(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
