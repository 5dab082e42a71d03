// The worker of browsers.
import { guest } from "./guest.js";

const hear = guest((message, transfer = []) => postMessage(message, transfer));
addEventListener("message", ({ data }) => hear(data));
