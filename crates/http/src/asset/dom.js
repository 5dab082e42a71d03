// Small things that every part of the page uses.

export const $ = (id) => document.getElementById(id);

/** An element of a page, with properties and children. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Says something to everybody, screen readers too. */
export function say(words) {
  if ($("status").textContent !== words) $("status").textContent = words;
}

export function bytes(count) {
  return count < 1e5 ? `${Math.ceil(count / 1e3)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

export function seconds(count) {
  return `${count < 10 ? Number(count.toPrecision(2)) : Math.round(count)} s`;
}

/** The value of the chosen radio button of a name. */
export const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`).value;
