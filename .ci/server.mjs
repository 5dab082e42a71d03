// Servers that say their address on stdout.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { within } from "./browser.mjs";

/** Starts one; its `url`, its stderr unless `options`, those of `spawn`, send that elsewhere, and `stop`, which waits for its end. */
export async function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = () => (child.kill("SIGKILL"), ended);
  const said = new Promise((resolve) => {
    createInterface(child.stdout).on("line", (line) => {
      const url = line.replaceAll(/\x1b\[[\d;]*m/g, "").match(/http:\/\/[\d.:]+/);
      if (url) resolve(url[0]);
    });
  });
  try {
    return { url: await within("the server's address", said), stderr: child.stderr, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
