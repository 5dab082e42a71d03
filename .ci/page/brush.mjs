// The brush that keeps and erases.
import { check, focused, visible } from "../browser.mjs";
import { only, visitor } from "../visits.mjs";
import { look } from "./looks.mjs";
import { choose, photos, ready, SIZES, size, text } from "./tab.mjs";

/** The alpha of the result at a part of its width and height. */
export const alphaAt = (tab, x, y) => tab.evaluate(`(() => {
  const image = document.getElementById("after");
  const context = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
  context.drawImage(image, 0, 0);
  return context.getImageData(Math.round(${x} * image.naturalWidth), Math.round(${y} * image.naturalHeight), 1, 1).data[3];
})()`);
export const painting = `${ready} && ${visible("paint")} && document.getElementById("paint").width > 1`;
/** Does something with the brush, and waits until it is applied. */
export const applied = async (tab, act) => {
  const src = await tab.evaluate("document.getElementById('after').src");
  await act();
  await tab.until(`document.getElementById('after').src !== "${src}" && ${ready}`);
};
const painted = (tab) => tab.evaluate(`(() => {
  const canvas = document.getElementById("paint");
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0);
})()`);

export async function brush({ url, browser, downloaded }) {
  const tab = await visitor(browser, url)("/", "/v1/refine*");
  await size(tab, ...SIZES[0]);
  await tab.upload("#file", photos.coffee);
  await tab.until(ready);
  const before = await alphaAt(tab, 0.5, 0.5);
  await choose(tab, "crop", "5%");
  await tab.until(ready);
  await tab.click("#brush-start");
  await tab.until(painting);
  check("the focus is on the image", await tab.evaluate(focused("paint")));
  check("the whole image is shown to paint on, without options", (await text(tab, "facts")).startsWith("600 × 400") && !(await tab.evaluate(visible("options"))), await text(tab, "facts"));
  await look(tab, "brush");

  const [keep, erase] = [[0.05, 0.5], [0.5, 0.5]];
  await choose(tab, "tool", "keep");
  await applied(tab, () => tab.drag("#paint", 0.02, 0.08));
  check("what is painted to be kept is kept", (await alphaAt(tab, ...keep)) === 255, await alphaAt(tab, ...keep));
  check("marks that are applied are not shown any more", !(await painted(tab)));
  await choose(tab, "tool", "erase");
  await applied(tab, () => tab.drag("#paint", 0.47, 0.53));
  check("what is painted to be erased is erased", (await alphaAt(tab, ...erase)) === 0, [before, await alphaAt(tab, ...erase)]);
  await undone(tab, keep, erase);
  await keyboard(tab);

  await tab.key("Escape");
  await tab.until(`!(${visible("brush")}) && ${ready}`);
  check("Escape leaves, the focus is where it was", await tab.evaluate(focused("brush-start")));
  check("the result has its crop again, and the comparison", !(await text(tab, "facts")).startsWith("600 × 400") && await tab.evaluate(visible("slider")));
  await choose(tab, "crop", "");
  await tab.until(ready);
  check("the result is corrected", (await alphaAt(tab, ...keep)) === 255 && (await alphaAt(tab, ...erase)) === 0);
  const saved = await downloaded(() => tab.click("#download"));
  check("it is saved as it is shown", saved.name === "coffee-cutout.png" && saved.bytes.length > 1000);
  await choose(tab, "quality", "fast");
  await tab.until(ready);
  check("another quality keeps what was painted", (await alphaAt(tab, ...keep)) === 255 && (await alphaAt(tab, ...erase)) === 0);
  await touch(tab);
  check("no complaints about the brush", only(tab), tab.complaints);
}

async function undone(tab, keep, erase) {
  await applied(tab, () => tab.click("#undo"));
  check("undo takes the last stroke back", (await alphaAt(tab, ...erase)) > 0 && (await alphaAt(tab, ...keep)) === 255);
  await applied(tab, () => tab.click("#redo"));
  check("redo brings it again", (await alphaAt(tab, ...erase)) === 0);
  check("there is nothing more to redo", await tab.evaluate("document.getElementById('redo').disabled"));
  await applied(tab, () => tab.key("z", { code: "KeyZ", windowsVirtualKeyCode: 90, modifiers: 2 }));
  check("Ctrl+Z undoes", (await alphaAt(tab, ...erase)) > 0);
  await applied(tab, () => tab.key("z", { code: "KeyZ", windowsVirtualKeyCode: 90, modifiers: 2 | 8 }));
  check("Ctrl+Shift+Z redoes", (await alphaAt(tab, ...erase)) === 0);
  await applied(tab, () => tab.click("#clear"));
  check("clear takes all back", (await alphaAt(tab, ...erase)) > 0 && (await alphaAt(tab, ...keep)) < 255);
  check("and clear can be undone", await tab.evaluate("!document.getElementById('undo').disabled"));
  await applied(tab, () => tab.click("#undo"));
  check("with all strokes", (await alphaAt(tab, ...erase)) === 0 && (await alphaAt(tab, ...keep)) === 255);
}

async function keyboard(tab) {
  await choose(tab, "tool", "erase");
  await tab.evaluate("document.getElementById('paint').focus()");
  const at = () => tab.evaluate("['left', 'top'].map((side) => Number.parseFloat(document.getElementById('ring').style[side]))");
  const [left, top] = await at();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await tab.key(key);
  const [right, bottom] = await at();
  check("arrow keys move the ring", right > left && bottom > top, [left, top, right, bottom]);
  check("a screen reader hears where it is", /^\d+ % from the left, \d+ % from the top$/.test(await text(tab, "status")), await text(tab, "status"));
  for (let i = 0; i < 40; i++) await tab.key("ArrowUp");
  check("the ring stays on the image", (await at())[1] === 0, await at());
  for (let i = 0; i < 2; i++) await tab.key("ArrowDown");
  const [x, y] = (await at()).map((percent) => percent / 100);
  const before = await alphaAt(tab, x, y);
  await applied(tab, () => tab.key(" ", { code: "Space", windowsVirtualKeyCode: 32 }));
  check("Space paints there", before > 0 && (await alphaAt(tab, x, y)) === 0, [before, await alphaAt(tab, x, y)]);
}

/** By a finger, on a small screen. */
async function touch(tab) {
  await size(tab, ...SIZES[1]);
  await tab.send("Emulation.setTouchEmulationEnabled", { enabled: true });
  await tab.click("#brush-start");
  await tab.until(painting);
  await choose(tab, "tool", "keep");
  const { x, y, width, height } = await tab.evaluate("(() => { const e = document.getElementById('paint'); e.scrollIntoView({ block: 'center' }); return e.getBoundingClientRect().toJSON(); })()");
  const [scrolled] = [await tab.evaluate("scrollY")];
  const point = (part) => [{ x: x + width * 0.95, y: y + height * part }];
  await applied(tab, async () => {
    await tab.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: point(0.4) });
    for (const part of [0.5, 0.6]) await tab.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: point(part) });
    await tab.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  });
  check("a finger paints, and the page stays", (await alphaAt(tab, 0.95, 0.5)) === 255 && (await tab.evaluate("scrollY")) === scrolled, await alphaAt(tab, 0.95, 0.5));
  await tab.click("#brush-done");
  await tab.until(`!(${visible("brush")})`);
}
