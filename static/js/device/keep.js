// Where there is a connection and nothing else to do: keep the pages of today for when there is none.
import { keepFiles, keptAt } from "./pages.js";
import { OFFLINE, WORKER } from "./store.js";
import { user } from "./words.js";

const MOST = 30; // follow-ups
const FRESH = 60 * 60 * 1000; // ms; a page younger than that is not fetched again
const idle = window.requestIdleCallback ?? ((act) => setTimeout(act, 2000));
const pause = () => new Promise((done) => { idle(done); });

async function keep(path, { anew = false } = {}) {
  if (!navigator.onLine || (!anew && Date.now() - (await keptAt(user, path)) < FRESH)) return;
  const page = await fetch(path, { headers: { Accept: "text/html" } }); // the worker keeps what may be kept
  const named = (await page.text()).matchAll(/(?:src|href)="(\/static\/[^"#]+)/g);
  await keepFiles([...named].map(([, file]) => file));
  await pause();
}

async function keepAll() {
  const files = performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => name.startsWith(`${location.origin}/static/`));
  await keepFiles([...new Set(files)]);
  await keep(OFFLINE);
  if (document.documentElement.dataset.asOf !== undefined) return;
  // Seen before the worker was there. Today's list ages fastest.
  const here = document.querySelector("[data-device], .queue") && !location.search;
  if (here) await keep(location.pathname);
  if (navigator.connection?.saveData) return;
  const rows = [...document.querySelectorAll(".queue tr:not(.done) a.row")].slice(0, MOST);
  for (const row of rows) await keep(new URL(row.href).pathname);
}

async function controlled() {
  if (navigator.serviceWorker.controller) return;
  await new Promise((done) => { navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }); });
}

async function begin() {
  const registration = await navigator.serviceWorker.register(WORKER, { type: "module" });
  if (!registration) return;
  await controlled();
  await pause();
  await keepAll();
}

if (user && "serviceWorker" in navigator) {
  // A browser that knows no modules in workers keeps no pages; what is logged still waits in the open page.
  begin().catch(() => {});
  // A part that is not kept: the whole page says so.
  document.addEventListener("htmx:sendError", (event) => {
    const link = event.detail.elt?.closest?.("a[href]");
    if (link && navigator.serviceWorker.controller) location.assign(link.href);
  });
  document.addEventListener("htmx:pushedIntoHistory", () => {
    if (navigator.serviceWorker.controller) pause().then(() => keep(location.pathname)).catch(() => {});
  });
}
