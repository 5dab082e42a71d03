// Validates the core modules of a component: its sections of id 1, and those of the components inside it (id 4).
import { readFileSync } from "node:fs";

const MODULE = 1;
const COMPONENT = 4;

function* modules(bytes) {
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const section = bytes.subarray(at, at + size);
    if (id === MODULE) yield section;
    if (id === COMPONENT) yield* modules(section);
    at += size;
  }
}

const found = [...modules(readFileSync(process.argv[2]))];
const bad = found.filter((module) => !WebAssembly.validate(module)).length;
console.log(`${found.length - bad} passed, ${bad} failed`);
process.exit(bad === 0 && found.length > 0 ? 0 : 1);
