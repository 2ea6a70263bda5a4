// The service worker. Pages come from the network; where it does not answer, as they were kept. It changes nothing else:
// what is posted goes its own way.
import { keepFile, keptFile, keptPage, learnFrom } from "./pages.js";
import { send } from "./sending.js";
import { LOGIN, OFFLINE } from "./store.js";

const STATIC = "/static/";
const PATIENCE = 8000; // ms for a page that is also kept: in a cellar a phone may think it has a connection

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(keepNobodysPage());
});
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("sync", (event) => {
  if (event.tag === "send") event.waitUntil(send());
});

// What somebody who is not signed in finds without a connection: nothing of anybody.
async function keepNobodysPage() {
  const answer = await fetch(OFFLINE, { credentials: "omit", headers: { Accept: "text/html" } });
  if (answer.ok) await keepFile(OFFLINE, answer);
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith(STATIC)) event.respondWith(file(event));
  else if (request.headers.has("HX-Request")) event.respondWith(part(event, url));
  else if (request.mode === "navigate" || request.headers.get("Accept") === "text/html") event.respondWith(page(event, url));
});

async function file(event) {
  try {
    const answer = await fetch(event.request);
    if (answer.ok) event.waitUntil(keepFile(event.request.url, answer.clone()));
    return answer;
  } catch {
    return (await keptFile(event.request.url)) ?? Response.error();
  }
}

// A part that htmx asks for: it picks it out of the whole page just as well.
async function part(event, url) {
  try {
    return await fetch(event.request);
  } catch {
    return (await keptPage(url.pathname)) ?? Response.error();
  }
}

async function page(event, url) {
  const fresh = fetch(event.request);
  event.waitUntil(fresh.then((answer) => learnFrom(answer.clone(), { login: LOGIN })).catch(() => {}));
  const kept = await keptPage(url.pathname);
  try {
    return await (kept ? Promise.race([fresh, tooLate()]) : fresh);
  } catch {
    return kept ?? (await keptPage(OFFLINE)) ?? (await keptFile(OFFLINE)) ?? Response.error();
  }
}

function tooLate() {
  return new Promise((_, reject) => { setTimeout(reject, PATIENCE); });
}
