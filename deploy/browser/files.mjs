// Fills in what the page shares with that of `cutout serve`, and writes what the service worker has to know of its files:
//   node files.mjs FOLDER INDEX
// INDEX is the other page: all that is in its <main> is shown here too.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [folder, index] = process.argv.slice(2);
const at = (path) => join(folder, path);

const [main] = readFileSync(index, "utf8").match(/<main>.*<\/main>/s);
const page = readFileSync(at("index.html"), "utf8");
writeFileSync(at("index.html"), page.replace("<main></main>", () => main));

const digest = (text) => createHash("sha256").update(text).digest("base64");
const paths = readdirSync(folder, { recursive: true }).filter((path) => statSync(at(path)).isFile() && path !== "sw.js").sort();
// A folder is asked for by its own address, and answered with its index.html.
const digests = paths.map((path) => [path === "index.html" ? "./" : path, `sha256-${digest(readFileSync(at(path)))}`]);
const list = JSON.stringify(Object.fromEntries(digests), null, 2);
const head = `const VERSION = "${digest(list)}";\nconst FILES = ${list};\n\n`;
writeFileSync(at("sw.js"), head + readFileSync(at("sw.js"), "utf8"));
