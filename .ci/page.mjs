// The page, driven as a person would: node page.mjs URL FOLDER [PART…]. Without a PART all of them are done.
import { join } from "node:path";
import { check, downloads, finish, launch } from "./browser.mjs";
import { access } from "./page/access.mjs";
import { brush } from "./page/brush.mjs";
import { options } from "./page/options.mjs";
import { several } from "./page/several.mjs";
import { prefixed, refusals, single } from "./page/single.mjs";
import { files } from "./page/tab.mjs";
import { zips } from "./page/zip.mjs";

const [url, work, ...wanted] = process.argv.slice(2);
const browser = await launch("chromium", join(work, "profile"));
const context = { url, browser, work, downloaded: await downloads(browser, work), files: files(work) };

const parts = [single, refusals, options, several, brush, access, prefixed, zips];
for (const part of parts.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  await part(context).catch((error) => check(part.name, false, error.stack));
}
await browser.close();
finish();
