// onnxruntime-web on one thread, as a persistent process: `run INPUT.f32 OUTPUT.f32` answers one line of JSON.
// The package's folder comes as the first argument, since the packages are installed under target/.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [packages, model, side] = process.argv.slice(2);
const entry = createRequire(join(packages, "package.json")).resolve("onnxruntime-web");
const loaded = await import(pathToFileURL(entry));
const ort = loaded.default ?? loaded;
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(readFileSync(model), { executionProviders: ["wasm"] });
const shape = [1, 3, Number(side), Number(side)];

async function run(input, output) {
  const bytes = readFileSync(input);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const feeds = { [session.inputNames[0]]: new ort.Tensor("float32", values, shape) };
  const wanted = session.outputNames[0];
  const start = performance.now();
  const answer = (await session.run(feeds, [wanted]))[wanted].data;
  const ms = performance.now() - start;
  const raw = Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  writeFileSync(output, raw);
  return { segment_ms: ms, digest: createHash("sha256").update(raw).digest("hex") };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [, input, output] = line.split(" ");
  process.stdout.write(JSON.stringify(await run(input, output)) + "\n");
}
