// The worker of Node.
import { parentPort } from "node:worker_threads";
import { guest } from "../lib/guest.js";

parentPort.on("message", guest((message, transfer) => parentPort.postMessage(message, transfer)));
