// A server that wants a token, and hosts that have less than it.
import { check, focused, open, visible } from "../browser.mjs";
import { fulfil, hooked, intercept, only } from "../visits.mjs";
import { look } from "./looks.mjs";
import { photos, ready, SIZES, size, text } from "./tab.mjs";

const host = (tab, answer) => (requestId) => tab.send("Fetch.fulfillRequest",
  { requestId, responseCode: 200, responseHeaders: [{ name: "Content-Type", value: "application/json" }], body: btoa(JSON.stringify(answer)) });
const PAGES = ["dashboard", "metrics"];
const links = (tab) => tab.evaluate("[...document.querySelectorAll('nav a')].filter((a) => a.checkVisibility()).map((a) => a.textContent)");

async function visit(browser, url, answer) {
  const tab = await open(browser);
  await size(tab, ...SIZES[0]);
  await hooked(tab, "/host.json");
  const asked = intercept(tab, host(tab, answer));
  await tab.go(`${url}/`);
  await asked;
  return tab;
}

async function enter(tab, token, answer) {
  await tab.evaluate("document.getElementById('token').focus(), document.getElementById('token').select()");
  await tab.send("Input.insertText", { text: token });
  let sent = "";
  const asked = intercept(tab, (requestId, request) => {
    sent = request.headers.Authorization;
    return host(tab, answer)(requestId);
  });
  await tab.key("Enter");
  await asked;
  return sent;
}

export async function access({ url, browser }) {
  const tab = await visit(browser, url, { admitted: false, pages: PAGES });
  const images = [];
  tab.on("Network.requestWillBeSent", ({ request }) => request.method === "POST" && images.push(request));
  await tab.until(visible("access"));
  check("the token is asked for before any image is sent", await tab.evaluate(`${focused("token")} && !(${visible("drop")})`) && images.length === 0);
  check("a link to what the token guards is not offered", (await links(tab)).join() === "Dashboard,API", await links(tab));
  await look(tab, "token");
  check("a wrong token is sent to be checked", (await enter(tab, "wrong", { admitted: false, pages: PAGES })) === "Bearer wrong");
  await tab.until("/did not accept/.test(document.getElementById('access-text').textContent)");
  check("it is told, and can be typed anew", await tab.evaluate(focused("token")));
  check("the right one is sent too", (await enter(tab, "open sesame", { admitted: true, pages: PAGES })) === "Bearer open sesame");
  await tab.until(visible("drop"));
  check("it is kept in memory alone", await tab.evaluate("sessionStorage.length === 0 && localStorage.length === 0 && document.cookie === ''"));
  await tab.upload("#file", photos.rocket);
  await tab.until(ready);
  check("images are sent with it", images.length === 1 && images[0].headers.Authorization === "Bearer open sesame", images.map((i) => i.headers));

  await refused(tab);
  check("no complaints but of refusals", only(tab, "/v1/remove"), tab.complaints);
  await remembered(browser, url);

  const bare = await visit(browser, url, { admitted: true, pages: [] });
  await bare.until("document.getElementById('command').textContent !== ''");
  check("a component alone has no links to what it lacks", (await links(bare)).join() === "API", await links(bare));
  check("nor complaints", only(bare), bare.complaints);
}

/** A token that is no longer taken while images are under way. */
async function refused(tab) {
  await tab.send("Fetch.enable", { patterns: [{ urlPattern: "*/v1/remove*" }, { urlPattern: "*/host.json*" }] });
  const answered = intercept(tab, fulfil(tab, 401, "unauthorised"));
  await tab.upload("#file", photos.chelsea);
  await answered;
  await tab.until(visible("access"));
  check("a token that is refused later is asked for again", /did not accept/.test(await text(tab, "access-text")));
  await enter(tab, "another", { admitted: true, pages: PAGES });
  await tab.until("document.querySelectorAll('[data-state=done]').length === 2");
  check("and the image goes on by itself", await tab.evaluate("document.activeElement.matches('.thumb')"), await tab.evaluate("document.activeElement.outerHTML"));
}

async function remembered(browser, url) {
  const tab = await visit(browser, url, { admitted: false, pages: PAGES });
  await tab.until(visible("access"));
  await tab.click("#remember");
  await enter(tab, "kept", { admitted: true, pages: PAGES });
  await tab.until(visible("drop"));
  let sent = "";
  const asked = intercept(tab, (requestId, request) => {
    sent = request.headers.Authorization;
    return host(tab, { admitted: true, pages: PAGES })(requestId);
  });
  await tab.go(`${url}/`);
  await asked;
  check("a token that is to be remembered is there again after a reload of the tab", sent === "Bearer kept", sent);
}
