
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const list = byId("images");
  const inOrder = Array.from(list.children, (node) => {
    const name = node.querySelector(".name").textContent;
    return { node, name, folded: name.toLowerCase(), kind: node.dataset.kind };
  });
  let byName;
  let now = inOrder;

  /** Shows the images that are wanted, and says how many these are. */
  function filter() {
    const kind = document.querySelector("[name=show]:checked").value;
    const part = byId("search").value.trim().toLowerCase();
    let count = 0;
    for (const { node, folded, kind: own } of inOrder) {
      const isShown = (kind === "" || kind === own) && folded.includes(part);
      if (node.hidden === isShown) node.hidden = !isShown;
      if (isShown) count++;
    }
    byId("none").hidden = count > 0;
    const all = inOrder.length === 1 ? "1 image" : `${inOrder.length} images`;
    byId("shown").textContent = count === inOrder.length ? all : `${count} of ${all}`;
  }

  function order() {
    if (byId("order").value === "name" && !byName) {
      const { compare } = new Intl.Collator(undefined, { numeric: true });
      byName = inOrder.toSorted((a, b) => compare(a.name, b.name));
    }
    const wanted = byId("order").value === "name" ? byName : inOrder;
    if (wanted !== now) list.append(...wanted.map(({ node }) => node));
    now = wanted;
  }

  byId("controls").addEventListener("input", ({ target }) => (target.id === "order" ? order() : filter()));
  // A browser that comes back to the page has kept what was chosen.
  addEventListener("pageshow", () => { order(); filter(); });
  byId("controls").hidden = false;
})();
