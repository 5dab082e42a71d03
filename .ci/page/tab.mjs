// Tabs of the page, and what all its checks look at.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve as absolute } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { visible } from "../browser.mjs";

export const photos = Object.fromEntries(["rocket.jpg", "coffee.png", "chelsea.png"].map((name) => [name.replace(/\..*/, ""), absolute("fixtures/photos", name)]));

/** A PNG of 64 × 48 pixels, grey that gets brighter to the right and more opaque downwards. */
function glass() {
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.from([0, 0, 0, 64, 0, 0, 0, 48, 8, 6, 0, 0, 0]);
  const rows = Array.from({ length: 48 }, (_, y) => [0, ...Array.from({ length: 64 }, (_, x) => [4 * x, 4 * x, 4 * x, 5 * y + 10]).flat()]);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(Buffer.from(rows.flat()))), chunk("IEND", Buffer.alloc(0))]);
}

/** Files that only checks need, in `folder`. */
export function files(folder) {
  const made = (name, bytes) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  // The photo with an EXIF block before all else, which says that it lies on its side (orientation 6).
  const exif = Buffer.from("ffe1002245786966" + "00004d4d002a00000008" + "0001011200030000000100060000" + "00000000", "hex");
  const jpeg = readFileSync(photos.rocket).subarray(2);
  return { glass: made("glass.jpg", glass()), broken: made("broken.jpg", "no image"), lying: made("lying.jpg", Buffer.concat([Buffer.from([0xff, 0xd8]), exif, jpeg])) };
}

/** That the result is shown as the options want it. */
export const ready = `${visible("result")} && !document.getElementById("result").hasAttribute("aria-busy") && document.getElementById("facts").textContent !== ""`;
export const idle = "document.querySelectorAll('[data-state=waiting], [data-state=working]').length === 0";

export const text = (tab, id) => tab.evaluate(`document.getElementById("${id}").textContent`);
export const thumb = (n) => `#strip li:nth-child(${n}) .thumb`;
export const select = async (tab, n) => {
  await tab.click(thumb(n));
  await tab.until(`document.querySelector("${thumb(n)}").getAttribute("aria-current") === "true"`);
};
export const choose = (tab, name, value) => tab.evaluate(`document.querySelector('input[name="${name}"][value="${value}"]').click()`);

/** The size of the window; and of what is asked of it: "light" or "dark". */
export const size = (tab, width, height) => tab.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
export const scheme = (tab, value) => tab.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
export const SIZES = [[1280, 800], [390, 844]];
export const SCHEMES = ["light", "dark"];
