// Tabs of which a check may answer requests in place of the server, and proxies.
import { createServer, request as ask } from "node:http";
import { open, within } from "./browser.mjs";

/** Has requests to `hold` go through `intercept`; from the start, since a later change may miss some. */
export async function hooked(tab, hold) {
  tab.on("Fetch.requestPaused", ({ requestId, request }) => {
    // The page may have taken the request back meanwhile.
    const answer = tab.answer ?? ((id) => tab.send("Fetch.continueRequest", { requestId: id }).catch(() => {}));
    tab.answer = null;
    answer(requestId, request);
  });
  await tab.send("Fetch.enable", { patterns: [{ urlPattern: `*${hold}` }] });
}

/** Gives what opens a tab at `path`; requests to `hold` go through `intercept`. */
export const visitor = (browser, url) => async (path, hold, base = url) => {
  const tab = await open(browser);
  await hooked(tab, hold);
  await tab.go(`${base}${path}`);
  return tab;
};

/** Has the next held request answered by `reply(requestId, request)` in place of the server. */
export function intercept(tab, reply) {
  return within("a request", new Promise((resolve, reject) => {
    tab.answer = (requestId, request) => reply(requestId, request).then(resolve, reject);
  }));
}

export function fulfil(tab, status, code, ...headers) {
  const body = btoa(JSON.stringify({ status, code, title: code, detail: `about ${code}` }));
  const responseHeaders = [{ name: "Content-Type", value: "application/problem+json" }, ...headers];
  return (requestId) => tab.send("Fetch.fulfillRequest", { requestId, responseCode: status, responseHeaders, body });
}

/** Whether all complaints are of failed loads of `path`; they are then forgotten. */
export function only(tab, ...allowed) {
  const others = tab.complaints.filter((c) => !(/^network: /.test(c) && allowed.some((a) => c.includes(a))));
  tab.complaints.splice(0, Infinity, ...others);
  return others.length === 0;
}

/** A server at `base` that answers by `answer(request, response)`. */
export async function proxy(answer) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { base: `http://127.0.0.1:${server.address().port}`, close };
}

/** Has `url` answer a request, and gives its answer. */
export const forward = (request, url, answered) => {
  const { method, headers } = request;
  request.pipe(ask(url, { method, headers }, answered));
};

/** A proxy of `url` that takes `prefix` off each request. */
export async function below(url, prefix) {
  const { base, close } = await proxy((request, response) => {
    if (!request.url.startsWith(`${prefix}/`)) {
      response.writeHead(404).end();
      return;
    }
    forward(request, `${url}${request.url.slice(prefix.length)}`, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
  });
  return { base: `${base}${prefix}`, close };
}
