// Fits jco's files to the package, and writes what it has to know of its core modules: node modules.mjs FOLDER
// FOLDER is lib/ with component/ in it. Modules below the 4 KiB up to which bundlers put files into the code go there at once.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const INLINE = 4096; // bytes
const [folder] = process.argv.slice(2);
const component = join(folder, "component");
const names = readdirSync(component).filter((name) => name.endsWith(".wasm"));
const large = names.filter((name) => statSync(join(component, name)).size >= INLINE);
if (large.join() !== "cutout.core.wasm") throw new Error(`large core modules: ${large}; the package loads cutout.core.wasm alone`);

// jco's way to find modules that nobody gives is never used here, and bundlers would add every file beside it; they warn of its directive.
const glue = join(component, "cutout.js");
const code = readFileSync(glue, "utf8").replace(/^"use components";/, "");
const without = code.replace(/getCoreModule\|\|\(getCoreModule=(\w+)=>fetchCompile\(new URL\(`\.\/\$\{\1\}`,import\.meta\.url\)\)\);/, "");
if (without === code || without.includes("import.meta")) throw new Error("jco's code is another than was expected");
writeFileSync(glue, without);

const inlined = names.filter((name) => !large.includes(name)).map((name) => {
  const base64 = readFileSync(join(component, name), "base64");
  rmSync(join(component, name));
  return `  ${JSON.stringify(name)}: ${JSON.stringify(base64)},\n`;
});
writeFileSync(join(folder, "modules.js"), `/** Bytes of cutout.core.wasm. */
export const SIZE = ${statSync(join(component, "cutout.core.wasm")).size};

const BASE64 = {
${inlined.join("")}};

/** The other core modules, compiled, by name. */
export function small() {
  const compile = (text) => new WebAssembly.Module(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
  return Object.fromEntries(Object.entries(BASE64).map(([name, text]) => [name, compile(text)]));
}
`);
