// The options of a result: what is shown and saved is what the server makes of them.
import { readFileSync } from "node:fs";
import { check, visible } from "../browser.mjs";
import { only, visitor } from "../visits.mjs";
import { look } from "./looks.mjs";
import { choose, photos, ready, SIZES, size, text } from "./tab.mjs";

const { rocket, coffee, chelsea } = photos;
const CASES = [
  ["WebP", { format: "webp" }, { format: "webp", "webp-quality": 90 }, "rocket-cutout.webp"],
  ["JPEG", { format: "jpeg" }, { format: "jpeg", "jpeg-quality": 90 }, "rocket-cutout.jpg"],
  ["white behind", { background: "white" }, { background: "white" }, "rocket-cutout.png"],
  ["a tight crop", { crop: "true" }, { crop: "true" }, "rocket-cutout.png"],
  ["a crop with a margin", { crop: "5%" }, { crop: "5%" }, "rocket-cutout.png"],
  ["a crop with a margin, on black, as JPEG", { crop: "5%", background: "black", format: "jpeg" },
    { crop: "5%", background: "black", format: "jpeg", "jpeg-quality": 90 }, "rocket-cutout.jpg"],
  ["the fast quality", { quality: "fast" }, { quality: "fast" }, "rocket-cutout.png"],
  ["the best quality, cropped", { quality: "best", crop: "true" }, { quality: "best", crop: "true" }, "rocket-cutout.png"],
];
const PLAIN = { format: "png", background: "", crop: "", quality: "good" };

export async function options({ url, browser, downloaded, files }) {
  const expected = async (fields, image = rocket) => {
    const form = new FormData();
    form.append("image", new Blob([readFileSync(image)]));
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    const answer = await fetch(`${url}/v1/remove`, { method: "POST", body: form });
    if (!answer.ok) throw new Error(await answer.text());
    return Buffer.from(await answer.arrayBuffer());
  };
  const tab = await visitor(browser, url)("/", "/v1/*");
  await size(tab, ...SIZES[0]);
  const asked = [];
  tab.on("Network.requestWillBeSent", ({ request }) => request.method === "POST" && asked.push(new URL(request.url).pathname));
  await tab.upload("#file", rocket);
  await tab.until(ready);

  for (const [what, chosen, fields, name] of CASES) {
    for (const [option, value] of Object.entries({ ...PLAIN, ...chosen })) await choose(tab, option, value);
    await tab.until(ready);
    const wanted = await expected(fields);
    check(`${what}: what is shown is what the server makes`, await same(tab, wanted));
    const saved = await downloaded(() => tab.click("#download"));
    check(`${what}: what is saved too`, saved.name === name && saved.bytes.equals(wanted), [saved.name, saved.bytes.length, wanted.length]);
    if (chosen.crop && !chosen.background) await overlaid(tab, what);
  }
  const runs = asked.filter((path) => path === "/v1/remove").length;
  check("the network ran for the image and for other qualities alone", runs === 3, asked);

  for (const [option, value] of Object.entries(PLAIN)) await choose(tab, option, value);
  await tab.evaluate(`(() => {
    const colour = document.getElementById("colour");
    colour.value = "#123456";
    colour.dispatchEvent(new Event("change", { bubbles: true }));
  })()`);
  await tab.until(ready);
  check("a colour of one's own", await same(tab, await expected({ background: "#123456" })));
  await look(tab, "options");
  await tab.upload("#background-file", coffee);
  await tab.until(`${ready} && ${visible("background-label")}`);
  const form = new FormData();
  form.append("image", new Blob([readFileSync(rocket)]));
  form.append("background", new Blob([readFileSync(coffee)]), "coffee.png");
  const onCoffee = Buffer.from(await (await fetch(`${url}/v1/remove`, { method: "POST", body: form })).arrayBuffer());
  check("an image of one's own behind", await same(tab, onCoffee) && (await text(tab, "background-name")) === "coffee.png");
  await tab.evaluate("document.getElementById('mask').click()");
  await tab.until(ready);
  const mask = await downloaded(() => tab.click("#download"));
  check("the mask alone", mask.name === "rocket-mask.png" && mask.bytes.equals(await expected({ output: "mask" })), mask.name);
  check("a mask has no background", await tab.evaluate("document.getElementById('background').disabled"));
  await tab.evaluate("document.getElementById('mask').click()");

  await choose(tab, "background", "");
  await choose(tab, "format", "webp");
  await quality(tab, 100);
  await tab.until(ready);
  check("WebP of the highest quality is lossless", (await text(tab, "file-quality-value")) === "lossless" && await same(tab, await expected({ format: "webp" })));
  await quality(tab, 20);
  await tab.until(ready);
  check("a lower quality of WebP", await same(tab, await expected({ format: "webp", "webp-quality": 20 })));
  await tab.upload("#file", chelsea);
  await tab.until("document.querySelectorAll('[data-state=done]').length === 2");
  await tab.click("#strip li:nth-child(2) .thumb");
  await tab.until(`${ready} && document.getElementById("result-heading").textContent === "chelsea.png"`);
  check("options hold for the next image", await same(tab, await expected({ format: "webp", "webp-quality": 20 }, chelsea)));
  await transparent(tab, expected, files);
  check("no complaints about options", only(tab), tab.complaints);
}

/** An image with an alpha of its own, which is not to be applied twice. */
async function transparent(tab, expected, { glass }) {
  await tab.click("#remove-all");
  await choose(tab, "crop", "true");
  await tab.upload("#file", glass);
  await tab.until(ready);
  check("an alpha of the image's own counts once", await same(tab, await expected({ crop: "true", format: "webp", "webp-quality": 20 }, glass)));
}

async function quality(tab, value) {
  await tab.evaluate(`(() => {
    const range = document.getElementById("file-quality");
    range.value = ${value};
    for (const type of ["input", "change"]) range.dispatchEvent(new Event(type, { bubbles: true }));
  })()`);
}

/** Whether the image that is shown has exactly the pixels of an encoded one. */
async function same(tab, bytes) {
  const pixels = (source) => tab.evaluate(`(async () => {
    const image = ${source};
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    const hash = await crypto.subtle.digest("SHA-256", data);
    return [width, height, ...new Uint8Array(hash)].join();
  })()`);
  const type = bytes[0] === 0x89 ? "png" : bytes[0] === 0xff ? "jpeg" : "webp";
  const [seen, wanted] = [await pixels(`document.getElementById("after")`),
    await pixels(`Object.assign(new Image(), { src: "data:image/${type};base64,${bytes.toString("base64")}" })`)];
  return seen === wanted;
}

/** The original lies exactly over the result that was cropped: both have the same pixels inside of the subject. */
async function overlaid(tab, what) {
  const seen = await tab.evaluate(`(async () => {
    const [after, before, frame] = ["after", "before", "frame"].map((id) => document.getElementById(id));
    const outer = frame.getBoundingClientRect();
    const inner = before.getBoundingClientRect();
    const scale = after.naturalWidth / outer.width;
    const [left, top] = [(inner.left - outer.left) * scale, (inner.top - outer.top) * scale];
    const size = [inner.width * scale - before.naturalWidth, inner.height * scale - before.naturalHeight];
    const data = (image, x, y) => {
      const context = new OffscreenCanvas(after.naturalWidth, after.naturalHeight).getContext("2d");
      context.drawImage(image, x, y);
      return context.getImageData(0, 0, after.naturalWidth, after.naturalHeight).data;
    };
    const [a, b] = [data(after, 0, 0), data(before, Math.round(left), Math.round(top))];
    const alpha = data(await createImageBitmap(after), 0, 0);
    let [sum, count] = [0, 0];
    for (let i = 0; i < a.length; i += 4) {
      if (alpha[i + 3] < 255 || (a[i] < 8 && a[i + 1] < 8 && a[i + 2] < 8)) continue;
      for (let c = 0; c < 3; c++) sum += Math.abs(a[i + c] - b[i + c]);
      count++;
    }
    return { off: Math.hypot(...size), mean: sum / count / 3, count };
  })()`);
  check(`${what}: the original is where it belongs`, seen.off < 2 && seen.count > 100 && seen.mean < 6, seen);
}
